// SPDX-License-Identifier: Apache-2.0

/// Bytes that grow at their end, a piece at a time: there is room for a piece before any of it is
/// written, so that its bytes are not looked after one by one.
struct TextBuffer {
  /// What was written, and room after it.
  private var room: [UInt8]
  private(set) var count = 0

  init(reserving capacity: Int) { room = [UInt8](repeating: 0, count: max(capacity, 64)) }

  var bytes: ArraySlice<UInt8> { room[..<count] }

  mutating func removeAll() { count = 0 }

  /// Adds what `write` puts at an address, at most `most` bytes; it gives the address after the last.
  @inline(__always)
  mutating func append(
    atMost most: Int, _ write: (UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8>
  ) {
    if room.count - count < most { grow(by: most) }
    let start = count
    count = room.withUnsafeMutableBufferPointer { room in
      guard let base = room.baseAddress else { return start }
      return write(base + start) - base
    }
    assert(count - start <= most)
  }

  mutating func append(_ part: some Collection<UInt8>) {
    append(atMost: part.count) { start in
      var end = start
      for byte in part {
        end.pointee = byte
        end += 1
      }
      return end
    }
  }

  @inline(never)
  private mutating func grow(by count: Int) {
    var larger = [UInt8](repeating: 0, count: 2 * room.count + count)
    larger.replaceSubrange(..<self.count, with: room[..<self.count])
    room = larger
  }
}

extension UnsafeMutablePointer<UInt8> {
  /// Writes bytes here; gives the address after them.
  @inline(__always)
  func writing(_ bytes: UnsafeBufferPointer<UInt8>) -> Self {
    guard let start = bytes.baseAddress else { return self }
    update(from: start, count: bytes.count)
    return self + bytes.count
  }

  @inline(__always)
  func writing(_ byte: UInt8) -> Self {
    pointee = byte
    return self + 1
  }

  /// Writes so many levels of indentation.
  @inline(__always)
  func indenting(_ level: Int) -> Self {
    update(repeating: UInt8(ascii: " "), count: 2 * level)
    return self + 2 * level
  }
}
