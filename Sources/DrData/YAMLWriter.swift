// SPDX-License-Identifier: Apache-2.0

/// Appends the bytes of YAML text. Written by hand and not by libyaml's emitter: the choice of
/// style per scalar is what makes the bytes stable and safe under YAML 1.1 and 1.2 alike.
///
/// The cursor stands where the next value goes: at the start of a line for a document, behind the
/// colon for a member, behind the dash for an element.
package struct YAMLWriter: DataSink {
  private enum Kind { case document, object, array }

  /// What values are in.
  private struct Frame {
    let kind: Kind
    /// Of its members or dashes, in steps of two spaces.
    let level: Int
    /// Members or elements so far.
    var count = 0
  }

  private var buffer: TextBuffer
  /// The innermost collection, and those around it.
  private var frame = Frame(kind: .document, level: -1)
  private var outer: [Frame] = []

  /// `reserving` is a guess at the number of bytes.
  package init(reserving capacity: Int = 0) { buffer = TextBuffer(reserving: capacity) }

  /// What was written.
  package var text: ArraySlice<UInt8> { buffer.bytes }

  /// Forgets what was written.
  package mutating func restart() {
    buffer.removeAll()
    outer.removeAll(keepingCapacity: true)
    frame = Frame(kind: .document, level: -1)
  }

  package mutating func separateDocuments() { append("---\n") }

  // Scalars

  package mutating func null() { scalar("null") }
  package mutating func bool(_ value: Bool) { scalar(value ? "true" : "false") }

  package mutating func int(_ value: Int64) {
    let (indent, mark) = beginScalar()
    buffer.append(atMost: 2 * indent + 2 + 20 + 1) { start in
      mark.write(at: start.indenting(indent)).writing(decimal: value).writing(newline)
    }
  }

  package mutating func float(_ value: Double) {
    if value.isNaN { return scalar(".nan") }
    if value.isInfinite { return scalar(value < 0 ? "-.inf" : ".inf") }
    var text = decimalText(value)
    text.withUTF8 { plain($0) }
  }

  package mutating func string(_ bytes: UnsafeBufferPointer<UInt8>) {
    switch YAMLStyle(of: bytes) {
    case .plain: plain(bytes)
    case .literal:
      let level = max(frame.level, 0) + 1
      beginLongScalar()
      literal(bytes, level)
    case .doubleQuoted:
      beginLongScalar()
      YAMLStyle.appendDoubleQuoted(bytes, to: &buffer)
      append("\n")
    }
  }

  /// A scalar or an empty collection.
  private mutating func scalar(_ word: StaticString) {
    plain(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
  }

  private mutating func plain(_ bytes: UnsafeBufferPointer<UInt8>) {
    let (indent, mark) = beginScalar()
    buffer.append(atMost: 2 * indent + 2 + bytes.count + 1) { start in
      mark.write(at: start.indenting(indent)).writing(bytes).writing(newline)
    }
  }

  /// What stands before a value on its line.
  private enum Mark {
    case none, blank, dash

    @inline(__always)
    func write(at start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
      switch self {
      case .none: start
      case .blank: start.writing(UInt8(ascii: " "))
      case .dash: start.writing(UInt8(ascii: "-")).writing(UInt8(ascii: " "))
      }
    }
  }

  /// What comes before the value that is next: an indentation, and a mark.
  @inline(__always)
  private mutating func beginScalar() -> (indent: Int, mark: Mark) {
    switch frame.kind {
    case .document: return (0, .none)
    case .object: return (0, .blank)
    case .array:
      frame.count += 1
      // The first dash stands where the cursor is.
      return (frame.count > 1 ? frame.level : 0, .dash)
    }
  }

  private mutating func beginLongScalar() {
    let (indent, mark) = beginScalar()
    buffer.append(atMost: 2 * indent + 2) { mark.write(at: $0.indenting(indent)) }
  }

  private mutating func literal(_ bytes: UnsafeBufferPointer<UInt8>, _ level: Int) {
    let isClosed = bytes.last == newline
    append(isClosed ? "|\n" : "|-\n")
    var lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
    if isClosed { lines.removeLast() }
    for line in lines {
      let indent = line.isEmpty ? 0 : level
      buffer.append(atMost: 2 * indent + line.count + 1) { start in
        start.indenting(indent).writing(UnsafeBufferPointer(rebasing: line)).writing(newline)
      }
    }
  }

  // Collections

  package mutating func beginObject(count: Int) {
    guard count > 0 else { return beginEmpty("{}", .object) }
    let level = frame.level + 1
    switch frame.kind {
    case .document: break
    case .object: breakLine(level)
    case .array: beginLongScalar()
    }
    open(Frame(kind: .object, level: level))
  }

  /// Whether a name needs neither quotes nor a mark.
  package static func isPlain(name bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    // Readers look at most 1024 characters ahead for the colon of a simple key.
    bytes.count <= longName && YAMLStyle(of: bytes) == .plain
  }

  private static let longName = 256

  /// A name of which `isPlain` is known.
  package mutating func plainName(_ bytes: UnsafeBufferPointer<UInt8>) {
    let indent = frame.count > 0 ? frame.level : 0
    frame.count += 1
    buffer.append(atMost: 2 * indent + bytes.count + 1) { start in
      start.indenting(indent).writing(bytes).writing(UInt8(ascii: ":"))
    }
  }

  package mutating func name(_ bytes: UnsafeBufferPointer<UInt8>) {
    if Self.isPlain(name: bytes) { return plainName(bytes) }
    let indent = frame.count > 0 ? frame.level : 0
    frame.count += 1
    let isLong = bytes.count > Self.longName
    buffer.append(atMost: 2 * indent) { $0.indenting(indent) }
    if isLong { append("? ") }
    if YAMLStyle(of: bytes) == .plain {
      buffer.append(bytes)
    } else {
      YAMLStyle.appendDoubleQuoted(bytes, to: &buffer)
    }
    if isLong { breakLine(frame.level) }
    append(":")
  }

  package mutating func endObject() { close() }

  package mutating func beginArray(count: Int) {
    guard count > 0 else { return beginEmpty("[]", .array) }
    var level = 0
    switch frame.kind {
    case .document: break
    case .object:
      // Dashes stand under the name, as kubectl writes them.
      level = frame.level
      breakLine(level)
    case .array:
      beginLongScalar()
      level = frame.level + 1
    }
    open(Frame(kind: .array, level: level))
  }

  package mutating func endArray() { close() }

  private mutating func beginEmpty(_ word: StaticString, _ kind: Kind) {
    scalar(word)
    open(Frame(kind: kind, level: 0))
  }

  private mutating func open(_ inner: Frame) {
    outer.append(frame)
    frame = inner
  }

  private mutating func close() {
    if let around = outer.popLast() { frame = around }
  }

  // Bytes

  private mutating func breakLine(_ level: Int) {
    buffer.append(atMost: 1 + 2 * level) { $0.writing(newline).indenting(level) }
  }

  private mutating func append(_ word: StaticString) {
    buffer.append(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
  }
}

private let newline = UInt8(ascii: "\n")

extension UnsafeMutablePointer<UInt8> {
  /// Writes a whole number in decimal digits, at most 20 bytes.
  fileprivate func writing(decimal value: Int64) -> Self {
    var start = self
    if value < 0 { start = start.writing(UInt8(ascii: "-")) }
    var rest = value.magnitude
    var end = start
    repeat {
      end = end.writing(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    var digits = UnsafeMutableBufferPointer(start: start, count: end - start)
    digits.reverse()
    return end
  }
}
