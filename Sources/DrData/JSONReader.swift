// SPDX-License-Identifier: Apache-2.0

/// Recursive descent over the bytes of one JSON text; the depth limit bounds the recursion.
struct JSONReader {
  let bytes: [UInt8]
  let limits: DataLimits
  var index = 0
  var depth = 0
  var nodes = 0

  init(bytes: [UInt8], limits: DataLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  mutating func wholeText() throws(DataError) -> Document {
    skipSpace()
    let value = try value()
    skipSpace()
    guard index == bytes.count else { throw error("there is more text after the value") }
    return value
  }

  private mutating func value() throws(DataError) -> Document {
    nodes += 1
    guard nodes <= limits.nodes else { throw error("more than \(limits.nodes) values") }
    guard let byte = peek() else { throw error("the text ends where a value should be") }
    switch byte {
    case UInt8(ascii: "{"): return try nested { reader throws(DataError) in try reader.object() }
    case UInt8(ascii: "["): return try nested { reader throws(DataError) in try reader.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case 0xef where bytes[index...].starts(with: [0xef, 0xbb, 0xbf]):
      throw error("the text begins with a byte order mark")
    case _: throw error("\(shown(byte)) does not begin a value")
    }
  }

  private mutating func nested(
    _ body: (inout JSONReader) throws(DataError) -> Document
  ) throws(DataError) -> Document {
    depth += 1
    guard depth <= limits.depth else {
      throw error("more than \(limits.depth) nested arrays and objects")
    }
    index += 1
    skipSpace()
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(DataError) -> Document {
    var members: [(name: String, value: Document)] = []
    var names = Set<String>()
    if take("}") { return .object(DocumentObject()) }
    while true {
      guard peek() == UInt8(ascii: "\"") else {
        throw error("the name of a member should be here, in double quotes")
      }
      let start = index
      let name = try string()
      guard names.insert(name).inserted else {
        throw error("the member `\(name)` is given twice", at: start)
      }
      skipSpace()
      guard take(":") else { throw error("`:` is missing after the name of a member") }
      skipSpace()
      members.append((name, try value()))
      skipSpace()
      if take("}") { return .object(DocumentObject(unique: members)) }
      guard take(",") else { throw error("`,` or `}` is missing after a member") }
      skipSpace()
    }
  }

  private mutating func array() throws(DataError) -> Document {
    var elements: [Document] = []
    if take("]") { return .array([]) }
    while true {
      elements.append(try value())
      skipSpace()
      if take("]") { return .array(elements) }
      guard take(",") else { throw error("`,` or `]` is missing after an element") }
      skipSpace()
    }
  }

  private mutating func word(_ text: StaticString, _ value: Document) throws(DataError) -> Document
  {
    let start = index
    for offset in 0..<text.utf8CodeUnitCount {
      guard peek() == text.utf8Start[offset] else {
        throw error("only true, false and null are written without quotes", at: start)
      }
      index += 1
    }
    return value
  }

  // MARK: Numbers

  private mutating func number() throws(DataError) -> Document {
    let start = index
    var whole = true
    _ = take("-")
    if take("0") {
      if let byte = peek(), isDigit(byte) { throw error("a number has a leading zero", at: start) }
    } else {
      try digits()
    }
    if take(".") {
      whole = false
      try digits()
    }
    if take("e") || take("E") {
      whole = false
      if !take("+") { _ = take("-") }
      try digits()
    }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    if whole, let value = Int64(text) { return .int(value) }
    guard let value = Double(text), value.isFinite else {
      throw error("the number is too large", at: start)
    }
    return .float(value)
  }

  private mutating func digits() throws(DataError) {
    guard let first = peek(), isDigit(first) else { throw error("a digit should be here") }
    while let byte = peek(), isDigit(byte) { index += 1 }
  }

  private func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  // MARK: Strings

  private mutating func string() throws(DataError) -> String {
    index += 1
    let start = index
    while let byte = peek() {
      if byte == UInt8(ascii: "\"") {
        let text = try utf8(bytes[start..<index], at: start)
        index += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
      guard byte >= 0x20 else { throw controlCharacter() }
      index += 1
    }
    throw error("a string is not closed", at: start - 1)
  }

  private mutating func escapedString(from start: Int) throws(DataError) -> String {
    var text = Array(bytes[start..<index])
    while let byte = peek() {
      if byte == UInt8(ascii: "\"") {
        let text = try utf8(text[...], at: start)
        index += 1
        return text
      }
      if byte == UInt8(ascii: "\\") {
        text.append(contentsOf: String(try escape()).utf8)
        continue
      }
      guard byte >= 0x20 else { throw controlCharacter() }
      text.append(byte)
      index += 1
    }
    throw error("a string is not closed", at: start - 1)
  }

  private mutating func escape() throws(DataError) -> Character {
    let start = index
    index += 1
    guard let byte = peek() else { throw error("a string is not closed") }
    index += 1
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return Character(try unicodeEscape(from: start))
    case _: throw error("`\\\(Unicode.Scalar(byte))` is no escape", at: start)
    }
  }

  private mutating func unicodeEscape(from start: Int) throws(DataError) -> Unicode.Scalar {
    let first = try hexDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    // RFC 8259, section 7: beyond the basic plane as a pair of surrogates.
    if first < 0xdc00, take("\\"), take("u") {
      let second = try hexDigits()
      if (0xdc00...0xdfff).contains(second),
        let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
      {
        return scalar
      }
    }
    throw error("a surrogate stands alone", at: start)
  }

  private mutating func hexDigits() throws(DataError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue,
        byte < 0x80
      else { throw error("four hexadecimal digits should be here") }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    return value
  }

  private func utf8(_ slice: ArraySlice<UInt8>, at start: Int) throws(DataError) -> String {
    guard let text = String(validating: slice, as: UTF8.self) else {
      throw error("a string is not valid UTF-8", at: start - 1)
    }
    return text
  }

  private func controlCharacter() -> DataError {
    error("a control character stands in a string; write it as an escape")
  }

  // MARK: Bytes

  private func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek(), byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
      index += 1
    }
  }

  private func shown(_ byte: UInt8) -> String {
    byte > 0x20 && byte < 0x7f ? "`\(Unicode.Scalar(byte))`" : "what is here"
  }

  private func error(_ message: String, at offset: Int? = nil) -> DataError {
    DataError(message, at: offset ?? index, in: bytes)
  }
}
