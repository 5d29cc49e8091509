// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The arguments of a call, by name; what is missing or of another kind is refused.
struct CallArguments {
  let call: WorldCall

  private func mismatch(_ name: String, _ expected: String) -> WorldFailure {
    .refused("\(call.name): `\(name)` must be \(expected)")
  }

  func text(_ name: String) throws(WorldFailure) -> String {
    guard let text = call.arguments[name]?.stringValue else { throw mismatch(name, "a String") }
    return text
  }

  func int(_ name: String, atLeast minimum: Int64 = 0) throws(WorldFailure) -> Int64 {
    guard let value = call.arguments[name]?.intValue, value >= minimum else {
      throw mismatch(name, "a whole number of at least \(minimum)")
    }
    return value
  }

  func object(_ name: String) throws(WorldFailure) -> DocumentObject {
    guard let object = call.arguments[name]?.objectValue else {
      throw mismatch(name, "an Object")
    }
    return object
  }

  /// Labels that must all match.
  func selector(_ name: String) throws(WorldFailure) -> [SimulatedCluster.LabelPair] {
    try object(name).members.map { member throws(WorldFailure) in
      guard let value = member.value.stringValue else {
        throw mismatch(name, "an Object of Strings")
      }
      return SimulatedCluster.LabelPair(member.name, value)
    }
  }

  /// Shares by name, in units of 1e-9.
  func percents(_ name: String) throws(WorldFailure) -> [(name: String, value: Int64)] {
    try object(name).members.map { member throws(WorldFailure) in
      guard let value = member.value.intValue, value >= 0, value <= 1_000 * Share.whole else {
        throw mismatch(name, "an Object of percents")
      }
      return (member.name, value)
    }
  }
}

extension [SimulatedCluster.LabelPair] {
  /// Whether something with these labels is selected.
  func match(_ selector: Self) -> Bool { selector.allSatisfy(contains) }
}
