// SPDX-License-Identifier: Apache-2.0

import DrBase

/// A string whose interpolation is being read.
struct StringMode {
  var isMultiline: Bool
  /// Where the string opens.
  var start: Int
  /// Parentheses open inside the interpolation.
  var parenDepth = 0
}

extension Lexer {
  mutating func lexString(_ bytes: Bytes) {
    let start = position
    let isMultiline = bytes.isTripleQuote(at: start)
    guard isMultiline else {
      emit(.stringOpen, start, start + 1)
      return lexStringRest(bytes, StringMode(isMultiline: false, start: start))
    }
    emit(.stringOpen, start, start + 3)
    if lastTripleQuote == nil {
      var index = bytes.count - 3
      while index > start, !bytes.isTripleQuote(at: index) { index -= 1 }
      lastTripleQuote = index
    }
    guard let last = lastTripleQuote, last >= start + 3 else {
      // Nothing closes it: the rest of the line is taken for its text, so that the rest of the file
      // is read.
      let end = endOfLine(bytes, from: position)
      reportOpenString(bytes, start..<start + 3, delimiter: "\"\"\"", end: end)
      if end > position { emit(.stringText, position, end) }
      pending.insert(.mistake)
      return
    }
    lexStringRest(bytes, StringMode(isMultiline: true, start: start))
  }

