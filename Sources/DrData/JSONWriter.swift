// SPDX-License-Identifier: Apache-2.0

/// Appends the bytes of JSON text.
struct JSONWriter {
  let pretty: Bool
  var text: [UInt8] = []

  init(pretty: Bool) { self.pretty = pretty }

  mutating func write(_ document: Document, level: Int) {
    switch document {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .int(let value): append(String(value))
    case .float(let value): append(value.isFinite ? decimalText(value) : "null")
    case .string(let value): writeString(value)
    case .array(let elements):
      guard !elements.isEmpty else { return append("[]") }
      append("[")
      for (index, element) in elements.enumerated() {
        separate(index, level)
        write(element, level: level + 1)
      }
      close("]", level)
    case .object(let object):
      guard !object.members.isEmpty else { return append("{}") }
      append("{")
      for (index, member) in object.members.enumerated() {
        separate(index, level)
        writeString(member.name)
        append(pretty ? ": " : ":")
        write(member.value, level: level + 1)
      }
      close("}", level)
    }
  }

  private mutating func separate(_ index: Int, _ level: Int) {
    if index > 0 { append(",") }
    breakLine(level + 1)
  }

  private mutating func close(_ bracket: String, _ level: Int) {
    breakLine(level)
    append(bracket)
  }

  private mutating func breakLine(_ level: Int) {
    guard pretty else { return }
    text.append(UInt8(ascii: "\n"))
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: level * 2))
  }

  private mutating func writeString(_ string: String) {
    text.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""): append("\\\"")
      case UInt8(ascii: "\\"): append("\\\\")
      case 0x08: append("\\b")
      case 0x09: append("\\t")
      case 0x0a: append("\\n")
      case 0x0c: append("\\f")
      case 0x0d: append("\\r")
      case 0..<0x20: append(byte < 0x10 ? "\\u000" : "\\u001"); append(hexDigit(byte & 15))
      case let other: text.append(other)
      }
    }
    text.append(UInt8(ascii: "\""))
  }

  private func hexDigit(_ value: UInt8) -> String { String(value, radix: 16) }

  private mutating func append(_ string: String) { text.append(contentsOf: string.utf8) }
}

/// A finite double in the shortest form that reads back as the same, always with a fraction so
/// that JSON, YAML 1.1 and YAML 1.2 readers all take it for a float: `1.0e+20`.
func decimalText(_ value: Double) -> String {
  let text = value.description
  guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
  return text[..<exponent] + ".0" + text[exponent...]
}
