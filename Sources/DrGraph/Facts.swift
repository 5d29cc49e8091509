// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema

/// The few lines in a box: what a reader wants to know of a block before anything else.
struct Facts {
  let machine: Machine
  private var program: CheckedProgram { machine.program.checked }

  init(machine: Machine) { self.machine = machine }

  func of(_ id: GlobalID) throws(Diagnostic) -> [String] {
    let value = try machine.global(id)
    guard let record = machine.record(value)?.type else { return [] }
    switch program[record].keyword {
    case "service": return try service(value)
    case "zone": return try zone(value)
    case "traffic": return try traffic(value)
    case "alert":
      return try [text(value, "severity"), text(value, "lasting").map { "for \($0)" }]
        .compactMap(\.self)
    case "policy": return try [text(value, "every").map { "every \($0)" }].compactMap(\.self)
    case _: return []
    }
  }

  private func service(_ value: Value) throws(Diagnostic) -> [String] {
    var facts: [String] = []
    if let image = try text(value, "image") { facts.append(Self.shortened(image)) }
    let needs = try machine.field(value, named: "needs")
    if let needs {
      var words: [String] = []
      if let cpu = try text(needs, "cpu") { words.append("\(Self.plain(cpu)) CPU") }
      if let memory = try text(needs, "memory") { words.append(memory) }
      if let gpu = try text(needs, "gpu"), gpu != "0" { words.append("\(gpu) GPU") }
      facts.append(words.joined(separator: ", "))
    }
    if let scale = try machine.field(value, named: "autoscale"), !machine.isNil(scale),
      let least = try text(scale, "min"), let most = try text(scale, "max")
    {
      facts.append("\(least) to \(most) replicas")
    }
    if let objective = try machine.field(value, named: "objective"), !machine.isNil(objective),
      let rto = try text(objective, "rto"), let availability = try text(objective, "availability")
    {
      facts.append("RTO \(rto), \(availability) available")
    }
    return facts
  }

  private func traffic(_ value: Value) throws(Diagnostic) -> [String] {
    guard let via = try machine.field(value, named: "via"), let type = machine.record(via)?.type
    else { return [] }
    var facts = ["by \(program[type].keyword ?? program[type].name)"]
    for name in ["domain", "backend"] {
      if let text = try text(via, name) { facts.append(text) }
    }
    return facts
  }

  private func pool(_ value: Value) throws(Diagnostic) -> String? {
    guard let count = try text(value, "count"), let label = try text(value, "label"),
      let cpu = try text(value, "cpu"), let memory = try text(value, "memory")
    else { return nil }
    let gpu = try text(value, "gpu") ?? "0"
    return
      "\(count) × \(label): \(Self.plain(cpu)) CPU, \(memory)\(gpu == "0" ? "" : ", \(gpu) GPU")"
  }

  private func zone(_ value: Value) throws(Diagnostic) -> [String] {
    let pools = try machine.field(value, named: "pools").flatMap(machine.list) ?? []
    var lines: [String] = []
    for pool in pools { if let text = try self.pool(pool) { lines.append(text) } }
    return lines
  }

  /// A field's value as it would be written; `nil` where there is none.
  private func text(_ value: Value, _ name: String) throws(Diagnostic) -> String? {
    guard let field = try machine.field(value, named: name), !machine.isNil(field),
      let record = machine.record(value)?.type,
      let type = program[record].fields.first(where: { $0.name == name })?.type
    else { return nil }
    return machine.string(field) ?? machine.describe(field, type: type)
  }

  /// `16.0` as `16`.
  private static func plain(_ number: String) -> String {
    number.hasSuffix(".0") ? String(number.dropLast(2)) : number
  }

  /// An image without its registry.
  private static func shortened(_ image: String) -> String {
    image.split(separator: "/").last.map(String.init) ?? image
  }
}
