// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema

/// A named block of the program that backends are called with.
struct SourceBlock {
  let value: Value
  let source: ManifestSource

  init(
    _ id: GlobalID, _ record: RecordID, of machine: Machine, _ ways: inout ClusterWays
  ) throws(Diagnostic) {
    value = try machine.global(id)
    let isDrill = machine.program.checked[record].name == "Drill"
    source = ManifestSource(
      id, record, of: machine.program.checked,
      drill: isDrill ? try machine.field(value, named: "label").flatMap(machine.string) : nil,
      cluster: try ways.cluster(of: value, record, machine, depth: 0))
  }
}

/// How to get from a block to its cluster.
struct ClusterWays {
  private var known: [RecordID: [(field: String, record: RecordID)]] = [:]

  /// A cluster itself; what a field of that type names; or what the block around, or the one that it
  /// is for, belongs to.
  fileprivate mutating func cluster(
    of value: Value, _ record: RecordID, _ machine: Machine, depth: Int
  ) throws(Diagnostic) -> String? {
    let program = machine.program.checked
    if Self.isCluster(record, program) {
      return try machine.field(value, named: "label").flatMap(machine.string)
    }
    guard depth < 4 else { return nil }
    for (field, id) in ways(from: record, program) {
      guard let owner = try machine.field(value, named: field) else { continue }
      if let label = try cluster(of: owner, id, machine, depth: depth + 1) { return label }
    }
    return nil
  }

  private mutating func ways(
    from record: RecordID, _ program: CheckedProgram
  ) -> [(field: String, record: RecordID)] {
    if let known = known[record] { return known }
    let fields = program[record].fields.compactMap { field -> (RecordField, RecordID)? in
      guard case .record(let id) = program.types[field.type] else { return nil }
      return (field, id)
    }
    let ways =
      fields.filter { Self.isCluster($0.1, program) }
      + fields.filter { $0.0.mark == .subject || $0.0.mark == .parent }
    let found = ways.map { (field: $0.0.name, record: $0.1) }
    known[record] = found
    return found
  }

  private static func isCluster(_ id: RecordID, _ program: CheckedProgram) -> Bool {
    program[id].name == "Cluster"
  }
}

/// What objects are made of: a named block.
final class ManifestSource: Sendable {
  let block: GlobalID
  /// Where its name stands.
  let span: Span
  /// The comment in front of an object, with its line break.
  let comment: [UInt8]
  /// The label of a drill: what it emits is a fault, to be applied only when it is rehearsed.
  let drill: String?
  /// The label of the cluster that it belongs to, if it belongs to one.
  let cluster: String?

  init(
    _ block: GlobalID, _ record: RecordID, of program: CheckedProgram, drill: String?,
    cluster: String?
  ) {
    self.block = block
    let number = Int(block.rawValue)
    span = program.globals[number].span
    let file = program.sources[span.file]
    let path = file.name.utf8
    let folder = path.lastIndex(of: UInt8(ascii: "/")).map { path.index(after: $0) }
    var comment = Array(Self.commentStart.utf8)
    comment += path[(folder ?? path.startIndex)...]
    comment += ":\(file.line(at: span.start) + 1) ".utf8
    comment += (program.records[Int(record.rawValue)].keyword ?? program[record].name).utf8
    comment.append(UInt8(ascii: " "))
    comment += program.globals[number].name.utf8
    comment.append(UInt8(ascii: "\n"))
    self.comment = comment
    self.drill = drill
    self.cluster = cluster
  }

  private static let commentStart = "# from "

  /// As a comment names it: `deepseek.dr:12 service deepseek`. Of the file's path only its name, so
  /// that the same program gives the same bytes wherever it stands.
  var text: String {
    String(decoding: comment.dropFirst(Self.commentStart.utf8.count).dropLast(), as: UTF8.self)
  }
}
