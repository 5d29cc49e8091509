// SPDX-License-Identifier: Apache-2.0

/// The objects of a program while they are gathered: no two with one identity, their texts side by
/// side.
struct ManifestSet {
  /// In the order in which they came, without their texts.
  private var manifests: [Manifest] = []
  private var places: [TextPages.Place] = []
  private var pages = TextPages()
  /// Of each of them, a hash of what no two objects of a cluster share.
  private var hashes: [Int] = []
  /// Their numbers, each where its hash says or in the next free place after that; -1 where there is
  /// none. At most half full.
  private var slots = [Int32](repeating: -1, count: 64)

  /// With places for so many objects, so that no array has to move.
  init(reserving count: Int = 0) {
    manifests.reserveCapacity(count)
    places.reserveCapacity(count)
    hashes.reserveCapacity(count)
  }

  /// Adds an object. Where there is one with its identity already, nothing is added; gives what made
  /// that one where it is not the same.
  mutating func add(_ manifest: Manifest, _ text: ArraySlice<UInt8>) -> ManifestSource? {
    let hash = Self.hash(manifest)
    let slot = slot(of: manifest, hash)
    let earlier = Int(slots[slot])
    if earlier >= 0 {
      // Two services of one namespace both give the namespace.
      return pages[places[earlier]] == text ? nil : manifests[earlier].origin
    }
    slots[slot] = Int32(manifests.count)
    manifests.append(manifest)
    hashes.append(hash)
    places.append(pages.add(text))
    if 2 * manifests.count > slots.count { grow() }
    return nil
  }

  private static func hash(_ manifest: Manifest) -> Int {
    var hasher = Hasher()
    hasher.combine(manifest.type.groupAndKind)
    hasher.combine(manifest.name)
    hasher.combine(manifest.namespace)
    hasher.combine(manifest.cluster)
    return hasher.finalize()
  }

  /// Where the number of the object with that identity is, or would be.
  private func slot(of manifest: Manifest, _ hash: Int) -> Int {
    var slot = hash & (slots.count - 1)
    while slots[slot] >= 0 {
      let number = Int(slots[slot])
      if hashes[number] == hash, manifests[number].hasIdentity(of: manifest) { break }
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: 2 * slots.count)
    for (number, hash) in hashes.enumerated() {
      var slot = hash & (slots.count - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(number)
    }
  }

  /// All of them with their texts, in an order in which they can be applied.
  consuming func sorted() -> [Manifest] {
    let manifests = manifests
    let order = manifests.withUnsafeBufferPointer { manifests in
      manifests.indices.sorted { manifests[$0].precedes(manifests[$1]) }
    }
    return order.map { index in
      var manifest = manifests[index]
      manifest.text = pages[places[index]]
      return manifest
    }
  }
}

/// Texts one after the other, in pages that never move.
private struct TextPages {
  struct Place {
    let page: Int32
    let start: Int32
    let end: Int32
  }

  private var pages: [[UInt8]] = []

  private static let smallest = 1 << 14
  private static let largest = 1 << 20

  mutating func add(_ text: ArraySlice<UInt8>) -> Place {
    let hasRoom = pages.last.map { $0.capacity - $0.count >= text.count } ?? false
    if !hasRoom {
      let size = min(Self.largest, Self.smallest << min(pages.count, 8))
      pages.append([])
      pages[pages.count - 1].reserveCapacity(max(size, text.count))
    }
    let page = pages.count - 1
    let start = pages[page].count
    pages[page] += text
    return Place(page: Int32(page), start: Int32(start), end: Int32(start + text.count))
  }

  subscript(place: Place) -> ArraySlice<UInt8> {
    pages[Int(place.page)][Int(place.start)..<Int(place.end)]
  }
}
