// SPDX-License-Identifier: Apache-2.0

/// Finds secrets in a text of any kind: JSON, headers, URLs, YAML, command lines, prose.
struct SecretScanner {
  private let text: UnsafeBufferPointer<UInt8>
  /// In order, none of them empty.
  private(set) var hidden: [Range<Int>] = []
  private var index = 0
  /// Where the URL ends that is being passed.
  private var urlEnd = 0

  private static let nameMax = 64
  /// Shorter words are no tokens.
  private static let tokenMin = 16

  init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

  /// Byte by byte, once: every call and every answer of a run comes here.
  mutating func scan() {
    while index < text.count {
      switch text[index] {
      case UInt8(ascii: "="): assignment()
      case UInt8(ascii: ":"): if follows("//", index + 1) { url() } else { member() }
      case UInt8(ascii: ">"): element()
      case UInt8(ascii: " "): word()
      case UInt8(ascii: "e") where follows("yJ", index + 1): webToken()
      case UInt8(ascii: "-") where follows("----BEGIN ", index + 1): armour()
      case _: break
      }
      index += 1
    }
  }

  private func follows(_ word: StaticString, _ start: Int) -> Bool {
    guard start >= 0, start + word.utf8CodeUnitCount <= text.count else { return false }
    for offset in 0..<word.utf8CodeUnitCount
    where text[start + offset] != word.utf8Start[offset] { return false }
    return true
  }

  private func byte(_ place: Int) -> UInt8? { text.indices.contains(place) ? text[place] : nil }

  /// Hides what is there, unless it only names a secret, and goes on behind it.
  private mutating func hide(_ range: Range<Int>) {
    guard !range.isEmpty, !Self.isReference(text[range]), !isOpen(range) else { return }
    hidden.append(range)
    index = range.upperBound - 1
  }

  /// What is hidden already, what says that there is none, and what a program puts there.
  private func isOpen(_ range: Range<Int>) -> Bool {
    ["nil", "null", "true", "false"].contains { text[range].elementsEqual($0.utf8) }
      || text[range].starts(with: "•••".utf8) || follows("\\(", range.lowerBound)
  }

  /// `env:NAME`, `Bearer file:/path`
  static func isReference(_ value: some BidirectionalCollection<UInt8>) -> Bool {
    let word = value.suffix(
      from: value.lastIndex(of: 0x20).map(value.index(after:)) ?? value.startIndex)
    return word.starts(with: "env:".utf8) || word.starts(with: "file:/".utf8)
  }

  // MARK: Names and values

