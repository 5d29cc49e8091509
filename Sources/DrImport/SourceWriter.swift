// SPDX-License-Identifier: Apache-2.0

import DrData

/// Writes data as the language's literals. Where lines break is decided here, by width; the
/// formatter does the rest.
struct SourceWriter {
  /// The widest that an object or list may be on one line.
  private static let width = 96

  /// The literal of a value that stands at some depth, in columns of two.
  static func literal(_ value: Document, depth: Int) -> String {
    switch value {
    case .null: return "nil"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return integer(value)
    case .float(let value): return float(value)
    case .string(let text): return string(text, depth: depth)
    case .array(let values): return list(values, depth: depth)
    case .object(let object): return self.object(object, depth: depth)
    }
  }

  /// A literal is positive, so that the smallest number has none.
  private static func integer(_ value: Int64) -> String {
    value == .min ? "-9223372036854775807 - 1" : "\(value)"
  }

  /// Without an exponent, which the language does not have.
  private static func float(_ value: Double) -> String {
    let text = "\(value)"
    guard let mark = text.firstIndex(where: { $0 == "e" || $0 == "E" }),
      let exponent = Int(text[text.index(after: mark)...].drop { $0 == "+" })
    else { return text }
    let mantissa = text[..<mark]
    let sign = mantissa.hasPrefix("-") ? "-" : ""
    let digits = mantissa.filter(\.isNumber)
    let whole = mantissa.drop { $0 == "-" }.prefix { $0 != "." }.count
    let point = whole + exponent
    if point <= 0 { return "\(sign)0.\(String(repeating: "0", count: -point))\(digits)" }
    let padded = digits + String(repeating: "0", count: max(0, point - digits.count))
    let rest = padded.dropFirst(point)
    return "\(sign)\(padded.prefix(point)).\(rest.isEmpty ? "0" : String(rest))"
  }

  // MARK: Texts

  static func string(_ text: String, depth: Int) -> String {
    if let block = textBlock(text, depth: depth) { return block }
    return "\"\(text.unicodeScalars.map { escaped($0) }.joined())\""
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\"": "\\\""
    case "\\": "\\\\"
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    case "\0": "\\0"
    case _
    where scalar.value < 0x20 || scalar.value == 0x7F
      || (0x80..<0xA0).contains(scalar.value) || scalar.properties.generalCategory == .format:
      "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    case _: String(scalar)
    }
  }

  /// Several lines between `"""`, where nothing in them would have to be escaped but `\`.
  private static func textBlock(_ text: String, depth: Int) -> String? {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let isPlain = text.unicodeScalars.allSatisfy {
      $0 == "\n"
        || ($0.value >= 0x20 && $0.value != 0x7F && !(0x80..<0xA0).contains($0.value)
          && $0.properties.generalCategory != .format)
    }
    guard lines.count > 2, isPlain, !text.contains("\"\"\"") else { return nil }
    let margin = String(repeating: "  ", count: depth + 1)
    let body = lines.map { line in
      line.isEmpty ? "" : margin + line.replacing("\\", with: "\\\\")
    }
    return "\"\"\"\n\(body.joined(separator: "\n"))\n\(margin)\"\"\""
  }

  // MARK: Lists and objects

  private static func list(_ values: [Document], depth: Int) -> String {
    if values.isEmpty { return "[]" }
    let inner = values.map { literal($0, depth: depth + 1) }
    if fits(inner, depth) { return "[\(inner.joined(separator: ", "))]" }
    // One object on its brackets' lines, as people write it.
    if values.count == 1, case .object = values[0] {
      return "[\(literal(values[0], depth: depth))]"
    }
    let margin = String(repeating: "  ", count: depth)
    return "[\n" + inner.map { "\(margin)  \($0),\n" }.joined() + "\(margin)]"
  }

  private static func object(_ object: DocumentObject, depth: Int) -> String {
    let members = object.members.filter { $0.value != .null }
    if members.isEmpty { return "{}" }
    let inner = members.map { "\(name($0.name)): \(literal($0.value, depth: depth + 1))" }
    if fits(inner, depth), members.count <= 6 { return "{ \(inner.joined(separator: ", ")) }" }
    let margin = String(repeating: "  ", count: depth)
    return "{\n" + inner.map { "\(margin)  \($0)\n" }.joined() + "\(margin)}"
  }

  private static func fits(_ parts: [String], _ depth: Int) -> Bool {
    !parts.contains { $0.contains("\n") }
      && parts.reduce(2 * depth + 4) { $0 + $1.count + 2 } <= width
  }

  /// A member's name as it can be written before `:`.
  private static func name(_ name: String) -> String {
    let isWord =
      name.first.map { $0.isASCII && ($0.isLetter || $0 == "_") } ?? false
      && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    return isWord && !["true", "false", "nil"].contains(name) ? name : string(name, depth: 0)
  }
}
