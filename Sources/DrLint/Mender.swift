// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSchema
import DrSema
import DrSyntax

/// How a rule mends what it finds.
enum RuleFix: String {
  /// A value for the field or member at the place.
  case fix
  /// A block beside the one that is reported.
  case add
  /// Another name for the member at the place.
  case rename
}

/// The trees of files that something is to be written into, each parsed once.
final class ParsedFiles {
  private var trees: [FileID: SyntaxTree] = [:]

  subscript(_ source: SourceFile) -> SyntaxTree {
    if let tree = trees[source.id] { return tree }
    let tree = parse(source)
    trees[source.id] = tree
    return tree
  }
}

/// Turns what a rule says of a mending into an edit, where it is certain what the edit does: a field or member is written as a
/// literal, or is not there.
struct Mender {
  let machine: Machine
  let objects: LintedObjects?
  let sources: SourceMap
  let files: LintedFiles?
  let trees: ParsedFiles

  private var program: CheckedProgram { machine.program.checked }

  func fix(
    _ kind: RuleFix, _ text: String, of subject: Value, at path: Value, place: Linter.Place
  ) -> Fix? {
    switch kind {
    case .fix where place.isMember: member(text, of: subject, at: path)
    case .fix where place.isValue: literal(text, place)
    case .fix: field(text, of: subject, at: path, place)
    case .add: beside(text, of: subject)
    case .rename: renamed(text, of: subject, at: path)
    }
  }

  // MARK: Blocks

  private func isOwn(_ span: Span) -> Bool { !sources[span.file].name.hasPrefix("stdlib/") }

  private func insertion(_ title: String, _ insertion: Insertion?) -> Fix? {
    insertion.map { Fix("write \(title)", replacing: $0.span, with: $0.text, .safe) }
  }

  private func literal(_ text: String, _ place: Linter.Place) -> Fix? {
    guard let span = place.span, isOwn(span) else { return nil }
    let written = sources.text(span)
    // What is computed has its reasons.
    let first = written.first ?? " "
    guard first.isNumber || first == "\"" || first == "`", !written.contains("\\(") else {
      return nil
    }
    return Fix("write \(text)", replacing: span, with: text, .safe)
  }

  /// A field that is not written, or a clause of a statement.
  private func field(
    _ text: String, of subject: Value, at path: Value, _ place: Linter.Place
  ) -> Fix? {
    guard let record = machine.record(subject), let span = place.span, isOwn(span),
      let slots = machine.list(path)?.compactMap({ machine.int($0).map(Int.init) }),
      let names = names(of: slots, in: record.type)
    else { return nil }
    let tree = trees[sources[span.file]]
    guard let id = record.block, case .block(_, let values) = program[id].body else {
      guard names.count == 1 else { return nil }
      return insertion(
        "\(names[0]) \(text)", tree.adding(clause: names[0], text, toLineAt: span.start))
    }
    // The last record on the way that is written.
    var (start, depth, written) = (program[id].span, 0, values)
    while depth < slots.count - 1, let value = written[slots[depth]],
      case .record(_, let inner) = value.kind, isOwn(value.span), value.span.file == start.file
    {
      (start, depth, written) = (value.span, depth + 1, inner)
    }
    guard isOwn(start), written[slots[depth]] == nil else { return nil }
    let rest = names[depth...]
    let item =
      rest.dropLast().map { "\($0) { " }.joined() + "\(rest.last ?? "") = \(text)"
      + String(repeating: " }", count: rest.count - 1)
    return insertion(item, tree.adding(item, toBodyAfter: start.start))
  }

  private func names(of slots: [Int], in record: RecordID) -> [String]? {
    var names: [String] = []
    var record: RecordID? = record
    for slot in slots {
      guard let id = record, program[id].fields.indices.contains(slot) else { return nil }
      names.append(program[id].fields[slot].name)
      record = inner(program[id].fields[slot].type)
    }
    return names.isEmpty ? nil : names
  }

  private func inner(_ type: TypeID) -> RecordID? {
    switch program.types[type] {
    case .record(let id): id
    case .optional(let type): inner(type)
    case _: nil  // open: only records have fields
    }
  }

  private func beside(_ text: String, of subject: Value) -> Fix? {
    guard let id = machine.record(subject)?.block, isOwn(program[id].span) else { return nil }
    let span = program[id].span
    return insertion(text, trees[sources[span.file]].adding(text, besideBlockAt: span.start))
  }

  // MARK: Objects

  private func member(_ text: String, of object: Value, at path: Value) -> Fix? {
    guard let path = SchemaPath(reading: machine.string(path) ?? ""), let objects else {
      return nil
    }
    if let insertion = objects.insertion(of: text, at: path, in: object, machine, sources, trees) {
      return isOwn(insertion.span) ? self.insertion(text, insertion) : nil
    }
    guard let span = objects.scalar(at: path, in: object, machine), isOwn(span) else { return nil }
    let written = sources.text(span)
    guard !written.contains("\n"), !written.contains("\\") else { return nil }
    let isQuoted = written.hasPrefix("\"") && written.hasSuffix("\"") && written.count > 1
    let isNumber = !written.isEmpty && written.allSatisfy { $0.isASCII && $0.isNumber }
    if files == nil, !isQuoted, !isNumber { return nil }
    let isWord = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
    guard isWord else { return nil }
    return Fix(
      "write \(text)", replacing: span, with: isQuoted ? "\"\(text)\"" : text, .safe)
  }

  private func renamed(_ text: String, of object: Value, at path: Value) -> Fix? {
    guard let path = SchemaPath(reading: machine.string(path) ?? ""),
      let span = objects?.name(at: path, in: object, machine, sources), isOwn(span)
    else { return nil }
    let quote = sources.text(span).first.map { $0 == "\"" || $0 == "'" ? String($0) : "" } ?? ""
    return Fix("write \(text)", replacing: span, with: quote + text + quote, .safe)
  }
}
