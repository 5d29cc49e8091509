// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema

/// A named block of the program that backends are called with.
struct SourceBlock {
  let id: GlobalID
  let value: Value
  /// Where its name stands.
  let span: Span
  /// As a comment names it: `deepseek.dr:12 service deepseek`. Of the file's path only its name, so
  /// that the same program gives the same bytes wherever it stands.
  let source: String
  /// The label of a drill: what it emits is a fault, to be applied only when it is rehearsed.
  let drill: String?
  /// The label of the cluster that it belongs to, if it belongs to one.
  let cluster: String?

  init(_ id: GlobalID, _ record: RecordID, of machine: Machine) throws(Diagnostic) {
    let program = machine.program.checked
    self.id = id
    value = try machine.global(id)
    span = program[id].span
    let place = program.sources.location(span)
    let word = program[record].keyword ?? program[record].name
    source = "\(place.split(separator: "/").last ?? "") \(word) \(program[id].name)"
    let isDrill = program[record].name == "Drill"
    drill = isDrill ? try machine.field(value, named: "label").flatMap(machine.string) : nil
    cluster = try Self.cluster(of: value, record, machine, depth: 0)
  }

  /// A cluster itself; what a field of that type names; or what the block around, or the one that it
  /// is for, belongs to.
  private static func cluster(
    of value: Value, _ record: RecordID, _ machine: Machine, depth: Int
  ) throws(Diagnostic) -> String? {
    let program = machine.program.checked
    func isCluster(_ id: RecordID) -> Bool { program[id].name == "Cluster" }
    if isCluster(record) { return try machine.field(value, named: "label").flatMap(machine.string) }
    guard depth < 4 else { return nil }
    let fields = program[record].fields.compactMap { field -> (RecordField, RecordID)? in
      guard case .record(let id) = program.types[field.type] else { return nil }
      return (field, id)
    }
    let ways =
      fields.filter { isCluster($0.1) }
      + fields.filter { $0.0.mark == .subject || $0.0.mark == .parent }
    for (field, id) in ways {
      guard let owner = try machine.field(value, named: field.name) else { continue }
      if let label = try cluster(of: owner, id, machine, depth: depth + 1) { return label }
    }
    return nil
  }
}
