// SPDX-License-Identifier: Apache-2.0
//
// The tables as bytes, to be embedded. Little-endian numbers of 16 bits, texts and masks by their
// number in tables of their own, so that each is there once. No decoder could be simpler, and it
// has to run before the first manifest is written.

extension SchemaTables {
  private static let magic: [UInt8] = Array("drschema1".utf8)

  /// The bytes that `init(decoding:)` reads; nil when a table is too long for them.
  package func encoded() -> [UInt8]? {
    var texts = Pool<String>()
    var masks = Pool<VersionMask>()
    var body = Writer()
    body.count(types.count)
    for type in types {
      body.byte(type.kind.rawValue)
      body.byte(type.format.rawValue | (type.isOpen ? 0x80 : 0))
      body.number(type.element)
      body.number(type.rows.lowerBound)
      body.number(type.rows.count)
      body.number(type.bounds.map { $0 + 1 } ?? 0)
    }
    body.count(fields.count)
    for field in fields {
      body.number(texts.place(of: field.name))
      body.number(field.type)
      body.byte(masks.place(of: field.versions))
      body.byte(masks.place(of: field.required))
      body.byte(masks.place(of: field.dropped))
    }
    body.count(options.count)
    for option in options {
      body.number(texts.place(of: option.text))
      body.byte(masks.place(of: option.versions))
    }
    body.count(bounds.count)
    for bound in bounds {
      body.bound(bound.least)
      body.bound(bound.greatest)
    }
    body.count(roots.count)
    for root in roots {
      body.number(texts.place(of: root.apiVersion))
      body.number(texts.place(of: root.kind))
      body.number(root.type)
      body.byte(masks.place(of: root.versions))
    }
    var head = Writer(bytes: Self.magic)
    head.count(texts.items.count)
    for text in texts.items {
      head.byte(text.utf8.count)
      head.bytes += text.utf8
    }
    head.count(masks.items.count)
    for mask in masks.items {
      head.number(Int(mask.rawValue & 0xffff))
      head.number(Int(mask.rawValue >> 16))
    }
    return head.fits && body.fits ? head.bytes + body.bytes : nil
  }

  /// Reads what `encoded` wrote; nil for anything else.
  package init?(decoding bytes: UnsafeBufferPointer<UInt8>) {
    var reader = Reader(bytes: bytes)
    guard bytes.starts(with: Self.magic) else { return nil }
    reader.position = Self.magic.count
    let texts = (0..<reader.number()).map { _ in reader.text() }
    let masks = (0..<reader.number()).map { _ in
      VersionMask(rawValue: UInt32(reader.number()) | UInt32(reader.number()) << 16)
    }
    func text(_ place: Int) -> String { place < texts.count ? texts[place] : "" }
    func mask(_ place: Int) -> VersionMask { place < masks.count ? masks[place] : [] }
    self.init()
    types = (0..<reader.number()).map { _ in
      var type = SchemaType(SchemaKind(rawValue: UInt8(reader.byte())) ?? .any)
      let format = reader.byte()
      type.format = SchemaFormat(rawValue: UInt8(format & 0x7f)) ?? .none
      type.isOpen = format & 0x80 != 0
      type.element = reader.number()
      let first = reader.number()
      type.rows = first..<first + reader.number()
      let bounds = reader.number()
      type.bounds = bounds == 0 ? nil : bounds - 1
      return type
    }
    fields = (0..<reader.number()).map { _ in
      SchemaField(
        text(reader.number()), reader.number(), versions: mask(reader.byte()),
        required: mask(reader.byte()), dropped: mask(reader.byte()))
    }
    options = (0..<reader.number()).map { _ in
      SchemaOption(text(reader.number()), versions: mask(reader.byte()))
    }
    bounds = (0..<reader.number()).map { _ in
      SchemaBounds(least: reader.bound(), greatest: reader.bound())
    }
    roots = (0..<reader.number()).map { _ in
      SchemaRoot(
        apiVersion: text(reader.number()), kind: text(reader.number()), type: reader.number(),
        versions: mask(reader.byte()))
    }
    guard reader.position == bytes.count, isSound else { return nil }
  }

  /// Whether every number names a row.
  private var isSound: Bool {
    let ids = types.indices
    return types.allSatisfy { type in
      (ids.contains(type.element) || type.element == 0)
        && type.rows.upperBound <= (type.kind == .choice ? options.count : fields.count)
        && type.bounds.map(bounds.indices.contains) != false
    } && fields.allSatisfy { ids.contains($0.type) } && roots.allSatisfy { ids.contains($0.type) }
  }
}

/// Things of which each has one number, from 0 on in the order of their first use.
private struct Pool<Item: Hashable> {
  private(set) var items: [Item] = []
  private var places: [Item: Int] = [:]

  mutating func place(of item: Item) -> Int {
    if let place = places[item] { return place }
    places[item] = items.count
    items.append(item)
    return items.count - 1
  }
}

private struct Writer {
  var bytes: [UInt8] = []
  /// Whether every number was small enough.
  private(set) var fits = true

  init(bytes: [UInt8] = []) { self.bytes = bytes }

  mutating func byte(_ value: UInt8) { bytes.append(value) }

  mutating func byte(_ value: Int) {
    if value > 0xff { fits = false }
    bytes.append(UInt8(truncatingIfNeeded: value))
  }

  mutating func number(_ value: Int) {
    if value > 0xffff { fits = false }
    bytes.append(UInt8(truncatingIfNeeded: value))
    bytes.append(UInt8(truncatingIfNeeded: value >> 8))
  }

  mutating func count(_ value: Int) { number(value) }

  mutating func bound(_ value: Int64?) {
    byte(value == nil ? 0 : 1)
    let bits = UInt64(bitPattern: value ?? 0)
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
    }
  }
}

/// Past the end, every byte is 0: what was cut short shows in `position`.
private struct Reader {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0

  mutating func byte() -> Int {
    defer { position += 1 }
    return position < bytes.count ? Int(bytes[position]) : 0
  }

  mutating func number() -> Int { byte() | byte() << 8 }

  mutating func text() -> String {
    let count = byte()
    let start = min(position, bytes.count)
    position += count
    return String(decoding: bytes[start..<min(start + count, bytes.count)], as: UTF8.self)
  }

  mutating func bound() -> Int64? {
    let isThere = byte() != 0
    var bits: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 8) { bits |= UInt64(byte()) << shift }
    return isThere ? Int64(bitPattern: bits) : nil
  }
}
