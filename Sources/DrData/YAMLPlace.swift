// SPDX-License-Identifier: Apache-2.0

/// Where a value of a YAML text stands, and the values in it: what a reader of the data needs to
/// point at a member. Offsets are bytes.
package struct YAMLPlace: Sendable {
  package struct Member: Sendable {
    package let name: String
    package let nameRange: Range<Int>
    package let value: YAMLPlace
  }

  /// The whole value; of an array or object of several lines, its first character.
  package let range: Range<Int>
  /// Members of an object, in their order.
  package fileprivate(set) var members: [Member] = []
  /// Elements of an array.
  package fileprivate(set) var elements: [YAMLPlace] = []
  /// Whether it is one text, number, truth or nothing, and no alias.
  package fileprivate(set) var isScalar = false
}

extension YAML {
  /// The places of a stream's documents. The text is one that `parse` reads; what an alias stands
  /// for has the place of the alias.
  package static func places(_ bytes: [UInt8]) throws(DataError) -> [YAMLPlace] {
    var builder = YAMLPlaces(bytes)
    try YAMLEvents.read(bytes) { event throws(DataError) in builder.take(event) }
    return builder.documents
  }
}

/// Builds places out of events, with a stack of its own.
private struct YAMLPlaces {
  private(set) var documents: [YAMLPlace] = []
  private let bytes: [UInt8]
  private var lineStarts = [0]
  private var open: [Frame] = []
  /// Whether the present document has a value: an empty one is a null without an event.
  private var isEmpty = true

  private struct Frame {
    var place: YAMLPlace
    let isObject: Bool
    var name: (text: String, range: Range<Int>)?
  }

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
      lineStarts.append(index + 1)
    }
  }

  mutating func take(_ event: YAMLEvent) {
    switch event.kind {
    case .documentStart: isEmpty = true
    case .documentEnd: if isEmpty { documents.append(YAMLPlace(range: range(event))) }
    case .alias: add(YAMLPlace(range: range(event)))
    case .scalar(let text, _, _, _):
      if var frame = open.last, frame.isObject, frame.name == nil {
        frame.name = (text, range(event))
        open[open.count - 1] = frame
        return
      }
      var place = YAMLPlace(range: range(event))
      place.isScalar = true
      add(place)
    case .sequenceStart, .mappingStart:
      let start = offset(line: event.line, column: event.column)
      let isObject = if case .mappingStart = event.kind { true } else { false }
      open.append(
        Frame(place: YAMLPlace(range: start..<min(start + 1, bytes.count)), isObject: isObject))
    case .sequenceEnd, .mappingEnd:
      if let frame = open.popLast() { add(frame.place) }
    }
  }

  private mutating func add(_ place: YAMLPlace) {
    isEmpty = false
    guard var frame = open.popLast() else { return documents.append(place) }
    if let name = frame.name {
      frame.place.members.append(
        YAMLPlace.Member(name: name.text, nameRange: name.range, value: place))
      frame.name = nil
    } else {
      frame.place.elements.append(place)
    }
    open.append(frame)
  }

  private func range(_ event: YAMLEvent) -> Range<Int> {
    let start = offset(line: event.line, column: event.column)
    return start..<max(start, offset(line: event.endLine, column: event.endColumn))
  }

  /// libyaml counts characters.
  private func offset(line: Int, column: Int) -> Int {
    guard lineStarts.indices.contains(line - 1) else { return bytes.count }
    var offset = lineStarts[line - 1]
    var left = column - 1
    while left > 0, offset < bytes.count {
      offset += 1
      while offset < bytes.count, bytes[offset] & 0b1100_0000 == 0b1000_0000 { offset += 1 }
      left -= 1
    }
    return offset
  }
}