  private static func isOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: "%"):
      true
    case _: false
    }
  }

  private static func isQuote(_ byte: UInt8?) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
  }

  /// The name that ends before a place, with or without quotes.
  private func name(before end: Int) -> Range<Int> {
    var end = end
    while byte(end - 1) == 0x20 { end -= 1 }
    if Self.isQuote(byte(end - 1)) {
      end -= 1
      while byte(end - 1) == UInt8(ascii: "\\") { end -= 1 }
    }
    var start = end
    while let byte = byte(start - 1), Self.isOfName(byte), end - start < Self.nameMax { start -= 1 }
    return start..<end
  }

  private func isSecret(_ name: Range<Int>, isShort: Bool) -> Bool {
    guard name.count > 1 else { return false }
    guard text[name].contains(UInt8(ascii: "%")) else {
      return SecretName.isSecret(text[name], isShort: isShort)
    }
    var plain: [UInt8] = []
    var rest = text[name]
    while let byte = rest.popFirst() {
      let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      if byte == UInt8(ascii: "%"), let code {
        plain.append(code)
        rest = rest.dropFirst(2)
      } else {
        plain.append(byte)
      }
    }
    return SecretName.isSecret(plain, isShort: isShort)
  }

  /// From a place on: what is in quotes, or a word; empty where neither is there.
  private func value(from start: Int, isLine: Bool = false) -> Range<Int> {
    var start = start
    while byte(start) == 0x20 { start += 1 }
    var mark = start
    while byte(mark) == UInt8(ascii: "\\") { mark += 1 }
    if let quote = byte(mark), Self.isQuote(quote) {
      let isEscaped = mark > start
      start = mark + 1
      var end = start
      while let byte = byte(end), byte != quote {
        if byte == UInt8(ascii: "\\"), isEscaped { break }
        end = byte == UInt8(ascii: "\\") ? afterEscape(end) : end + 1
      }
      return start..<min(end, text.count)
    }
    var end = start
    while let byte = byte(end), !(isLine ? Self.endsLine(byte) : Self.endsWord(byte)) { end += 1 }
    return start..<end
  }

  /// What a program puts into a text (`\(…)`) has quotes of its own.
  private func afterEscape(_ start: Int) -> Int {
    guard byte(start + 1) == UInt8(ascii: "(") else { return start + 2 }
    var depth = 0
    var end = start + 1
    repeat {
      if byte(end) == UInt8(ascii: "(") { depth += 1 }
      if byte(end) == UInt8(ascii: ")") { depth -= 1 }
      end += 1
    } while depth > 0 && end < text.count
    return end
  }

  private static func endsLine(_ byte: UInt8) -> Bool {
    byte < 0x20 || isQuote(byte) || byte == UInt8(ascii: "\\")
  }

  private static func endsWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"), UInt8(ascii: "&"),
      UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "("),
      UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
      UInt8(ascii: "}"), UInt8(ascii: "#"), UInt8(ascii: "|"):
      true
    case _: false
    }
  }

  // MARK: What is found

  /// `token=…`, `secret = "…"`; not `token == …`.
  private mutating func assignment() {
    guard byte(index + 1) != UInt8(ascii: "="),
      byte(index - 1).map({ !"=!<>".utf8.contains($0) }) ?? false
    else { return }
    let name = name(before: index)
    if isSecret(name, isShort: index < urlEnd) { hide(value(from: index + 1)) }
  }

  /// `"token": "…"`, `password: …`, `Authorization: …`
  private mutating func member() {
    let name = name(before: index)
    guard isSecret(name, isShort: false) else { return }
    if SecretName.isSecretLine(text[name]), !Self.isQuote(byte(index - 1)) {
      return hide(value(from: index + 1, isLine: true))
    }
    // Of an input too: `token:="…"`.
    let value = value(from: index + (byte(index + 1) == UInt8(ascii: "=") ? 2 : 1))
    // Prose: `invalid token: expired`.
    if name.upperBound == index, !Self.isQuote(byte(value.lowerBound - 1)), isInSentence(name),
      !isRandom(value)
    {
      return
    }
    hide(value)
  }

  /// Whether a word stands before it.
  private func isInSentence(_ name: Range<Int>) -> Bool {
    guard byte(name.lowerBound - 1) == 0x20, let before = byte(name.lowerBound - 2) else {
      return false
    }
    return Self.isOfName(before) && before != UInt8(ascii: "-")
  }

  private func isRandom(_ value: Range<Int>) -> Bool {
    value.count >= 8 && text[value].contains { 0x30...0x39 ~= $0 }
  }

  /// `<password>…<`
  private mutating func element() {
    let name = name(before: index)
    guard byte(name.lowerBound - 1) == UInt8(ascii: "<"), isSecret(name, isShort: false) else {
      return
    }
    let end = text[(index + 1)...].firstIndex(of: UInt8(ascii: "<")) ?? text.count
    hide(index + 1..<end)
  }

  /// What follows `--token`, and `Bearer`.
  private mutating func word() {
    let name = name(before: index)
    guard name.upperBound == index, !name.isEmpty else { return }
    if follows("--", name.lowerBound), isSecret(name, isShort: false) {
      return hide(value(from: index + 1))
    }
    guard name.count == 6, text[name].map({ $0 | 0x20 }).elementsEqual("bearer".utf8) else {
      return
    }
    let value = value(from: index + 1)
    // 0xe2 begins what is hidden already.
    if value.count >= Self.tokenMin, !text[value].contains(0xe2) { hide(value) }
  }

  /// A JSON Web Token (RFC 7519).
  private mutating func webToken() {
    var end = index
    while let byte = byte(end), Self.isOfName(byte) { end += 1 }
    if end - index >= Self.tokenMin, text[index..<end].contains(UInt8(ascii: ".")) {
      hide(index..<end)
    }
  }

  /// A private key in PEM (RFC 7468).
  private mutating func armour() {
    guard let line = text[(index + 5)...].firstIndex(of: UInt8(ascii: "-")),
      text[index..<line].suffix(12).elementsEqual(" PRIVATE KEY".utf8)
    else { return }
    var end = line
    while end < text.count, !follows("-----END", end) { end += 1 }
    hide(min(line + 5, end)..<end)
  }

  // MARK: URLs

  /// From `://` on: the name before an `@`, and the path of an address that anybody who knows it may write to.
  private mutating func url() {
    let start = index + 3
    var end = start
    while let byte = byte(end), !Self.endsURL(byte) { end += 1 }
    urlEnd = end
    let authorityEnd = text[start..<end].firstIndex(where: Self.endsAuthority) ?? end
    var host = start
    if let at = text[start..<authorityEnd].lastIndex(of: UInt8(ascii: "@")) {
      hide(start..<at)
      host = at + 1
    }
    let pathEnd =
      text[authorityEnd..<end].firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
      ?? end
    var isHook = authorityEnd - host == 15 && follows("hooks.slack.com", host)
    var place = authorityEnd
    while place < pathEnd {
      let segmentEnd = text[(place + 1)..<pathEnd].firstIndex(of: UInt8(ascii: "/")) ?? pathEnd
      let segment = text[(place + 1)..<segmentEnd]
      if isHook { return hide(place + 1..<pathEnd) }
      // Telegram has the token in the path: `/bot123:…/`.
      if segment.starts(with: "bot".utf8), segment.contains(UInt8(ascii: ":")) {
        return hide(place + 1..<segmentEnd)
      }
      isHook = Self.hooks.contains { segment.elementsEqual($0.utf8) }
      place = segmentEnd
    }
    // A port is no member's value.
    index = max(index, authorityEnd - 1)
  }

  private static let hooks = ["hook", "hooks", "webhook", "webhooks", "webhookb2"]

  private static func endsAuthority(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
  }

  private static func endsURL(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"), UInt8(ascii: ">"),
      UInt8(ascii: "\\"), UInt8(ascii: ")"), UInt8(ascii: "}"), UInt8(ascii: "]"):
      true
    case _: false
    }
  }
}
