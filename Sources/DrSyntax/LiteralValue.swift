// SPDX-License-Identifier: Apache-2.0

import DrBase

/// What a literal stands for, exactly.
package enum LiteralValue: Equatable, Sendable {
  case int(Int64)
  case float(Double)
  case duration(nanoseconds: Int64)
  case bytes(Int64)
  /// In units of 1e-9: `70%` is 700_000_000.
  case percent(nanos: Int64)
  /// In millionths per second: `50rps` is 50_000_000.
  case rate(microsPerSecond: Int64)
  case throughput(bytesPerSecond: Int64)
  case bool(Bool)
  case nilValue
}

extension SyntaxNode {
  /// What a `literal` node stands for; `nil` when that was reported as a mistake, and for other
  /// nodes.
  package func literalValue() -> LiteralValue? {
    guard kind == .literal, let token = children.first(where: { _ in true })?.tokenIndex else {
      return nil
    }
    switch tree.tokens[token].kind {
    case .trueKeyword: return .bool(true)
    case .falseKeyword: return .bool(false)
    case .nilKeyword: return .nilValue
    case .integer, .float, .quantity:
      let range = Int(tree.tokens[token].start)..<Int(tree.tokens[token].end)
      var reader = QuantityReader(range: range)
      let bytes = tree.source.bytes
      guard case .value(let value) = reader.read(bytes.span) else { return nil }
      return value
    default: return nil  // open: no other token is a literal
    }
  }
}

/// A unit of a quantity literal.
enum Unit: String, CaseIterable {
  case ns, us, ms, s, m, h, d
  case B, KB, MB, GB, TB, Ki, Mi, Gi, Ti
  case rps

  var isDuration: Bool {
    switch self {
    case .ns, .us, .ms, .s, .m, .h, .d: true
    case .B, .KB, .MB, .GB, .TB, .Ki, .Mi, .Gi, .Ti, .rps: false
    }
  }

  var isSize: Bool { !isDuration && self != .rps }

  /// In nanoseconds, bytes, or millionths.
  var factor: Int64 {
    switch self {
    case .ns, .B: 1
    case .us, .KB: 1_000
    case .ms, .MB, .rps: 1_000_000
    case .s, .GB: 1_000_000_000
    case .TB: 1_000_000_000_000
    case .m: 60_000_000_000
    case .h: 3_600_000_000_000
    case .d: 86_400_000_000_000
    case .Ki: 1 << 10
    case .Mi: 1 << 20
    case .Gi: 1 << 30
    case .Ti: 1 << 40
    }
  }

  init?(_ text: Bytes) {
    var word: UInt32 = 0
    guard text.count <= 3 else { return nil }
    for index in text.indices { word = word << 8 | UInt32(text[index]) }
    for unit in Self.allCases where unit.packed == word {
      self = unit
      return
    }
    return nil
  }

  private var packed: UInt32 { rawValue.utf8.reduce(0) { $0 << 8 | UInt32($1) } }
}

/// Reads the text of a number or quantity with exact decimal arithmetic.
struct QuantityReader {
  /// What the text is.
  enum Outcome {
    case value(LiteralValue)
    /// Too large for what it measures.
    case overflow
    /// Not a whole number of what it measures in: nanoseconds, bytes, millionths.
    case inexact
    /// A unit that does not exist.
    case unknownUnit(Range<Int>)
    /// A duration whose parts do not go from large to small, or with a fraction before its last
    /// part.
    case disordered
  }

  private var position: Int
  private let start: Int
  private let end: Int

  init(range: Range<Int>) {
    (start, position, end) = (range.lowerBound, range.lowerBound, range.upperBound)
  }

  private struct Decimal {
    var mantissa: Int128 = 0
    var scale: Int128 = 1
    var isFraction = false
    var tooLong = false
  }

  mutating func read(_ text: Bytes) -> Outcome {
    let number = readDecimal(text)
    if position == end { return plain(number, text) }
    if text[position] == UInt8(ascii: "%") {
      return scaled(number, by: 10_000_000) { .percent(nanos: $0) }
    }
    let unitStart = position
    let unit = readUnit(text)
    guard let unit else { return .unknownUnit(unitStart..<end) }
    if unit == .rps, position == end {
      return scaled(number, by: unit.factor) { .rate(microsPerSecond: $0) }
    }
    if unit.isSize {
      if position == end { return scaled(number, by: unit.factor) { .bytes($0) } }
      if text[position] == UInt8(ascii: "/") {
        guard position == end - 2 else { return .unknownUnit(unitStart..<end) }
        return scaled(number, by: unit.factor) { .throughput(bytesPerSecond: $0) }
      }
    }
    return unit.isDuration ? duration(number, unit, text) : .unknownUnit(unitStart..<end)
  }

  private mutating func duration(_ first: Decimal, _ unit: Unit, _ text: Bytes) -> Outcome {
    var (number, unit) = (first, unit)
    var sum: Int64 = 0
    while true {
      switch scaled(number, by: unit.factor, { .duration(nanoseconds: $0) }) {
      case .value(.duration(let nanoseconds)):
        let (total, overflow) = sum.addingReportingOverflow(nanoseconds)
        if overflow { return .overflow }
        sum = total
      case let other: return other
      }
      if position == end { return .value(.duration(nanoseconds: sum)) }
      if number.isFraction { return .disordered }
      let partStart = position
      number = readDecimal(text)
      guard position > partStart, let next = readUnit(text), next.isDuration else {
        return .unknownUnit(partStart..<end)
      }
      guard next.factor < unit.factor else { return .disordered }
      unit = next
    }
  }

  private mutating func readDecimal(_ text: Bytes) -> Decimal {
    var number = Decimal()
    while position < end {
      let byte = text[position]
      if byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") {
        if number.mantissa > 1 << 96 || number.scale > 1 << 90 {
          number.tooLong = true
        } else {
          number.mantissa = number.mantissa * 10 + Int128(byte - UInt8(ascii: "0"))
          if number.isFraction { number.scale *= 10 }
        }
      } else if byte == UInt8(ascii: "."), !number.isFraction {
        number.isFraction = true
      } else if byte != UInt8(ascii: "_") {
        break
      }
      position += 1
    }
    return number
  }

  private mutating func readUnit(_ text: Bytes) -> Unit? {
    let unitStart = position
    while position < end, text[position].isLetter { position += 1 }
    return Unit(text.extracting(unitStart..<position))
  }

  private func plain(_ number: Decimal, _ text: Bytes) -> Outcome {
    if number.isFraction {
      let digits = (start..<end).map { text[$0] }.filter { $0 != UInt8(ascii: "_") }
      guard let value = Double(String(decoding: digits, as: UTF8.self)), value.isFinite else {
        return .overflow
      }
      return .value(.float(value))
    }
    guard !number.tooLong, let value = Int64(exactly: number.mantissa) else { return .overflow }
    return .value(.int(value))
  }

  private func scaled(
    _ number: Decimal, by factor: Int64, _ make: (Int64) -> LiteralValue
  ) -> Outcome {
    if number.tooLong { return number.isFraction ? .inexact : .overflow }
    let (product, overflow) = number.mantissa.multipliedReportingOverflow(by: Int128(factor))
    if overflow { return number.isFraction ? .inexact : .overflow }
    let (quotient, remainder) = product.quotientAndRemainder(dividingBy: number.scale)
    if remainder != 0 { return .inexact }
    guard let value = Int64(exactly: quotient) else { return .overflow }
    return .value(make(value))
  }
}
