// SPDX-License-Identifier: Apache-2.0

/// Appends the bytes of JSON text.
package struct JSONWriter: DataSink {
  private struct Frame {
    let closing: UInt8
    /// Members or elements so far.
    var count = 0
  }

  package private(set) var text: [UInt8] = []
  private let pretty: Bool
  private var frames: [Frame] = []
  /// Whether a name was written and its value is next.
  private var followsName = false

  /// `pretty` puts each member on its own line; `reserving` is a guess at the number of bytes.
  package init(pretty: Bool, reserving capacity: Int = 0) {
    self.pretty = pretty
    text.reserveCapacity(capacity)
  }

  /// Forgets what was written.
  package mutating func restart() {
    text.removeAll(keepingCapacity: true)
    frames.removeAll(keepingCapacity: true)
    followsName = false
  }

  package mutating func null() { scalar("null") }
  package mutating func bool(_ value: Bool) { scalar(value ? "true" : "false") }

  package mutating func int(_ value: Int64) {
    beginValue()
    text.append(contentsOf: String(value).utf8)
  }

  package mutating func float(_ value: Double) {
    guard value.isFinite else { return null() }
    beginValue()
    text.append(contentsOf: decimalText(value).utf8)
  }

  package mutating func string(_ bytes: UnsafeBufferPointer<UInt8>) {
    beginValue()
    appendQuoted(bytes)
  }

  package mutating func beginObject(count: Int) { begin("{", "}") }
  package mutating func endObject() { end() }
  package mutating func beginArray(count: Int) { begin("[", "]") }
  package mutating func endArray() { end() }

  package mutating func name(_ bytes: UnsafeBufferPointer<UInt8>) {
    separate()
    appendQuoted(bytes)
    text.append(UInt8(ascii: ":"))
    if pretty { text.append(UInt8(ascii: " ")) }
    followsName = true
  }

  private mutating func begin(_ opening: Unicode.Scalar, _ closing: Unicode.Scalar) {
    beginValue()
    text.append(UInt8(ascii: opening))
    frames.append(Frame(closing: UInt8(ascii: closing)))
  }

  private mutating func end() {
    guard let frame = frames.popLast() else { return }
    if frame.count > 0 { breakLine(frames.count) }
    text.append(frame.closing)
  }

  private mutating func beginValue() {
    if followsName {
      followsName = false
    } else if !frames.isEmpty {
      separate()
    }
  }

  /// What stands before a member or an element.
  private mutating func separate() {
    let last = frames.count - 1
    if frames[last].count > 0 { text.append(UInt8(ascii: ",")) }
    frames[last].count += 1
    breakLine(frames.count)
  }

  private mutating func breakLine(_ level: Int) {
    guard pretty else { return }
    text.append(UInt8(ascii: "\n"))
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: level * 2))
  }

  private mutating func scalar(_ word: StaticString) {
    beginValue()
    append(word)
  }

  private mutating func appendQuoted(_ bytes: UnsafeBufferPointer<UInt8>) {
    text.append(UInt8(ascii: "\""))
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\""): append("\\\"")
      case UInt8(ascii: "\\"): append("\\\\")
      case 0x08: append("\\b")
      case 0x09: append("\\t")
      case 0x0a: append("\\n")
      case 0x0c: append("\\f")
      case 0x0d: append("\\r")
      case 0..<0x20:
        append(byte < 0x10 ? "\\u000" : "\\u001")
        text.append(contentsOf: String(byte & 15, radix: 16).utf8)
      case let other: text.append(other)
      }
    }
    text.append(UInt8(ascii: "\""))
  }

  private mutating func append(_ word: StaticString) {
    text.append(
      contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
  }
}

/// A finite double in the shortest form that reads back as the same, always with a fraction so
/// that JSON, YAML 1.1 and YAML 1.2 readers all take it for a float: `1.0e+20`.
func decimalText(_ value: Double) -> String {
  let text = value.description
  guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
  return text[..<exponent] + ".0" + text[exponent...]
}
