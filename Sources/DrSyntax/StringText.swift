// SPDX-License-Identifier: Apache-2.0

import DrBase

extension SyntaxNode {
  /// The decoded text of a `stringSegment`, or of a whole `stringExpr` that has no interpolation:
  /// escapes replaced, and the margin of `"""` removed. `nil` for other nodes.
  package func stringText() -> String? {
    switch kind {
    case .stringSegment: return parent?.stringDecoder.decode(self)
    case .stringExpr:
      guard first(.interpolation) == nil else { return nil }
      if let raw = token(.rawString) { return raw.rawStringText }
      guard let segment = first(.stringSegment) else { return "" }
      return stringDecoder.decode(segment)
    default: return nil  // open: no other kind is a text
    }
  }

  private var rawStringText: String {
    var bytes = tree.source.bytes[Int(span.start)..<Int(span.end)]
    if bytes.count >= 2, bytes.first == UInt8(ascii: "`"), bytes.last == UInt8(ascii: "`") {
      bytes = bytes.dropFirst().dropLast()
    }
    guard bytes.contains(UInt8(ascii: "\r")) else { return String(decoding: bytes, as: UTF8.self) }
    return String(decoding: bytes.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
  }

  private var stringDecoder: StringDecoder {
    let range = tokenRange
    let first = tree.tokens[range.lowerBound]
    guard first.end - first.start == 3 else {
      return StringDecoder(isMultiline: false, margin: [], firstToken: 0, lastToken: 0)
    }
    let close = range.upperBound - 1
    var margin: ArraySlice<UInt8> = []
    if tree.tokens[close].kind == .stringClose {
      let bytes = tree.source.bytes
      let end = Int(tree.tokens[close].start)
      var start = end
      while start > 0,
        bytes[start - 1] == UInt8(ascii: " ") || bytes[start - 1] == UInt8(ascii: "\t")
      {
        start -= 1
      }
      if start > 0, bytes[start - 1] == UInt8(ascii: "\n") { margin = bytes[start..<end] }
    }
    return StringDecoder(
      isMultiline: true, margin: margin, firstToken: range.lowerBound + 1, lastToken: close - 1)
  }
}

/// Turns the source text of one string's segments into what they stand for.
private struct StringDecoder {
  let isMultiline: Bool
  /// The indentation of the closing delimiter.
  let margin: ArraySlice<UInt8>
  let firstToken: Int
  let lastToken: Int

  func decode(_ segment: SyntaxNode) -> String {
    let tree = segment.tree
    let span = segment.span
    var bytes = tree.source.bytes[Int(span.start)..<Int(span.end)]
    var isLineStart = false
    if isMultiline {
      if segment.tokenIndex == firstToken { isLineStart = dropFirstLineEnd(&bytes) }
      if segment.tokenIndex == lastToken { dropLastLine(&bytes, isLineStart: isLineStart) }
    }
    let needsDecoding = bytes.contains { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\r") }
    if !isMultiline, !needsDecoding { return String(decoding: bytes, as: UTF8.self) }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count)
    while !bytes.isEmpty {
      if isLineStart { dropMargin(&bytes) }
      isLineStart = false
      guard let byte = bytes.popFirst() else { break }
      switch byte {
      case UInt8(ascii: "\\"): decodeEscape(&bytes, into: &text)
      case UInt8(ascii: "\r") where bytes.first == UInt8(ascii: "\n"): break
      case UInt8(ascii: "\n"):
        text.append(byte)
        isLineStart = isMultiline
      default: text.append(byte)  // open: every other byte stands for itself
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The text begins on the line after the opening delimiter, when nothing else stands on that
  /// line.
  private func dropFirstLineEnd(_ bytes: inout ArraySlice<UInt8>) -> Bool {
    let rest = bytes.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == 13 }
    guard rest.first == UInt8(ascii: "\n") else { return false }
    bytes = rest.dropFirst()
    return true
  }

  /// The line break before the closing delimiter and the margin there belong to the delimiter.
  private func dropLastLine(_ bytes: inout ArraySlice<UInt8>, isLineStart: Bool) {
    var end = bytes.endIndex
    while end > bytes.startIndex, bytes[end - 1] == UInt8(ascii: " ") || bytes[end - 1] == 9 {
      end -= 1
    }
    if end == bytes.startIndex {
      if isLineStart { bytes = [] }
      return
    }
    guard bytes[end - 1] == UInt8(ascii: "\n") else { return }
    end -= 1
    if end > bytes.startIndex, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    bytes = bytes[..<end]
  }

  private func dropMargin(_ bytes: inout ArraySlice<UInt8>) {
    for byte in margin {
      guard bytes.first == byte else { return }
      bytes.removeFirst()
    }
  }

  private func decodeEscape(_ bytes: inout ArraySlice<UInt8>, into text: inout [UInt8]) {
    guard let byte = bytes.popFirst() else { return }
    switch byte {
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "0"): text.append(0)
    case UInt8(ascii: "u") where bytes.first == UInt8(ascii: "{"):
      let digits = bytes.dropFirst().prefix { $0 != UInt8(ascii: "}") }
      guard let scalar = Self.scalar(digits) else { return }
      text.append(contentsOf: Character(scalar).utf8)
      bytes = bytes.dropFirst(digits.count + 2)
    default: text.append(byte)  // open: \" and \\; every other one is reported by the lexer
    }
  }

  static func scalar(_ digits: ArraySlice<UInt8>) -> Unicode.Scalar? {
    guard !digits.isEmpty, digits.count <= 6 else { return nil }
    var value: UInt32 = 0
    for digit in digits {
      guard let nibble = digit.hexadecimalValue else { return nil }
      value = value << 4 | UInt32(nibble)
    }
    return Unicode.Scalar(value)
  }
}
