// SPDX-License-Identifier: Apache-2.0

/// The difference between two texts in unified format with three lines of context; empty when there
/// is none.
package func unifiedDiff(old: String, new: String, name: String) -> String {
  guard old != new else { return "" }
  let a = lines(of: old)
  let b = lines(of: new)
  let edits = Edits(a, b).list
  var text = "--- \(name)\n+++ \(name)\n"
  var index = 0
  while let hunk = nextHunk(edits, from: index) {
    write(hunk.edits, to: &text)
    index = hunk.end
  }
  return text
}

/// One line of a difference, with its place in both texts.
private struct Edit {
  enum Kind { case keep, remove, insert }

  var kind: Kind
  var line: Substring
  var oldLine: Int
  var newLine: Int
}

private let context = 3

/// Lines with their line breaks; a last line without one is told from one with it.
private func lines(of text: String) -> [Substring] {
  var result: [Substring] = []
  let utf8 = text.utf8
  var start = utf8.startIndex
  while start < utf8.endIndex {
    let newline = utf8[start...].firstIndex(of: UInt8(ascii: "\n"))
    let end = newline.map { utf8.index(after: $0) } ?? utf8.endIndex
    result.append(text[start..<end])
    start = end
  }
  return result
}

private func nextHunk(_ edits: [Edit], from start: Int) -> (edits: ArraySlice<Edit>, end: Int)? {
  guard let first = edits[start...].firstIndex(where: { $0.kind != .keep }) else { return nil }
  var last = first
  var index = first + 1
  while index < edits.count, index - last <= 2 * context {
    if edits[index].kind != .keep { last = index }
    index += 1
  }
  let from = max(start, first - context)
  let end = min(edits.count, last + 1 + context)
  return (edits[from..<end], end)
}

private func write(_ edits: ArraySlice<Edit>, to text: inout String) {
  guard let first = edits.first else { return }
  let oldCount = edits.count { $0.kind != .insert }
  let newCount = edits.count { $0.kind != .remove }
  let oldStart = oldCount == 0 ? first.oldLine : first.oldLine + 1
  let newStart = newCount == 0 ? first.newLine : first.newLine + 1
  text += "@@ -\(oldStart),\(oldCount) +\(newStart),\(newCount) @@\n"
  for edit in edits {
    switch edit.kind {
    case .keep: text += " "
    case .remove: text += "-"
    case .insert: text += "+"
    }
    text += edit.line
    if edit.line.utf8.last != UInt8(ascii: "\n") { text += "\n\\ No newline at end of file\n" }
  }
}

/// The shortest way from one list of lines to another (Myers), as long as it is short enough to be
/// looked for.
private struct Edits {
  private(set) var list: [Edit] = []

  /// Changed lines after which everything in between counts as changed, to bound time and memory.
  private static let maximumDistance = 2_000

  init(_ a: [Substring], _ b: [Substring]) {
    var prefix = 0
    while prefix < a.count, prefix < b.count, a[prefix] == b[prefix] { prefix += 1 }
    var suffix = 0
    while suffix < a.count - prefix, suffix < b.count - prefix,
      a[a.count - 1 - suffix] == b[b.count - 1 - suffix]
    {
      suffix += 1
    }
    for index in 0..<prefix { append(.keep, a[index], index, index) }
    let middle = (a[prefix..<a.count - suffix], b[prefix..<b.count - suffix])
    if let trace = Self.trace(middle.0, middle.1) {
      replay(trace, middle.0, middle.1)
    } else {
      for index in middle.0.indices { append(.remove, a[index], index, prefix) }
      for index in middle.1.indices { append(.insert, b[index], a.count - suffix, index) }
    }
    for index in 0..<suffix {
      let (x, y) = (a.count - suffix + index, b.count - suffix + index)
      append(.keep, a[x], x, y)
    }
  }

  private mutating func append(_ kind: Edit.Kind, _ line: Substring, _ x: Int, _ y: Int) {
    list.append(Edit(kind: kind, line: line, oldLine: x, newLine: y))
  }

  /// The furthest place on each diagonal, per number of changes.
  private static func trace(_ a: ArraySlice<Substring>, _ b: ArraySlice<Substring>) -> [[Int]]? {
    let (n, m) = (a.count, b.count)
    var trace: [[Int]] = []
    var furthest = [1: 0]
    for distance in 0...min(n + m, maximumDistance) {
      var row: [Int] = []
      for diagonal in stride(from: -distance, through: distance, by: 2) {
        let down = furthest[diagonal + 1] ?? -1
        let right = furthest[diagonal - 1] ?? -1
        var x = diagonal == -distance || (diagonal != distance && right < down) ? down : right + 1
        var y = x - diagonal
        while x < n, y < m, y >= 0, a[a.startIndex + x] == b[b.startIndex + y] {
          x += 1
          y += 1
        }
        furthest[diagonal] = x
        row.append(x)
        if x >= n, y >= m { return trace + [row] }
      }
      trace.append(row)
    }
    return nil
  }

  private mutating func replay(
    _ trace: [[Int]], _ a: ArraySlice<Substring>, _ b: ArraySlice<Substring>
  ) {
    var (x, y) = (a.count, b.count)
    var steps: [Edit] = []
    func step(_ kind: Edit.Kind, _ x: Int, _ y: Int) {
      let line = kind == .insert ? b[b.startIndex + y] : a[a.startIndex + x]
      steps.append(
        Edit(kind: kind, line: line, oldLine: a.startIndex + x, newLine: b.startIndex + y))
    }
    for distance in stride(from: trace.count - 1, to: 0, by: -1) {
      let row = trace[distance - 1]
      func at(_ diagonal: Int) -> Int {
        let index = (diagonal + distance - 1) / 2
        return abs(diagonal) <= distance - 1 && index < row.count ? row[index] : -1
      }
      let diagonal = x - y
      let isDown =
        diagonal == -distance || (diagonal != distance && at(diagonal - 1) < at(diagonal + 1))
      let before = isDown ? at(diagonal + 1) : at(diagonal - 1)
      let (startX, startY) =
        isDown ? (before, before - diagonal) : (before + 1, before + 1 - diagonal)
      while x > startX, y > startY {
        (x, y) = (x - 1, y - 1)
        step(.keep, x, y)
      }
      if isDown { y -= 1 } else { x -= 1 }
      step(isDown ? .insert : .remove, x, y)
    }
    while x > 0, y > 0 {
      (x, y) = (x - 1, y - 1)
      step(.keep, x, y)
    }
    list += steps.reversed()
  }
}
