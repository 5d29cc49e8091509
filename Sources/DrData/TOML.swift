// SPDX-License-Identifier: Apache-2.0

/// The part of TOML 1.0 that settings need: tables, bare and quoted keys, texts of one line, whole
/// numbers, truths, and arrays of these. Everything else is refused at its place, as is what is given
/// twice. Every value knows where it stands.
package struct TOML: Sendable {
  package enum Value: Sendable, Equatable {
    case string(String)
    case int(Int64)
    case bool(Bool)
    case array([Value])
  }

  package struct Entry: Sendable {
    package let key: String
    /// Of the key, in bytes.
    package let keyRange: Range<Int>
    package let value: Value
    package let valueRange: Range<Int>
  }

  package struct Table: Sendable {
    /// `lint.severity`; empty for what stands before the first table.
    package let name: String
    package let nameRange: Range<Int>
    package fileprivate(set) var entries: [Entry] = []
  }

  package let tables: [Table]

  package init(_ bytes: [UInt8]) throws(DataError) {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw DataError("the text is not valid UTF-8", at: 0, in: bytes)
    }
    var reader = TOMLReader(bytes)
    tables = try reader.tables()
  }

  fileprivate static func table(_ name: String, _ range: Range<Int>) -> Table {
    Table(name: name, nameRange: range)
  }
}

private struct TOMLReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func tables() throws(DataError) -> [TOML.Table] {
    var tables = [TOML.table("", 0..<0)]
    while true {
      skipBlank()
      guard let byte = peek else { return tables }
      if byte == UInt8(ascii: "[") {
        tables.append(try table(known: tables.map(\.name)))
      } else {
        let entry = try entry()
        let last = tables.count - 1
        if tables[last].entries.contains(where: { $0.key == entry.key }) {
          throw error("`\(entry.key)` is given twice", entry.keyRange.lowerBound)
        }
        tables[last].entries.append(entry)
      }
      try endLine()
    }
  }

  private mutating func table(known: [String]) throws(DataError) -> TOML.Table {
    position += 1
    if peek == UInt8(ascii: "[") { throw error("arrays of tables have no meaning here") }
    let start = position
    var parts: [String] = []
    repeat {
      if !parts.isEmpty { position += 1 }
      skipSpace()
      parts.append(try key().text)
      skipSpace()
    } while peek == UInt8(ascii: ".")
    let range = start..<position
    guard peek == UInt8(ascii: "]") else { throw error("`]` is missing") }
    position += 1
    let name = parts.joined(separator: ".")
    if known.contains(name) { throw error("the table [\(name)] is given twice", start) }
    return TOML.table(name, range)
  }

  private mutating func entry() throws(DataError) -> TOML.Entry {
    let key = try key()
    skipSpace()
    if peek == UInt8(ascii: ".") { throw error("write a table, [name], in place of a dotted key") }
    guard peek == UInt8(ascii: "=") else { throw error("`=` is missing after `\(key.text)`") }
    position += 1
    skipSpace()
    let start = position
    let value = try value(depth: 0)
    return TOML.Entry(
      key: key.text, keyRange: key.range, value: value, valueRange: start..<position)
  }

  private mutating func key() throws(DataError) -> (text: String, range: Range<Int>) {
    let start = position
    if peek == UInt8(ascii: "\"") || peek == UInt8(ascii: "'") {
      return (try text(), start..<position)
    }
    while let byte = peek, Self.isBare(byte) { position += 1 }
    guard position > start else { throw error("a key should be here") }
    return (String(decoding: bytes[start..<position], as: UTF8.self), start..<position)
  }

  private static func isBare(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false  // open: every other byte ends a key
    }
  }

  private mutating func value(depth: Int) throws(DataError) -> TOML.Value {
    guard depth < 8 else { throw error("arrays are nested too deeply") }
    switch peek {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try text())
    case UInt8(ascii: "["):
      position += 1
      var elements: [TOML.Value] = []
      while true {
        skipBlank()
        if peek == UInt8(ascii: "]") { break }
        elements.append(try value(depth: depth + 1))
        skipBlank()
        guard peek == UInt8(ascii: ",") else { break }
        position += 1
      }
      guard peek == UInt8(ascii: "]") else { throw error("`,` or `]` is missing") }
      position += 1
      return .array(elements)
    case nil: throw error("a value should be here")
    case _: return try word()
    }
  }

  private mutating func word() throws(DataError) -> TOML.Value {
    let start = position
    while let byte = peek, Self.isBare(byte) || byte == UInt8(ascii: "+") { position += 1 }
    let word = String(decoding: bytes[start..<position], as: UTF8.self)
    if word == "true" { return .bool(true) }
    if word == "false" { return .bool(false) }
    let digits = word.drop { $0 == "-" || $0 == "+" }
    if !digits.isEmpty, digits.allSatisfy({ $0.isNumber || $0 == "_" }),
      let number = Int64(word.filter { $0 != "_" })
    {
      return .int(number)
    }
    throw error("a value is a \"text\", a whole number, true, false or [an array]", start)
  }

  /// A text in quotes of either kind.
  private mutating func text() throws(DataError) -> String {
    let start = position
    let quote = bytes[position]
    position += 1
    var text: [UInt8] = []
    while true {
      guard let byte = peek, byte != UInt8(ascii: "\n") else {
        throw error("this text has no end on its line", start)
      }
      position += 1
      if byte == quote { break }
      guard byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") else {
        text.append(byte)
        continue
      }
      switch peek {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(bytes[position])
      case UInt8(ascii: "n"): text.append(UInt8(ascii: "\n"))
      case UInt8(ascii: "t"): text.append(UInt8(ascii: "\t"))
      case _: throw error("this escape is not read", position - 1)
      }
      position += 1
    }
    if text.isEmpty, peek == quote { throw error("texts of several lines are not read", start) }
    return String(decoding: text, as: UTF8.self)
  }

  // MARK: Bytes

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while peek == UInt8(ascii: " ") || peek == UInt8(ascii: "\t") { position += 1 }
  }

  /// Spaces, line breaks and comments.
  private mutating func skipBlank() {
    while let byte = peek {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        position += 1
      case UInt8(ascii: "#"):
        while let byte = peek, byte != UInt8(ascii: "\n") { position += 1 }
      default: return  // open: everything else means something
      }
    }
  }

  private mutating func endLine() throws(DataError) {
    skipSpace()
    guard let byte = peek else { return }
    guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "#")
    else { throw error("the line should end here") }
  }

  private func error(_ message: String, _ place: Int? = nil) -> DataError {
    DataError(message, at: place ?? position, in: bytes)
  }
}
