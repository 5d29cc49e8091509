// SPDX-License-Identifier: Apache-2.0

/// What a person did at the keyboard.
package enum Key: Sendable, Equatable {
  case text(String)
  /// What came between the marks of a bracketed paste.
  case paste(String)
  /// Ctrl and a small letter, or one of `@ [ \ ] ^ _`.
  case control(Character)
  case alt(Character)
  case enter, altEnter, tab, backTab, escape
  case backspace, delete, altBackspace
  case left, right, up, down, home, end, pageUp, pageDown
  case wordLeft, wordRight
}

/// Bytes of a terminal to keys. A sequence may come in any number of pieces.
package struct KeyDecoder: Sendable {
  private var pending: [UInt8] = []
  private var pasted: [UInt8]?

  private static let pasteEnd = Array("\u{1B}[201~".utf8)
  /// A sequence that is longer than this is none.
  private static let longest = 32

  package init() {}

  /// Whether something was begun that may be a whole key already: a lone Escape.
  package var isWaiting: Bool { !pending.isEmpty && pasted == nil }

  package mutating func decode(_ bytes: some Sequence<UInt8>) -> [Key] {
    pending += bytes
    var keys: [Key] = []
    while let key = next(isFinal: false) { keys += key }
    return joined(keys)
  }

  /// Takes what is there as it is: no more bytes came for a while.
  package mutating func flush() -> [Key] {
    guard isWaiting else { return [] }
    var keys: [Key] = []
    while let key = next(isFinal: true) { keys += key }
    return joined(keys)
  }

  /// Neighbouring letters are one text: a paste without marks is drawn once.
  private func joined(_ keys: [Key]) -> [Key] {
    var result: [Key] = []
    for key in keys {
      if case .text(let text) = key, case .text(let before)? = result.last {
        result[result.count - 1] = .text(before + text)
      } else {
        result.append(key)
      }
    }
    return result
  }

  /// The next key, `[]` for a sequence that means nothing, `nil` where bytes are missing.
  private mutating func next(isFinal: Bool) -> [Key]? {
    if pasted != nil { return nextOfPaste() }
    guard let first = pending.first else { return nil }
    if first == 0x1B { return nextOfEscape(isFinal: isFinal) }
    if first < 0x20 || first == 0x7F {
      pending.removeFirst()
      return [Self.controlKey(first)]
    }
    let length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1
    if pending.count < length, !isFinal,
      pending.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 })
    {
      return nil
    }
    var taken = 1
    while taken < min(length, pending.count), pending[taken] & 0xC0 == 0x80 { taken += 1 }
    let text = String(decoding: pending[..<taken], as: UTF8.self)
    pending.removeFirst(taken)
    return [.text(text)]
  }

  private static func controlKey(_ byte: UInt8) -> Key {
    switch byte {
    case 0x09: .tab
    case 0x0A, 0x0D: .enter
    case 0x08, 0x7F: .backspace
    case 0x00: .control("@")
    case 0x1B...0x1F: .control(Character(Unicode.Scalar(byte + 0x40)))
    default: .control(Character(Unicode.Scalar(byte + 0x60)))
    }
  }

  private mutating func nextOfPaste() -> [Key]? {
    let end = Self.pasteEnd
    guard pending.count >= end.count else { return nil }
    for start in 0...(pending.count - end.count)
    where pending[start..<start + end.count].elementsEqual(end) {
      let bytes = (pasted ?? []) + pending[..<start]
      pending.removeFirst(start + end.count)
      pasted = nil
      return [.paste(String(decoding: bytes, as: UTF8.self))]
    }
    // What cannot be the beginning of the end mark is put aside, so that no byte is seen twice.
    let safe = pending.count - end.count + 1
    pasted?.append(contentsOf: pending[..<safe])
    pending.removeFirst(safe)
    return nil
  }

  private mutating func nextOfEscape(isFinal: Bool) -> [Key]? {
    guard pending.count > 1 else {
      guard isFinal else { return nil }
      pending.removeAll()
      return [.escape]
    }
    switch pending[1] {
    case UInt8(ascii: "["): return nextOfSequence(isFinal: isFinal)
    case UInt8(ascii: "O"):
      guard pending.count > 2 else { return isFinal ? alt() : nil }
      let final = pending[2]
      pending.removeFirst(3)
      return Self.key(final: final, parameters: []).map { [$0] } ?? []
    case 0x1B:
      pending.removeFirst()
      return [.escape]
    default: return alt()  // open: Escape and a key is Alt and that key
    }
  }

  private mutating func alt() -> [Key] {
    let byte = pending[1]
    guard byte < 0x80 else {
      pending.removeFirst()
      return [.escape]
    }
    pending.removeFirst(2)
    switch byte {
    case 0x7F, 0x08: return [.altBackspace]
    case 0x0A, 0x0D: return [.altEnter]
    case 0..<0x20: return []
    default: return [.alt(Character(Unicode.Scalar(byte)))]
    }
  }

  /// `ESC [ parameters final`
  private mutating func nextOfSequence(isFinal: Bool) -> [Key]? {
    guard
      let end = pending.indices.dropFirst(2).first(where: { (0x40...0x7E).contains(pending[$0]) })
    else {
      if isFinal || pending.count > Self.longest {
        pending.removeAll()
        return []
      }
      return nil
    }
    let parameters = String(decoding: pending[2..<end], as: UTF8.self).split(separator: ";")
      .map { Int($0) ?? 0 }
    let final = pending[end]
    pending.removeFirst(end + 1)
    if final == UInt8(ascii: "~"), parameters.first == 200 {
      pasted = []
      return []
    }
    return Self.key(final: final, parameters: parameters).map { [$0] } ?? []
  }

  private static func key(final: UInt8, parameters: [Int]) -> Key? {
    // The second parameter is one more than the sum of Shift 1, Alt 2, Ctrl 4.
    let isWord = parameters.count > 1 && (parameters[1] - 1) & 6 != 0
    switch Character(Unicode.Scalar(final)) {
    case "A": return .up
    case "B": return .down
    case "C": return isWord ? .wordRight : .right
    case "D": return isWord ? .wordLeft : .left
    case "H": return .home
    case "F": return .end
    case "Z": return .backTab
    case "M": return .enter
    case "~":
      switch parameters.first {
      case 1, 7: return .home
      case 4, 8: return .end
      case 3: return .delete
      case 5: return .pageUp
      case 6: return .pageDown
      default: return nil
      }
    default: return nil
    }
  }
}
