// SPDX-License-Identifier: Apache-2.0

import DrBase

extension Lexer {
  mutating func lexNumber(_ bytes: Bytes) {
    let start = position
    var index = digits(bytes, from: start)
    var isFraction = false
    if bytes[orZero: index] == UInt8(ascii: "."), bytes[orZero: index + 1].isDigit {
      isFraction = true
      index = digits(bytes, from: index + 1)
      if bytes[orZero: index] == UInt8(ascii: "."), bytes[orZero: index + 1].isDigit {
        return lexDotted(bytes, from: index)
      }
    }
    if bytes[start] == UInt8(ascii: "0"), bytes[orZero: start + 1].isDigit {
      reportLeadingZero(bytes, start..<index)
    }
    let next = bytes[orZero: index]
    if next == UInt8(ascii: "%") {
      return lexQuantity(bytes, start..<index + 1)
    }
    if next.isLetter || next >= 0x80 {
      let end = endOfTail(bytes, from: index)
      if end > index { return lexQuantity(bytes, start..<end) }
    }
    if index - start > 18 {
      var reader = QuantityReader(range: start..<index)
      if case .overflow = reader.read(bytes) {
        report(
          .invalidNumber, "this number does not fit into 64 bits", start..<index,
          help: isFraction ? "write a smaller number" : "write a number up to 9223372036854775807")
      }
    }
    emit(isFraction ? .float : .integer, start, index)
    tokens[tokens.count - 1].flags.remove(.mistake)
  }

  /// `007`, which elsewhere is octal, and `2026-01-02`: once for a line.
  private mutating func reportLeadingZero(_ bytes: Bytes, _ range: Range<Int>) {
    let message = "a number does not begin with 0"
    if let last = diagnostics.last, last.message == message,
      Int(last.span?.start ?? 0) >= lineStart
    {
      return
    }
    report(
      .invalidNumber, message, range,
      help: "leave the 0 out; a date or a code is a text, in double quotes")
  }

  private func digits(_ bytes: Bytes, from: Int) -> Int {
    var index = from
    while index < bytes.count, bytes[index].isDigit || bytes[index] == UInt8(ascii: "_") {
      index += 1
    }
    return index
  }

  /// Letters and digits after a number, with fractions: `h30m`, `s1.5ms`.
  private func endOfTail(_ bytes: Bytes, from: Int) -> Int {
    var index = from
    while true {
      index = endOfIdentifier(bytes, from: index)
      guard bytes[orZero: index] == UInt8(ascii: "."), bytes[orZero: index + 1].isDigit,
        bytes[index - 1].isDigit
      else { return index }
      index += 1
    }
  }

  /// `1.26.3` and `10.0.0.1`.
  private mutating func lexDotted(_ bytes: Bytes, from: Int) {
    let start = position
    var index = from
    while index < bytes.count,
      bytes[index].continuesIdentifier
        || bytes[index] == UInt8(ascii: ".") && bytes[orZero: index + 1].continuesIdentifier
        || (bytes[index] == UInt8(ascii: ":") || bytes[index] == UInt8(ascii: "/"))
          && bytes[orZero: index + 1].isDigit
    {
      index += 1
    }
    let text = String(decoding: (start..<index).map { bytes[$0] }, as: UTF8.self)
    report(
      .invalidNumber, "`\(text)` is not a number", start..<index,
      help: "write a version or an address as a string: \"\(text)\"",
      fixes: [
        Fix("put it in quotes", replacing: span(start..<index), with: "\"\(text)\"", .safe)
      ])
    emit(.float, start, index)
    tokens[tokens.count - 1].flags.remove(.mistake)
  }

  private mutating func lexQuantity(_ bytes: Bytes, _ range: Range<Int>) {
    var range = range
    var reader = QuantityReader(range: range)
    var outcome = reader.read(bytes)
    if let end = endOfPerSecond(bytes, from: range.upperBound) {
      switch outcome {
      case .value(.bytes), .unknownUnit:
        range = range.lowerBound..<end
        reader = QuantityReader(range: range)
        outcome = reader.read(bytes)
      default: break  // open: a division
      }
    }
    switch outcome {
    case .value: break
    case .overflow:
      report(
        .invalidNumber, "this quantity does not fit into 64 bits", range,
        help: "write a smaller quantity")
    case .inexact:
      report(
        .invalidNumber, "this quantity is not a whole number of \(smallest(bytes, range))", range,
        help: "write it in a smaller unit")
    case .disordered:
      report(
        .invalidNumber, "the parts of a duration go from large to small", range,
        help: "write it as in 1h30m, with a fraction only in the last part")
    case .unknownUnit(let unit): reportUnit(bytes, range, unit)
    }
    emit(.quantity, range.lowerBound, range.upperBound)
    tokens[tokens.count - 1].flags.remove(.mistake)
  }

  /// Where `/s` ends, or `/sec` and its like, which no program may hold.
  private func endOfPerSecond(_ bytes: Bytes, from start: Int) -> Int? {
    guard bytes[orZero: start] == UInt8(ascii: "/"), bytes[orZero: start + 1] == UInt8(ascii: "s")
    else { return nil }
    let end = endOfIdentifier(bytes, from: start + 1)
    let isUnit = ["s", "sec", "second"].contains { name in
      end == start + 1 + name.utf8.count && bytes.holds(Array(name.utf8), at: start + 1)
    }
    return isUnit ? end : nil
  }

  private func smallest(_ bytes: Bytes, _ range: Range<Int>) -> String {
    let last = bytes[range.upperBound - 1]
    if last == UInt8(ascii: "%") { return "billionths" }
    let text = String(decoding: range.map { bytes[$0] }, as: UTF8.self)
    if text.hasSuffix("rps") { return "millionths per second" }
    if text.hasSuffix("/s") || text.hasSuffix("B") || text.hasSuffix("i") { return "bytes" }
    return "nanoseconds"
  }

  private mutating func reportUnit(_ bytes: Bytes, _ range: Range<Int>, _ unit: Range<Int>) {
    let text = String(decoding: unit.map { bytes[$0] }, as: UTF8.self)
    let number = String(
      decoding: (range.lowerBound..<unit.lowerBound).map { bytes[$0] }, as: UTF8.self)
    if number == "0", "xXbBoO".contains(text.prefix(1)), text.dropFirst().allSatisfy(\.isHexDigit) {
      return report(
        .invalidNumber, "numbers are decimal", range, help: "write the number in decimal")
    }
    let exponent = text.dropFirst()
    if text.first == "e" || text.first == "E", exponent.allSatisfy(\.isNumber) {
      return report(
        .invalidNumber, "a number has no exponent", range,
        help: "write all its digits, as in 1_000_000")
    }
    guard let nearest = nearestUnit(to: text) else {
      return report(
        .unknownUnit, "there is no unit `\(text)`", unit, caption: "no unit",
        help: "write one of ns us ms s m h d, B KB MB GB TB Ki Mi Gi Ti, %, rps, or a size with /s")
    }
    report(
      .unknownUnit, "there is no unit `\(text)`", unit, caption: "no unit",
      help: "write \(number)\(nearest.unit)",
      fixes: [
        Fix(
          "write \(number)\(nearest.unit)", replacing: span(unit), with: nearest.unit,
          nearest.isSure ? .safe : .review)
      ])
  }
}
