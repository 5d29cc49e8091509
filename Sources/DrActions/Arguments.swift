// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The arguments of one call, read by name and type. `stdlib` declares every function with a typed
/// signature, so a mismatch here means that the two sides disagree; it is refused, not guessed.
struct Arguments {
  let call: WorldCall

  init(_ call: WorldCall) { self.call = call }

  /// Visible to the API server's audit log; characters that a header cannot hold are replaced.
  var agent: String {
    let key = call.key.unicodeScalars.map { scalar in
      switch scalar {
      case "(", ")": UInt8(ascii: "_")
      case "!"..."~": UInt8(truncatingIfNeeded: scalar.value)
      case _: UInt8(ascii: "_")
      }
    }
    return "dr/0.1 (\(String(decoding: key, as: UTF8.self)))"
  }

  /// The locks' fencing numbers as a header can hold them; `nil` without any.
  var fence: String? {
    guard !call.fence.isEmpty else { return nil }
    return String(
      String.UnicodeScalarView(
        call.fence.unicodeScalars.map {
          $0.value >= 0x20 && $0.value < 0x7f ? $0 : "_"
        }))
  }

  func string(_ name: String) throws(WorldFailure) -> String {
    guard let value = call.arguments[name]?.stringValue else { throw mismatch(name, "a String") }
    return value
  }

  /// A string that must say something.
  func text(_ name: String) throws(WorldFailure) -> String {
    let value = try string(name)
    guard !value.isEmpty else { throw mismatch(name, "a String that is not empty") }
    return value
  }

  func optionalString(_ name: String) throws(WorldFailure) -> String? {
    switch call.arguments[name] {
    case nil, .null: return nil
    case .string(let value): return value
    case _: throw mismatch(name, "a String")
    }
  }

  func int(_ name: String) throws(WorldFailure) -> Int64 {
    guard let value = call.arguments[name]?.intValue else {
      throw mismatch(name, "a whole number")
    }
    return value
  }

  func int(_ name: String, atLeast minimum: Int64) throws(WorldFailure) -> Int64 {
    let value = try int(name)
    guard value >= minimum else { throw mismatch(name, "\(minimum) or more") }
    return value
  }

  func optionalInt(_ name: String) throws(WorldFailure) -> Int64? {
    switch call.arguments[name] {
    case nil, .null: return nil
    case .int(let value): return value
    case _: throw mismatch(name, "a whole number")
    }
  }

  /// False where it was left out.
  func bool(_ name: String) throws(WorldFailure) -> Bool {
    switch call.arguments[name] {
    case nil, .null: return false
    case .bool(let value): return value
    case _: throw mismatch(name, "true or false")
    }
  }

  func strings(_ name: String) throws(WorldFailure) -> [String] {
    guard let items = call.arguments[name]?.arrayValue else {
      throw mismatch(name, "a list of Strings")
    }
    return try items.map { item throws(WorldFailure) in
      guard let text = item.stringValue else { throw mismatch(name, "a list of Strings") }
      return text
    }
  }

  func object(_ name: String) throws(WorldFailure) -> DocumentObject {
    guard let value = call.arguments[name]?.objectValue else { throw mismatch(name, "an Object") }
    return value
  }

  /// Percents by name, each from 0% to 100%.
  func percents(_ name: String) throws(WorldFailure) -> [(name: String, value: Int64)] {
    var percents: [(name: String, value: Int64)] = []
    for member in try object(name).members {
      guard let value = member.value.intValue, value >= 0, value <= Unit.wholePercent else {
        throw mismatch(name, "an Object of percents from 0% to 100%")
      }
      percents.append((member.name, value))
    }
    return percents
  }

  /// A Kubernetes equality-based selector: `app=deepseek,zone=az2`; empty where nothing is selected
  /// by.
  func selector(_ name: String) throws(WorldFailure) -> String {
    switch call.arguments[name] {
    case nil, .null: return ""
    case .object(let labels):
      var terms: [String] = []
      for label in labels.members {
        switch label.value {
        case .string(let value): terms.append("\(label.name)=\(value)")
        case .int(let value): terms.append("\(label.name)=\(value)")
        case .bool(let value): terms.append("\(label.name)=\(value)")
        case .null, .float, .array, .object: throw mismatch(name, "an Object of label values")
        }
      }
      return terms.joined(separator: ",")
    case _: throw mismatch(name, "an Object of labels")
    }
  }

  /// The API server that the argument `cluster` names, spoken to in the name of this call.
  func kube() throws(WorldFailure) -> KubeClient {
    KubeClient(cluster: try optionalString("cluster") ?? "", agent: agent)
  }

  func mismatch(_ name: String, _ wanted: String) -> WorldFailure {
    .refused("\(call.name): the argument `\(name)` must be \(wanted)")
  }
}