  /// Reads text up to the next interpolation, the closing quote, or what ends the string too early.
  mutating func lexStringRest(_ bytes: Bytes, _ mode: StringMode) {
    let start = position
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\""), !mode.isMultiline || bytes.isTripleQuote(at: index) {
        emitText(start, index)
        return emit(.stringClose, index, index + (mode.isMultiline ? 3 : 1))
      }
      if byte == UInt8(ascii: "\\") {
        if bytes[orZero: index + 1] == UInt8(ascii: "(") {
          emitText(start, index)
          emit(.interpolationOpen, index, index + 2)
          modes.append(StringMode(isMultiline: mode.isMultiline, start: mode.start))
          return
        }
        index = checkEscape(bytes, at: index)
        continue
      }
      if byte == UInt8(ascii: "\n"), !mode.isMultiline { break }
      if byte < 0x20, byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\t"),
        byte != UInt8(ascii: "\r")
      {
        reportControl(byte, at: index)
      }
      index += 1
    }
    let end = mode.isMultiline ? index : trimmedEnd(bytes, start..<index)
    reportOpenString(
      bytes, mode.start..<max(end, mode.start + 1), delimiter: mode.isMultiline ? "\"\"\"" : "\"",
      end: end,
      isEscaping: bytes[end - 1] == UInt8(ascii: "\\"))
    emitText(start, end)
    position = end
    pending.insert(.mistake)
  }

  private mutating func emitText(_ start: Int, _ end: Int) {
    if end > start { emit(.stringText, start, end) }
  }

  /// Leaves to the program the closing brackets and the opening brace at the end of a line that an
  /// unclosed string would swallow, unless the brackets in the string pair up.
  private func trimmedEnd(_ bytes: Bytes, _ range: Range<Int>) -> Int {
    var end = range.upperBound
    if end > range.lowerBound, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    var balance = 0
    for index in range {
      switch bytes[index] {
      case UInt8(ascii: "{"), UInt8(ascii: "("), UInt8(ascii: "["): balance += 1
      case UInt8(ascii: "}"), UInt8(ascii: ")"), UInt8(ascii: "]"): balance -= 1
      default: break  // open: no bracket
      }
    }
    guard balance != 0 else { return end }
    var cut = end
    while cut > range.lowerBound {
      switch bytes[cut - 1] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: ","), UInt8(ascii: "{"),
        UInt8(ascii: "}"), UInt8(ascii: ")"), UInt8(ascii: "]"):
        cut -= 1
      default: return cut  // open: text
      }
    }
    return end
  }

  /// A line break, or the end of the file, ends the interpolation that is being read, and with it
  /// every string on one line.
  mutating func interruptStrings(_ bytes: Bytes) {
    var open: StringMode?
    while let mode = modes.popLast() {
      open = mode
      if mode.isMultiline { break }
    }
    guard let open else { return }
    let opening = tokens.lastIndex { $0.kind == .interpolationOpen && Int($0.start) >= open.start }
    let place = opening.map { Span(file, tokens[$0].start, tokens[$0].end) }
    if let opening { tokens[opening].flags.insert(.mistake) }
    guard open.isMultiline, position < bytes.count, let place else {
      let delimiter = open.isMultiline ? "\"\"\"" : "\""
      return add(
        Diagnostic(
          .unterminatedString, "this string is not closed",
          at: span(open.start..<open.start + delimiter.utf8.count), caption: "opened here",
          labels: place.map { [Label($0, "in this interpolation")] } ?? [],
          help: "close the interpolation with `)` and the string with `\(delimiter)`"))
    }
    add(
      Diagnostic(
        .unterminatedString, "this interpolation is not closed", at: place, caption: "opened here",
        help: "close it with `)` on its line"))
    lexStringRest(bytes, open)
  }

  /// `isEscaping`: what the delimiter would come behind turns it into text.
  private mutating func reportOpenString(
    _ bytes: Bytes, _ range: Range<Int>, delimiter: String, end: Int, isEscaping: Bool = false
  ) {
    let name = delimiter == "`" ? "a backtick" : "`\(delimiter)`"
    if endsWord(bytes, at: range.lowerBound - 1) {
      // It stands directly behind something: rather the end of a string than its beginning.
      return add(
        Diagnostic(
          .unterminatedString, "this \(name) has no other half",
          at: span(range.lowerBound..<range.lowerBound + delimiter.utf8.count),
          caption: "ends no string", help: "write \(name) before the text too"))
    }
    add(
      Diagnostic(
        .unterminatedString, "this string is not closed", at: span(range),
        caption: "opened here", help: "close it with \(name)",
        fixes: isEscaping
          ? [] : [Fix("close the string", replacing: span(end..<end), with: delimiter)]))
  }

  private func endsWord(_ bytes: Bytes, at index: Int) -> Bool {
    guard index >= 0 else { return false }
    return bytes[index].continuesIdentifier || bytes[index] >= 0x80
      || ").!?".utf8.contains(bytes[index])
  }

  /// Checks the escape at a backslash and returns where it ends.
  private mutating func checkEscape(_ bytes: Bytes, at start: Int) -> Int {
    let byte = bytes[orZero: start + 1]
    switch byte {
    case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "r"), UInt8(ascii: "\""),
      UInt8(ascii: "\\"), UInt8(ascii: "0"):
      return start + 2
    case UInt8(ascii: "u"): return checkUnicodeEscape(bytes, at: start)
    case 0, UInt8(ascii: "\n"), UInt8(ascii: "\r"): return start + 1
    default:  // open: every other escape is a mistake
      let length = bytes.scalar(at: start + 1)?.length ?? 1
      reportEscape(
        start..<start + 1 + length, "there is no such escape",
        help:
          "write `\\\\` for a backslash, or the text between backticks, where nothing is an escape",
        fix: Fix("double the backslash", replacing: span(start..<start + 1), with: "\\\\"))
      return start + 1 + length
    }
  }

  private mutating func checkUnicodeEscape(_ bytes: Bytes, at start: Int) -> Int {
    var index = start + 2
    var value: UInt32 = 0
    let isOpen = bytes[orZero: index] == UInt8(ascii: "{")
    if isOpen { index += 1 }
    let digits = index
    while index - digits < 6, let nibble = bytes[orZero: index].hexadecimalValue {
      value = value << 4 | UInt32(nibble)
      index += 1
    }
    let isClosed = bytes[orZero: index] == UInt8(ascii: "}")
    if isOpen, isClosed, index > digits, Unicode.Scalar(value) != nil { return index + 1 }
    let end = isOpen && isClosed ? index + 1 : index
    let isFormed = isOpen && isClosed && index > digits
    reportEscape(
      start..<end,
      isFormed ? "there is no such Unicode character" : "this Unicode escape is not complete",
      help: "write the character's number in hexadecimal, as in `\\u{1F600}`")
    return end
  }

  private mutating func reportEscape(
    _ range: Range<Int>, _ message: String, help: String, fix: Fix? = nil
  ) {
    add(
      Diagnostic(
        .invalidEscape, message, at: span(range), caption: "this escape", help: help,
        fixes: fix.map { [$0] } ?? []))
    // The token that this lies in is whole: nothing else is wrong.
    pending.remove(.mistake)
  }

  mutating func lexRawString(_ bytes: Bytes) {
    let start = position
    if lastBacktick == nil {
      var index = bytes.count - 1
      while index > start, bytes[index] != UInt8(ascii: "`") { index -= 1 }
      lastBacktick = index
    }
    if let last = lastBacktick, last <= start {
      let end = endOfLine(bytes, from: start)
      reportOpenString(bytes, start..<start + 1, delimiter: "`", end: end)
      emit(.rawString, start, end)
      return
    }
    var index = start + 1
    while index < bytes.count, bytes[index] != UInt8(ascii: "`") {
      if bytes[index] == 0 { reportControl(0, at: index) }
      index += 1
    }
    emit(.rawString, start, min(index + 1, bytes.count))
  }

  mutating func endOfLine(_ bytes: Bytes, from: Int) -> Int {
    var end = from
    if let lineEnds, lineEnds.contains(from) {
      end = lineEnds.upperBound
    } else {
      while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
      lineEnds = from...end
    }
    return end > from && bytes[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
  }
}

extension Swift.Span<UInt8> {
  func isTripleQuote(at index: Int) -> Bool {
    index >= 0 && index + 2 < count && self[index] == UInt8(ascii: "\"")
      && self[index + 1] == UInt8(ascii: "\"") && self[index + 2] == UInt8(ascii: "\"")
  }
}
