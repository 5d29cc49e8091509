// SPDX-License-Identifier: Apache-2.0

/// Whether what is called so is a secret: a parameter of a URL, a header, a member of a document, a flag. The table of
/// docs/runbooks.md says which.
struct SecretName {
  /// The name in lowercase, without what stands between its words.
  private let joined: [UInt8]
  /// Where its last word begins, and the word before that.
  private let last: Int
  private let previous: Range<Int>

  private init(_ name: some Sequence<UInt8>) {
    var joined: [UInt8] = []
    var starts = [0]
    var wasLower = false
    for byte in name {
      let isUpper = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
      let isLetterOrDigit =
        isUpper || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
      if starts.last != joined.count, !isLetterOrDigit || isUpper && wasLower {
        starts.append(joined.count)
      }
      wasLower = isLetterOrDigit && !isUpper
      if isLetterOrDigit { joined.append(isUpper ? byte | 0x20 : byte) }
    }
    if starts.count > 1, starts.last == joined.count { starts.removeLast() }
    last = starts.removeLast()
    previous = (starts.last ?? last)..<last
    self.joined = joined
  }

  /// Whether what is called so is a secret. `isShort`: parameters of URLs and headers are called by shorter names, too
  /// (`key`, `sig`), which elsewhere mean something else.
  static func isSecret(_ name: some BidirectionalCollection<UInt8>, isShort: Bool = false) -> Bool {
    mayBe(name) && SecretName(name).isSecret(isShort: isShort)
  }

  static func isSecret(_ name: String, isShort: Bool = false) -> Bool {
    isSecret(name.utf8, isShort: isShort)
  }

  /// Quick, for names are looked at in every call: true of all that are secret, and of few others.
  private static func mayBe(_ name: some BidirectionalCollection<UInt8>) -> Bool {
    var tail: UInt32 = 0
    for byte in name.suffix(3) { tail = tail << 8 | UInt32(byte | 0x20) }
    return tails.contains(tail) || tail & 0xffff == 0x7077  // pw
  }

  /// The last three letters of `ends` and `shortEnds`, and those of `session_id`.
  private static let tails: [UInt32] = [
    "key", "ion", "ing", "kie", "ial", "als", "mac", "jwt", "ode", "ase", "swd", "ord", "pwd",
    "ret", "nid", "ure",
    "ken", "uth", "ass", "sig", "ign", "\u{7f}id", "-id", ".id",
  ].map { $0.utf8.reduce(0) { $0 << 8 | UInt32($1) } }

  private func isSecret(isShort: Bool) -> Bool {
    let word = joined[last...]
    if word.elementsEqual("token".utf8) {
      return !Self.tokensOfTexts.contains { joined[previous].elementsEqual($0.utf8) }
    }
    if isShort, Self.shortEnds.contains(where: { word.elementsEqual($0.utf8) }) {
      return !Self.openKeys.contains { joined[previous].elementsEqual($0.utf8) }
    }
    return Self.ends.contains { joined.ends(with: $0.utf8) }
  }

  /// Whether all of a header's line is one.
  static func isSecretLine(_ name: some Sequence<UInt8>) -> Bool {
    let joined = SecretName(name).joined
    return ["authorization", "cookie"].contains { joined.ends(with: $0.utf8) }
  }

  private static let ends = [
    "accesskey", "accountkey", "apikey", "authkey", "authorization", "connectionstring", "cookie",
    "credential", "credentials", "encryptionkey", "hmac", "jwt", "masterkey", "passcode",
    "passphrase", "passwd", "password", "privatekey", "pwd", "secret", "secretkey", "sessionid",
    "sharedkey", "signature", "signingkey", "subscriptionkey", "token",
  ]
  private static let shortEnds = ["auth", "key", "pass", "pw", "sig", "sign"]
  private static let openKeys = [
    "cache", "group", "idempotency", "object", "partition", "public", "sort",
  ]
  /// Pieces of texts, and marks by which lists are paged.
  private static let tokensOfTexts = [
    "bos", "cls", "continuation", "continue", "cursor", "end", "eos", "first", "generated",
    "generation", "input", "last", "mask", "max", "min", "new", "next", "output", "pad", "page",
    "per", "prompt", "sep", "special", "start", "stop", "sync", "unk",
  ]
}

extension Array<UInt8> {
  fileprivate func ends(with end: String.UTF8View) -> Bool {
    count >= end.count && self[(count - end.count)...].elementsEqual(end)
  }
}
