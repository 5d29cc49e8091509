// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema

/// A policy of a program, as a simulation looks at it. Times are nanoseconds.
struct PolicyModel {
  /// One thing that a detector watches.
  struct Case {
    /// `zone_lost(cn-beijing-az1)`
    let name: String
    let lasting: Int64
    let holds: Value
    let react: Value
  }

  struct Guard {
    let text: String
    let holds: Value
  }

  /// Label of the service that it is for.
  let service: String
  let every: Int64
  let cooldown: Int64
  let cases: [Case]
  let guards: [Guard]

  /// The policies for services on a cluster, in source order.
  static func all(
    of machine: Machine, cluster: String
  ) throws(Diagnostic) -> [PolicyModel] {
    let reader = PolicyReader(machine: machine)
    let program = machine.program.checked
    var policies: [PolicyModel] = []
    for id in program.roots {
      guard case .block(let record, _) = program[id].body, program[record].name == "Policy" else {
        continue
      }
      let policy = try machine.global(id)
      let service = try reader.field(policy, "service")
      if try reader.text(try reader.field(service, "on"), "label") == cluster {
        policies.append(try reader.policy(policy, for: try reader.text(service, "label")))
      }
    }
    return policies
  }
}

/// What a field does not have reads as nothing: the checker has seen to it that it is there.
private struct PolicyReader {
  let machine: Machine

  func field(_ value: Value, _ name: String) throws(Diagnostic) -> Value {
    try machine.field(value, named: name) ?? .nilValue
  }

  func text(_ value: Value, _ name: String) throws(Diagnostic) -> String {
    machine.string(try field(value, name)) ?? ""
  }

  private func whole(_ value: Value, _ name: String) throws(Diagnostic) -> Int64 {
    machine.int(try field(value, name)) ?? 0
  }

  private func list(_ value: Value, _ name: String) throws(Diagnostic) -> [Value] {
    machine.list(try field(value, name)) ?? []
  }

  func policy(_ value: Value, for service: String) throws(Diagnostic) -> PolicyModel {
    var cases: [PolicyModel.Case] = []
    for detector in try list(value, "detectors") {
      let name = try text(detector, "name")
      let lasting = try whole(detector, "lasting")
      for watched in try list(detector, "cases") {
        let subject = try text(watched, "subject")
        cases.append(
          PolicyModel.Case(
            name: subject.isEmpty ? name : "\(name)(\(subject))", lasting: lasting,
            holds: try field(watched, "holds"), react: try field(watched, "react")))
      }
    }
    var guards: [PolicyModel.Guard] = []
    for value in try list(value, "guards") {
      guards.append(
        PolicyModel.Guard(text: try text(value, "text"), holds: try field(value, "holds")))
    }
    return PolicyModel(
      service: service, every: max(try whole(value, "every"), Second.one),
      cooldown: try whole(value, "cooldown"),
      cases: cases, guards: guards)
  }
}
