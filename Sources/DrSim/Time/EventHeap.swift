// SPDX-License-Identifier: Apache-2.0

import DrRun

/// What is still to happen, the earliest first; of one instant what was added first: a binary heap
/// over (instant, number).
struct EventHeap<Element> {
  private struct Entry {
    let at: Instant
    let number: Int
    let element: Element

    func isBefore(_ other: Entry) -> Bool { (at, number) < (other.at, other.number) }
  }

  private var entries: [Entry] = []
  private var count = 0

  var nextAt: Instant? { entries.first?.at }

  mutating func add(_ element: Element, at instant: Instant) {
    entries.append(Entry(at: instant, number: count, element: element))
    count += 1
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard entries[child].isBefore(entries[parent]) else { return }
      entries.swapAt(child, parent)
      child = parent
    }
  }

  mutating func removeFirst() -> (at: Instant, element: Element)? {
    guard let first = entries.first else { return nil }
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      sink()
    }
    return (first.at, first.element)
  }

  private mutating func sink() {
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < entries.count else { return }
      if child + 1 < entries.count, entries[child + 1].isBefore(entries[child]) { child += 1 }
      guard entries[child].isBefore(entries[parent]) else { return }
      entries.swapAt(child, parent)
      parent = child
    }
  }
}
