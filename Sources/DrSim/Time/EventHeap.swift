// SPDX-License-Identifier: Apache-2.0

import DrRun

/// When things happen, the earliest first; of one instant what was added first: a heap with four
/// children to a parent over (instant, number). It knows places only, where others keep what happens:
/// so plain numbers move, and it need not be specialised.
package struct EventOrder {
  private struct Entry {
    let at: Int64
    let number: Int
    let place: Int

    func isBefore(_ other: Entry) -> Bool {
      at < other.at || at == other.at && number < other.number
    }
  }

  private var entries: [Entry] = []
  private var freePlaces: [Int] = []
  private var placeCount = 0
  private var count = 0

  package init() {}

  /// When the earliest happens; `nil` where nothing will.
  package var nextAt: Instant? { entries.first.map { Instant(nanoseconds: $0.at) } }

  /// Gives the place of what happens then: a free one, or the one after the last.
  package mutating func add(at instant: Instant) -> Int {
    let place: Int
    if let free = freePlaces.popLast() {
      place = free
    } else {
      place = placeCount
      placeCount += 1
    }
    let entry = Entry(at: instant.nanoseconds, number: count, place: place)
    count += 1
    entries.append(entry)
    rise(entry)
    return place
  }

  /// The place is free from now on.
  package mutating func removeFirst() -> (at: Instant, place: Int)? {
    guard let first = entries.first, let last = entries.popLast() else { return nil }
    if !entries.isEmpty { sink(last) }
    freePlaces.append(first.place)
    return (Instant(nanoseconds: first.at), first.place)
  }

  /// Puts an entry where it belongs above the last place, which is free.
  private mutating func rise(_ entry: Entry) {
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 4
      guard entry.isBefore(entries[parent]) else { break }
      entries[child] = entries[parent]
      child = parent
    }
    entries[child] = entry
  }

  /// Puts an entry where it belongs below the first place, which is free.
  private mutating func sink(_ entry: Entry) {
    var parent = 0
    while true {
      let first = 4 * parent + 1
      guard first < entries.count else { break }
      var least = first
      for child in first + 1..<max(first + 1, min(first + 4, entries.count))
      where entries[child].isBefore(entries[least]) {
        least = child
      }
      guard entries[least].isBefore(entry) else { break }
      entries[parent] = entries[least]
      parent = least
    }
    entries[parent] = entry
  }
}

/// What is still to happen, in the order of `EventOrder`.
struct EventHeap<Element> {
  private var order = EventOrder()
  private var places: [Element?] = []

  var nextAt: Instant? { order.nextAt }

  mutating func add(_ element: Element, at instant: Instant) {
    let place = order.add(at: instant)
    if place == places.count { places.append(element) } else { places[place] = element }
  }

  mutating func removeFirst() -> (at: Instant, element: Element)? {
    guard let (at, place) = order.removeFirst(), let element = places[place].take() else {
      return nil
    }
    return (at, element)
  }
}
