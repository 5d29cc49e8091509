// SPDX-License-Identifier: Apache-2.0

/// The candidate that a misspelt name most likely meant, or `nil` when none is near.
///
/// Nearness is the Damerau–Levenshtein distance (insertions, deletions, substitutions, swaps of
/// neighbours) between characters, at most a third of the name's length, and 1 for short names that
/// say something; ties go to the first in order.
package func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
  let word = Spelling(name)
  guard word.length <= 64 else { return nil }
  var best: (name: String, distance: Int)?
  for candidate in candidates where candidate != name {
    // Bytes are at least as many as characters and at most four times.
    guard candidate.utf8.count <= 8 * word.length + 8 else { continue }
    let other = Spelling(candidate)
    let length = max(word.length, other.length)
    // One letter out of two is another name, one Chinese character out of two may be a slip.
    let isShort = length < 3 && candidate.utf8.count < 6
    let bound = min(isShort ? 0 : max(1, length / 3), best?.distance ?? .max)
    guard abs(other.length - word.length) <= bound, word.mayBeNear(other, bound) else { continue }
    guard let distance = editDistance(word.characters, other.characters, atMost: bound) else {
      continue
    }
    if let best, (best.distance, best.name) <= (distance, candidate) { continue }
    best = (candidate, distance)
  }
  return best?.name
}

/// A name as it is compared: in small letters, each a number.
private struct Spelling {
  private(set) var characters: [Int] = []
  /// A bit for each kind of letter that occurs.
  private var letters: UInt64 = 0
  var length: Int { characters.count }

  init(_ name: String) {
    characters.reserveCapacity(name.utf8.count)
    if name.utf8.allSatisfy({ $0 < 0x80 }) {
      for byte in name.utf8 { add(Int(byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte)) }
    } else {
      for character in name.lowercased() {
        add(character.unicodeScalars.reduce(0) { $0 &* 0x11_0000 &+ Int($1.value) })
      }
    }
  }

  private mutating func add(_ character: Int) {
    characters.append(character)
    letters |= 1 << UInt64(character & 63)
  }

  /// Whether the letters alone allow so few changes: each changes at most two kinds of letters.
  func mayBeNear(_ other: Spelling, _ bound: Int) -> Bool {
    (letters ^ other.letters).nonzeroBitCount <= 2 * bound
  }
}

/// `nil` where it is more than `bound`.
private func editDistance(_ a: [Int], _ b: [Int], atMost bound: Int) -> Int? {
  var beforePrevious = [Int](repeating: 0, count: b.count + 1)
  var previous = Array(0...b.count)
  for i in a.indices {
    var current = [i + 1]
    current.reserveCapacity(b.count + 1)
    var smallest = i + 1
    for j in b.indices {
      let substitution = previous[j] + (a[i] == b[j] ? 0 : 1)
      var value = min(substitution, previous[j + 1] + 1, current[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        value = min(value, beforePrevious[j - 1] + 1)
      }
      current.append(value)
      smallest = min(smallest, value)
    }
    // A swap looks one row further back.
    guard smallest <= bound || (previous.min() ?? 0) <= bound else { return nil }
    beforePrevious = previous
    previous = current
  }
  return previous[b.count] <= bound ? previous[b.count] : nil
}

/// A name with its article, as in a sentence: `a Zone`, `an Engine`, `机房`. `shown` is how the name is written there.
package func withArticle(_ name: String, shown: String? = nil) -> String {
  let shown = shown ?? name
  guard let first = name.first(where: { $0 != "_" }), first.isASCII else { return shown }
  return "AEIOaeio".contains(first) ? "an \(shown)" : "a \(shown)"
}

/// The candidate that looks like a name and has letters of another alphabet.
package func lookAlike(of name: String, among candidates: some Sequence<String>) -> String? {
  let isLatin = name.utf8.allSatisfy { $0 < 0x80 }
  let shape = shape(name)
  return candidates.filter { candidate in
    candidate != name && !(isLatin && candidate.utf8.allSatisfy { $0 < 0x80 })
      && shape == DrBase.shape(candidate)
  }.min()
}

/// A name in Latin letters, as far as it looks like them.
private func shape(_ name: String) -> String {
  String(name.map { latinShapes[$0] ?? $0 })
}

/// Letters of the Cyrillic and Greek alphabets that are drawn like Latin ones (UTS 39, confusables).
private let latinShapes: [Character: Character] = [
  "а": "a", "с": "c", "ԁ": "d", "е": "e", "һ": "h", "і": "i", "ј": "j", "о": "o", "р": "p",
  "ѕ": "s", "у": "y", "х": "x", "ο": "o", "ν": "v", "А": "A", "В": "B", "С": "C", "Е": "E",
  "Н": "H", "І": "I", "Ј": "J", "К": "K", "М": "M", "О": "O", "Р": "P", "Ѕ": "S", "Т": "T",
  "Х": "X", "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M",
  "Ν": "N", "Ο": "O", "Ρ": "P", "Τ": "T", "Υ": "Y", "Χ": "X",
]
