// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema

/// How results are written.
package enum ResultFormat: String, Sendable, CaseIterable { case text, json, yaml }

/// Results as people read them, or as data.
package struct ValueText {
  package let machine: Machine
  /// Columns that there are; `nil` where no line has to fit, as in a file.
  package let width: Int?
  /// Elements and rows that are shown; `nil` for all.
  package let limit: Int?
  package let format: ResultFormat

  package init(machine: Machine, width: Int?, limit: Int? = nil, format: ResultFormat) {
    self.machine = machine
    self.width = width
    self.limit = limit
    self.format = format
  }

  /// Where no line has to fit, what is longer than this is still laid out over several.
  private var lineWidth: Int { width ?? 100 }

  private var program: CheckedProgram { machine.program.checked }

  /// Without the last line break; empty for a value that says nothing.
  package func write(_ value: Value, type: TypeID) throws(Diagnostic) -> String {
    switch format {
    case .json: return JSON.write(try document(value), pretty: true)
    case .yaml: return YAML.write([try document(value)]).trimmedEnd
    case .text: break
    }
    if type == TypeTable.unit { return "" }
    if let table = try table(value) { return table }
    return Self.visible(try pretty(value, type: type, indent: 0, isTop: true))
  }

  /// Without characters that a terminal would obey.
  private static func visible(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { Table.plain(String($0)) }
      .joined(separator: "\n")
  }

  /// `name = value`; what has several lines begins on a line of its own.
  package func titled(_ name: String, _ text: String) -> String {
    if format != .text || !text.contains("\n") { return "\(name) = \(text)" }
    return text.hasPrefix("[") || text.hasPrefix("{") ? "\(name) = \(text)" : "\(name) =\n\(text)"
  }

  /// A named block by its contents, where it is what was asked for; else see `Machine.document`.
  package func document(_ value: Value) throws(Diagnostic) -> Document {
    if let record = machine.record(value), record.block != nil {
      var members = DocumentObject()
      for field in program[record.type].fields where field.mark == .ordinary {
        guard let member = try machine.field(value, named: field.name) else { continue }
        if !machine.isNil(member) { members[field.name] = try machine.document(member) }
      }
      return .object(members)
    }
    return try machine.document(value)
  }

  // MARK: Tables

  /// A list of records of one type, or of objects, with a row each.
  private func table(_ value: Value) throws(Diagnostic) -> String? {
    guard let elements = machine.list(value), elements.count > 0 else { return nil }
    let shown = limit.map { Array(elements.prefix($0)) } ?? elements
    var table: Table
    if let type = machine.record(elements[0])?.type,
      elements.allSatisfy({ machine.record($0)?.type == type })
    {
      table = try recordTable(shown, program[type])
    } else if let columns = columns(ofObjects: shown) {
      table = Table(columns: columns)
      for element in shown {
        let entries = machine.entries(element) ?? []
        table.rows.append(
          columns.map { column in
            entries.first { machine.string($0.key) == column }.map { cell($0.value) } ?? ""
          })
      }
    } else {
      return nil
    }
    var text = table.text(width: width ?? .max)
    if shown.count < elements.count { text += "\n… \(elements.count - shown.count) more" }
    return text
  }

  private func recordTable(_ rows: [Value], _ type: Record) throws(Diagnostic) -> Table {
    var fields = type.fields.filter { $0.mark == .ordinary }.map(\.name)
    if type.isVocabulary { fields.insert("name", at: 0) }
    var table = Table(columns: fields)
    for row in rows {
      var cells: [String] = []
      for field in fields {
        cells.append(try machine.field(row, named: field).map(cell) ?? "")
      }
      table.rows.append(cells)
    }
    return table
  }

  private func columns(ofObjects rows: [Value]) -> [String]? {
    var columns: [String] = []
    for row in rows {
      guard let entries = machine.entries(row), !entries.isEmpty else { return nil }
      for entry in entries {
        guard let name = machine.string(entry.key) else { return nil }
        if !columns.contains(name) { columns.append(name) }
      }
    }
    return columns.count > 24 ? nil : columns
  }

  private func cell(_ value: Value) -> String {
    if machine.isNil(value) { return "" }
    return Table.plain(machine.string(value) ?? machine.describe(value, type: TypeTable.error))
  }

  // MARK: Other values

  /// On one line where there is room after `lead` columns of a name, else an element or field a line.
  private func pretty(
    _ value: Value, type: TypeID, indent: Int, lead: Int = 0, isTop: Bool = false
  ) throws(Diagnostic) -> String {
    let pad = String(repeating: " ", count: indent + 2)
    let end = String(repeating: " ", count: indent)
    if let elements = machine.list(value) {
      let shown = limit.map { Array(elements.prefix($0)) } ?? elements
      let isCut = shown.count < elements.count
      let line = isCut ? nil : oneLine(value, type, indent + lead)
      if let line { return line }
      if let filled = try filled(shown, more: elements.count - shown.count) { return filled }
      var lines = ["["]
      for element in shown {
        lines.append(pad + (try pretty(element, type: type, indent: indent + 2)))
      }
      if isCut { lines.append(pad + "… \(elements.count - shown.count) more") }
      return (lines + [end + "]"]).joined(separator: "\n")
    }
    if let record = machine.record(value), isTop || record.block == nil {
      return try fields(of: value, record, indent: indent, lead: lead, isTop: isTop)
    }
    if let line = oneLine(value, type, indent + lead) { return line }
    if let entries = machine.entries(value), !entries.isEmpty {
      var lines = ["{"]
      for entry in entries {
        let name = machine.string(entry.key) ?? machine.describe(entry.key, type: type)
        lines.append(
          "\(pad)\(name): \(try pretty(entry.value, type: type, indent: indent + 2))")
      }
      return (lines + [end + "}"]).joined(separator: "\n")
    }
    return machine.describe(value, type: type)
  }

  private func oneLine(_ value: Value, _ type: TypeID, _ indent: Int) -> String? {
    let text = machine.describe(value, type: type)
    return indent + displayWidth(text) <= lineWidth ? text : nil
  }

  /// Short plain elements, as many on a line as fit.
  private func filled(_ elements: [Value], more: Int) throws(Diagnostic) -> String? {
    var lines: [String] = []
    var line = "["
    for (index, element) in elements.enumerated() {
      if machine.record(element) != nil || machine.entries(element) != nil
        || machine.list(element) != nil
      {
        return nil
      }
      let isLast = index == elements.count - 1
      let text = machine.describe(element, type: TypeTable.error) + (isLast ? "" : ",")
      if displayWidth(text) > lineWidth / 2 { return nil }
      if displayWidth(line) + displayWidth(text) + 2 > lineWidth {
        lines.append(line)
        line = " " + text
      } else {
        line += line.count > 1 ? " " + text : text
      }
    }
    if more > 0 { line += ", … \(more) more" }
    return (lines + [line + "]"]).joined(separator: "\n")
  }

  private func fields(
    of value: Value, _ record: (type: RecordID, block: GlobalID?), indent: Int, lead: Int,
    isTop: Bool
  ) throws(Diagnostic) -> String {
    let type = program[record.type]
    if record.block == nil, let line = oneLine(value, TypeTable.error, indent + lead) {
      return line
    }
    var head = type.name
    if record.block != nil, let keyword = type.keyword {
      let name = try machine.field(value, named: "name").flatMap(machine.string) ?? ""
      let label = try machine.field(value, named: "label").flatMap(machine.string) ?? ""
      head = "\(keyword) \(name) \"\(label)\""
      if let subject = type.fields.first(where: { $0.mark == .subject }),
        let block = try machine.field(value, named: subject.name), !machine.isNil(block)
      {
        head += " for \(try machine.field(block, named: "name").flatMap(machine.string) ?? "…")"
      }
    }
    let pad = String(repeating: " ", count: indent + 2)
    var members: [(name: String, value: Value)] = []
    for field in type.fields where field.mark == .ordinary {
      guard let member = try machine.field(value, named: field.name), !machine.isNil(member) else {
        continue
      }
      members.append((field.name, member))
    }
    let widest = members.map(\.name.count).max() ?? 0
    var lines = ["\(head) {"]
    for member in members {
      let text = try pretty(
        member.value, type: TypeTable.error, indent: indent + 2, lead: widest + 3)
      lines.append("\(pad)\(padded(member.name, to: widest)) = \(text)")
    }
    return (lines + [String(repeating: " ", count: indent) + "}"]).joined(separator: "\n")
  }
}

extension String {
  /// Without the line breaks at its end.
  package var trimmedEnd: String {
    var rest = self[...]
    while let last = rest.last, last.isNewline { rest = rest.dropLast() }
    return String(rest)
  }
}
