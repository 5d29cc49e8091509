// SPDX-License-Identifier: Apache-2.0

/// The objects of a program while they are gathered: no two with one identity, their texts side by
/// side.
struct ManifestSet {
  /// In the order in which they came, without their texts.
  private var manifests: [Manifest] = []
  private var places: [TextPages.Place] = []
  private var pages = TextPages()
  private var known: [Identity: Int] = [:]

  /// What no two objects of a cluster share.
  private struct Identity: Hashable {
    let groupAndKind: Int
    let namespace: String?
    let name: String
    let cluster: String?

    init(_ manifest: Manifest) {
      groupAndKind = manifest.type.groupAndKind
      (namespace, name) = (manifest.namespace, manifest.name)
      cluster = manifest.cluster
    }
  }

  /// Adds an object. Where there is one with its identity already, nothing is added; gives what made
  /// that one where it is not the same.
  mutating func add(_ manifest: Manifest, _ text: ArraySlice<UInt8>) -> ManifestSource? {
    let identity = Identity(manifest)
    if let earlier = known[identity] {
      // Two services of one namespace both give the namespace.
      return pages[places[earlier]] == text ? nil : manifests[earlier].origin
    }
    known[identity] = manifests.count
    manifests.append(manifest)
    places.append(pages.add(text))
    return nil
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
