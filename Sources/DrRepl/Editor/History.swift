// SPDX-License-Identifier: Apache-2.0

/// What was typed before, the oldest first.
package struct History: Sendable, Equatable {
  package private(set) var entries: [String] = []

  /// How many are kept.
  package static let limit = 2_000

  package init(entries: [String] = []) { self.entries = entries }

  /// Adds an input unless it is the same as the one before; false where nothing was added.
  @discardableResult
  package mutating func add(_ text: String) -> Bool {
    guard !text.isEmpty, text.first != " ", entries.last != text else { return false }
    entries.append(text)
    if entries.count > Self.limit { entries.removeFirst(entries.count - Self.limit) }
    return true
  }

  /// The newest entry before an index that begins so; for going up.
  func index(before index: Int, prefix: String) -> Int? {
    entries[..<min(index, entries.count)].lastIndex { $0.hasPrefix(prefix) && $0 != prefix }
  }

  /// The oldest entry after an index that begins so; for going down.
  func index(after index: Int, prefix: String) -> Int? {
    guard index + 1 < entries.count else { return nil }
    return entries[(index + 1)...].firstIndex { $0.hasPrefix(prefix) && $0 != prefix }
  }

  /// The newest entry before an index that has a text in it.
  func index(before index: Int, containing text: String) -> Int? {
    entries[..<max(0, min(index, entries.count))].lastIndex { $0.contains(text) }
  }

  // MARK: The file

  /// One entry a line; line breaks and backslashes are escaped.
  package var bytes: [UInt8] {
    var result: [UInt8] = []
    for entry in entries where !Self.mayHoldSecret(entry) {
      for byte in entry.utf8 {
        switch byte {
        case UInt8(ascii: "\n"): result += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
        case UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), UInt8(ascii: "\\")]
        default: result.append(byte)
        }
      }
      result.append(UInt8(ascii: "\n"))
    }
    return result
  }

  package init(bytes: [UInt8]) {
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      var entry: [UInt8] = []
      var isEscaped = false
      for byte in line {
        if isEscaped {
          entry.append(byte == UInt8(ascii: "n") ? UInt8(ascii: "\n") : byte)
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else {
          entry.append(byte)
        }
      }
      add(String(decoding: entry, as: UTF8.self))
    }
  }

  private static let secretWords: Set<String> = [
    "password", "passwd", "passphrase", "token", "secret", "credential", "credentials", "apikey",
    "bearer", "authorization",
  ]

  /// Whether a text that was typed looks as if a secret were written in it: a literal beside a word
  /// such as `password`. Such an entry is never written to the file. A reference, `secret("a/b")`,
  /// is none.
  package static func mayHoldSecret(_ text: String) -> Bool {
    guard text.contains("\"") || text.contains("`") else { return false }
    let words = text.lowercased().split { !$0.isLetter }.map(String.init)
    if words.contains("secret"), text.contains("secret(\"") {
      return words.contains { $0 != "secret" && $0 != "credentials" && secretWords.contains($0) }
    }
    return words.contains(where: secretWords.contains)
      || zip(words, words.dropFirst()).contains {
        ($0 == "api" || $0 == "private" || $0 == "access") && $1 == "key"
      }
  }
}
