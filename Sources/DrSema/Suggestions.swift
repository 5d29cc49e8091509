// SPDX-License-Identifier: Apache-2.0

/// The candidate that a misspelt name most likely meant, or `nil` when none is near.
///
/// Nearness is the Damerau–Levenshtein distance (insertions, deletions, substitutions, swaps of
/// neighbours) between characters, at most a third of the name's length, and 1 for short names that
/// say something; ties go to the first in order.
package func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
  let word = Array(name.lowercased())
  guard word.count <= 64 else { return nil }
  var best: (name: String, distance: Int)?
  for candidate in candidates where candidate != name {
    let other = Array(candidate.lowercased())
    let length = max(word.count, other.count)
    // One letter out of two is another name, one Chinese character out of two may be a slip.
    let isShort = length < 3 && candidate.utf8.count < 6
    let bound = isShort ? 0 : max(1, length / 3)
    guard abs(other.count - word.count) <= bound else { continue }
    let distance = editDistance(word, other)
    guard distance <= bound else { continue }
    if let best, (best.distance, best.name) <= (distance, candidate) { continue }
    best = (candidate, distance)
  }
  return best?.name
}

private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var beforePrevious = [Int](repeating: 0, count: b.count + 1)
  var previous = Array(0...b.count)
  for i in a.indices {
    var current = [i + 1]
    current.reserveCapacity(b.count + 1)
    for j in b.indices {
      let substitution = previous[j] + (a[i] == b[j] ? 0 : 1)
      var value = min(substitution, previous[j + 1] + 1, current[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        value = min(value, beforePrevious[j - 1] + 1)
      }
      current.append(value)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.count]
}
