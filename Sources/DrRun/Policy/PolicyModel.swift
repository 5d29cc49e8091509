// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema

/// A policy of a program, as the engine looks at it. Times are nanoseconds.
package struct PolicyModel {
  /// One thing that a detector watches.
  package struct Case {
    /// `zone_lost(cn-beijing-az1)`
    package let name: String
    /// Index of its detector in the policy.
    package let detector: Int
    package let lasting: Int64
    package let holds: Value
    package let react: Value
  }

  package struct Guard {
    package let text: String
    package let holds: Value
  }

  /// What the program calls it: `keep_serving`.
  package let name: String
  /// Label of the service that it is for.
  package let service: String
  let every: Int64
  package let cooldown: Int64
  /// How long a condition must not have held before what was done about it is taken back; `nil`
  /// where it never is.
  package let failbackAfter: Int64?
  /// Who is asked before; `nil` where nobody is.
  package let failbackAsk: String?
  package let cases: [Case]
  package let guards: [Guard]

  /// The policies for services on a cluster (`nil`: on any), in source order.
  package static func all(
    of machine: Machine, cluster: String?
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
      let isWanted =
        if let cluster {
          try reader.text(try reader.field(service, "on"), "label") == cluster
        } else { true }
      if isWanted {
        policies.append(try reader.policy(policy, for: try reader.text(service, "label")))
      }
    }
    return policies
  }

  /// All code of the policy: conditions, guards and reactions.
  package var closures: [Value] {
    cases.flatMap { [$0.holds, $0.react] } + guards.map(\.holds)
  }

  /// What runs are called that a case starts: `keep_serving.zone_lost(cn-beijing-az1)`.
  package func reactionName(_ watched: Case) -> String { "\(name).\(watched.name)" }

  /// The code of the reaction of that name; `nil` where no policy of the program has it.
  package static func reaction(
    named name: String, of machine: Machine
  ) throws(Diagnostic) -> (policy: PolicyModel, body: Value)? {
    for policy in try all(of: machine, cluster: nil) {
      for watched in policy.cases where policy.reactionName(watched) == name {
        return (policy, watched.react)
      }
    }
    return nil
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
    for (number, detector) in try list(value, "detectors").enumerated() {
      let name = try text(detector, "name")
      let lasting = try whole(detector, "lasting")
      for watched in try list(detector, "cases") {
        let subject = try text(watched, "subject")
        cases.append(
          PolicyModel.Case(
            name: subject.isEmpty ? name : "\(name)(\(subject))", detector: number,
            lasting: lasting, holds: try field(watched, "holds"),
            react: try field(watched, "react")))
      }
    }
    var guards: [PolicyModel.Guard] = []
    for value in try list(value, "guards") {
      guards.append(
        PolicyModel.Guard(text: try text(value, "text"), holds: try field(value, "holds")))
    }
    return PolicyModel(
      name: try text(value, "name"), service: service,
      every: max(try whole(value, "every"), 1_000_000_000), cooldown: try whole(value, "cooldown"),
      failbackAfter: machine.int(try field(value, "failback_after")),
      failbackAsk: machine.string(try field(value, "failback_ask")),
      cases: cases, guards: guards)
  }
}
