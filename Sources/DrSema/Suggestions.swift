// SPDX-License-Identifier: Apache-2.0

/// The candidate that a misspelt name most likely meant, or `nil` when none is near.
///
/// Nearness is the Damerau–Levenshtein distance (insertions, deletions, substitutions, swaps of
/// neighbours), at most a third of the name's length; ties go to the first in order.
package func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
  let word = Array(name.lowercased().utf8)
  guard word.count <= 64 else { return nil }
  var best: (name: String, distance: Int)?
  for candidate in candidates.sorted() where candidate != name {
    let other = Array(candidate.lowercased().utf8)
    let bound = max(1, max(word.count, other.count) / 3)
    guard abs(other.count - word.count) <= bound else { continue }
    let distance = editDistance(word, other)
    if distance <= bound, distance < (best?.distance ?? .max) { best = (candidate, distance) }
  }
  return best?.name
}

private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
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
