// SPDX-License-Identifier: Apache-2.0

/// Appends the bytes of YAML text. Written by hand and not by libyaml's emitter: the choice of
/// style per scalar is what makes the bytes stable and safe under YAML 1.1 and 1.2 alike.
///
/// The cursor stands where the next value goes: at the start of a line for a document, behind the
/// colon for a member, behind the dash for an element.
package struct YAMLWriter: DataSink {
  private enum Kind { case object, array }

  /// A collection that was begun.
  private struct Frame {
    let kind: Kind
    /// Of its members or dashes, in steps of two spaces.
    let level: Int
    /// Members or elements so far.
    var count = 0
  }

  package private(set) var text: [UInt8] = []
  private var frames: [Frame] = []

  /// `reserving` is a guess at the number of bytes.
  package init(reserving capacity: Int = 0) { text.reserveCapacity(capacity) }

  package mutating func separateDocuments() { append("---\n") }

  // Scalars

  package mutating func null() { scalar("null") }
  package mutating func bool(_ value: Bool) { scalar(value ? "true" : "false") }

  package mutating func int(_ value: Int64) {
    beginScalar()
    appendDecimal(value, to: &text)
    endLine()
  }

  package mutating func float(_ value: Double) {
    if value.isNaN { return scalar(".nan") }
    if value.isInfinite { return scalar(value < 0 ? "-.inf" : ".inf") }
    beginScalar()
    append(decimalText(value))
    endLine()
  }

  package mutating func string(_ bytes: UnsafeBufferPointer<UInt8>) {
    beginScalar()
    switch YAMLStyle(of: bytes) {
    case .plain: text.append(contentsOf: bytes)
    case .literal: return literal(bytes, (frames.last?.level ?? 0) + 1)
    case .doubleQuoted: YAMLStyle.appendDoubleQuoted(bytes, to: &text)
    }
    endLine()
  }

  /// A scalar or an empty collection, in ASCII.
  private mutating func scalar(_ word: StaticString) {
    beginScalar()
    append(word)
    endLine()
  }

  private mutating func beginScalar() {
    guard let frame = frames.last else { return }
    switch frame.kind {
    case .object: text.append(UInt8(ascii: " "))
    case .array: beginElement()
    }
  }

  private mutating func literal(_ bytes: UnsafeBufferPointer<UInt8>, _ level: Int) {
    let isClosed = bytes.last == UInt8(ascii: "\n")
    append(isClosed ? "|\n" : "|-\n")
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if isClosed { lines.removeLast() }
    for line in lines {
      if !line.isEmpty { indent(level) }
      text.append(contentsOf: line)
      endLine()
    }
  }

  // Collections

  package mutating func beginObject(count: Int) {
    guard count > 0 else { return beginEmpty("{}", .object) }
    var level = 0
    if let frame = frames.last {
      level = frame.level + 1
      switch frame.kind {
      case .object:
        endLine()
        indent(level)
      case .array: beginElement()
      }
    }
    frames.append(Frame(kind: .object, level: level))
  }

  package mutating func name(_ bytes: UnsafeBufferPointer<UInt8>) {
    let last = frames.count - 1
    let level = frames[last].level
    if frames[last].count > 0 { indent(level) }
    frames[last].count += 1
    // Readers look at most 1024 characters ahead for the colon of a simple key.
    let isLong = bytes.count > 256
    if isLong { append("? ") }
    if YAMLStyle(of: bytes) == .plain {
      text.append(contentsOf: bytes)
    } else {
      YAMLStyle.appendDoubleQuoted(bytes, to: &text)
    }
    if isLong {
      endLine()
      indent(level)
    }
    text.append(UInt8(ascii: ":"))
  }

  package mutating func endObject() { frames.removeLast() }

  package mutating func beginArray(count: Int) {
    guard count > 0 else { return beginEmpty("[]", .array) }
    var level = 0
    if let frame = frames.last {
      switch frame.kind {
      case .object:
        endLine()
        // Dashes stand under the name, as kubectl writes them.
        level = frame.level
        indent(level)
      case .array:
        beginElement()
        level = frame.level + 1
      }
    }
    frames.append(Frame(kind: .array, level: level))
  }

  package mutating func endArray() { frames.removeLast() }

  private mutating func beginEmpty(_ word: StaticString, _ kind: Kind) {
    scalar(word)
    frames.append(Frame(kind: kind, level: 0))
  }

  private mutating func beginElement() {
    let last = frames.count - 1
    if frames[last].count > 0 { indent(frames[last].level) }
    frames[last].count += 1
    append("- ")
  }

  // Bytes

  private mutating func endLine() { text.append(UInt8(ascii: "\n")) }

  private mutating func indent(_ level: Int) {
    if level > 0 { text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level)) }
  }

  private mutating func append(_ word: StaticString) {
    text.append(
      contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
  }

  private mutating func append(_ string: String) { text.append(contentsOf: string.utf8) }
}

/// A whole number in decimal digits.
func appendDecimal(_ value: Int64, to text: inout [UInt8]) {
  if value < 0 { text.append(UInt8(ascii: "-")) }
  var rest = value.magnitude
  let start = text.count
  repeat {
    text.append(UInt8(ascii: "0") + UInt8(rest % 10))
    rest /= 10
  } while rest > 0
  text[start...].reverse()
}
