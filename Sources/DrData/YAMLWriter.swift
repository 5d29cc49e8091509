// SPDX-License-Identifier: Apache-2.0

/// Appends the bytes of YAML text. Written by hand and not by libyaml's emitter: the choice of
/// style per scalar is what makes the bytes stable and safe under YAML 1.1 and 1.2 alike.
struct YAMLWriter {
  var text: [UInt8] = []

  mutating func separateDocuments() { append("---\n") }

  mutating func write(_ document: Document) {
    switch document {
    case .object(let object) where !object.members.isEmpty: writeMembers(object, 0)
    case .array(let elements) where !elements.isEmpty: writeElements(elements, 0)
    case let other: writeScalar(other, 0)
    }
  }

  /// The members, each on lines of its own. The cursor stands where the first begins.
  private mutating func writeMembers(_ object: DocumentObject, _ level: Int) {
    for (index, member) in object.members.enumerated() {
      if index > 0 { indent(level) }
      // Readers look at most 1024 characters ahead for the colon of a simple key.
      let isLong = member.name.utf8.count > 256
      if isLong { append("? ") }
      append(
        YAMLStyle.isPlain(member.name) ? member.name : YAMLStyle.doubleQuoted(member.name))
      if isLong {
        append("\n")
        indent(level)
      }
      append(":")
      writeMemberValue(member.value, level)
    }
  }

  private mutating func writeMemberValue(_ value: Document, _ level: Int) {
    switch value {
    case .object(let object) where !object.members.isEmpty:
      append("\n")
      indent(level + 1)
      writeMembers(object, level + 1)
    case .array(let elements) where !elements.isEmpty:
      append("\n")
      // Dashes stand under the name, as kubectl writes them.
      indent(level)
      writeElements(elements, level)
    case let other:
      append(" ")
      writeScalar(other, level)
    }
  }

  /// The elements, each behind a dash. The cursor stands where the first dash goes.
  private mutating func writeElements(_ elements: [Document], _ level: Int) {
    for (index, element) in elements.enumerated() {
      if index > 0 { indent(level) }
      append("- ")
      switch element {
      case .object(let object) where !object.members.isEmpty: writeMembers(object, level + 1)
      case .array(let inner) where !inner.isEmpty: writeElements(inner, level + 1)
      case let other: writeScalar(other, level)
      }
    }
  }

  /// A scalar or an empty collection, and the end of its line. Lines of a literal block stand one
  /// level deeper than `level`.
  private mutating func writeScalar(_ value: Document, _ level: Int) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .int(let value): append(String(value))
    case .float(let value): append(floatText(value))
    case .string(let string):
      if YAMLStyle.isLiteral(string) { return writeLiteral(string, level + 1) }
      append(YAMLStyle.isPlain(string) ? string : YAMLStyle.doubleQuoted(string))
    case .array: append("[]")
    case .object: append("{}")
    }
    append("\n")
  }

  private mutating func writeLiteral(_ string: String, _ level: Int) {
    let isClosed = string.utf8.last == UInt8(ascii: "\n")
    append(isClosed ? "|\n" : "|-\n")
    var lines = string.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if isClosed { lines.removeLast() }
    for line in lines {
      if !line.isEmpty { indent(level) }
      text.append(contentsOf: line)
      append("\n")
    }
  }

  private func floatText(_ value: Double) -> String {
    if value.isNaN { return ".nan" }
    if value.isInfinite { return value < 0 ? "-.inf" : ".inf" }
    return decimalText(value)
  }

  private mutating func indent(_ level: Int) {
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: level * 2))
  }

  private mutating func append(_ string: String) { text.append(contentsOf: string.utf8) }
}
