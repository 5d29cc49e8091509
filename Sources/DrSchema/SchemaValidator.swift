// SPDX-License-Identifier: Apache-2.0

import DrData

/// Walks the schema along with the events of one object after the other.
///
/// Linear in the events: a member is looked up by its bytes, first where such a member was found
/// last, then by halving. Nothing is allocated for a member unless something is wrong with it.
package struct SchemaValidator: DataSink {
  /// A collection that was begun.
  private struct Frame {
    let type: Int32
    /// Of what is in an array or map; -1 in an object.
    let element: Int32
    let isArray: Bool
    /// The elements so far.
    var count = 0
    /// The fields that must be there and are, by their bits.
    var seen: UInt64 = 0
    /// The field of the latest member; -1 where its name is in `names`.
    var field: Int32 = -1
    /// Where the name of the latest member begins in `names`, and how long it is.
    let nameStart: Int
    var nameCount = 0
  }

  package let schemas: SchemaSet
  /// The innermost collection, and those around it; the first is that which the object is in.
  private var frame = Frame(type: -1, element: -1, isArray: false, nameStart: 0)
  private var outer: [Frame] = []
  /// The names of the members that are open and no fields, one after the other.
  private var names: [UInt8] = []
  /// Of the value that comes next; -1 for anything.
  private var expected: Int32 = -1
  /// How many collections are open of which nothing is known.
  private var skipped = 0
  /// The fields that were found last, by a hash of type and name.
  private var recent = [Int32](repeating: -1, count: 1 << recentBits)
  private static let recentBits = 12
  /// What is wrong with the object so far, in its order.
  package private(set) var problems: [SchemaProblem] = []

  package init(_ schemas: SchemaSet) {
    self.schemas = schemas
    outer.reserveCapacity(32)
  }

  /// Begins with another object, of a type; `nil` where nothing is known of it.
  package mutating func begin(_ type: SchemaTypeID?) {
    frame = Frame(type: -1, element: -1, isArray: false, nameStart: 0)
    outer.removeAll(keepingCapacity: true)
    names.removeAll(keepingCapacity: true)
    problems.removeAll(keepingCapacity: true)
    skipped = 0
    expected = type.map(Int32.init) ?? -1
  }

  // Values

  package mutating func null() {
    guard let type = next() else { return }
    // Where a member is null it is as if it were not there.
    if !outer.isEmpty, !frame.isArray { return }
    mismatch(type, "null")
  }

  package mutating func bool(_ value: Bool) {
    guard let type = next() else { return }
    if schemas.rows[type].kind == .bool { return }
    mismatch(type, value ? "true" : "false")
  }

  package mutating func int(_ value: Int64) {
    guard let type = next() else { return }
    let row = schemas.rows[type]
    switch row.kind {
    case .integer, .number, .intOrString:
      if let bounds = schemas.bounds(row) { check(value, bounds) }
    case .quantity: check(quantity: "\(value)")
    case .any, .bool, .string, .choice, .array, .map, .object:
      mismatch(type, "the number \(value)")
    }
  }

  package mutating func float(_ value: Double) {
    guard let type = next() else { return }
    switch schemas.rows[type].kind {
    case .number: return
    case .quantity: check(quantity: "\(value)")
    case .any, .bool, .integer, .string, .intOrString, .choice, .array, .map, .object:
      mismatch(type, "the number \(value)")
    }
  }

  package mutating func string(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let type = next() else { return }
    let row = schemas.rows[type]
    switch row.kind {
    case .string, .intOrString:
      if row.format != .none, let reason = NameRules.fault(bytes, row.format) {
        report(.invalid(found: quoted(bytes), reason: reason))
      }
    case .choice:
      if find(bytes, in: schemas.options, row) < 0 {
        report(schemas.fault(ofOption: String(decoding: bytes, as: UTF8.self), in: type))
      }
    case .quantity: check(quantity: bytes)
    case .any, .bool, .integer, .number, .array, .map, .object:
      mismatch(type, "the text \(quoted(bytes))")
    }
  }

  // Collections

  package mutating func beginObject(count: Int) {
    guard let type = next() else {
      skipped += 1
      return
    }
    let row = schemas.rows[type]
    switch row.kind {
    case .object: push(type, element: -1, isArray: false)
    case .map: push(type, element: row.element, isArray: false)
    case .any, .bool, .integer, .number, .string, .intOrString, .quantity, .choice, .array:
      mismatch(type, "an object")
      skipped = 1
    }
  }

  package mutating func name(_ bytes: UnsafeBufferPointer<UInt8>) { _ = field(named: bytes) }

  /// The same, and gives the number of the field; `nil` for a name that the schema leaves open or has
  /// not.
  package mutating func field(named bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    if skipped > 0 { return nil }
    let type = Int(frame.type)
    let row = schemas.rows[type]
    if row.kind == .map {
      note(bytes)
      expected = row.element
      if row.format != .none, let reason = NameRules.fault(bytes, row.format) {
        report(.invalidName(reason: reason))
      }
      return nil
    }
    let number = field(bytes, of: type, row)
    guard number >= 0 else {
      note(bytes)
      expected = -1
      if !row.isOpen {
        report(schemas.fault(of: String(decoding: bytes, as: UTF8.self), in: type))
      }
      return nil
    }
    let field = schemas.fields[number]
    expected = field.type
    frame.field = Int32(number)
    frame.seen |= field.bit
    if field.isDropped {
      let name = String(decoding: bytes, as: UTF8.self)
      report(.dropped(until: schemas.keptSince(name, in: type)))
    }
    return number
  }

  /// Keeps the name of the latest member.
  private mutating func note(_ name: UnsafeBufferPointer<UInt8>) {
    names.removeLast(names.count - frame.nameStart)
    names.append(contentsOf: name)
    frame.nameCount = name.count
    frame.field = -1
  }

  package mutating func endObject() {
    if skipped > 0 {
      skipped -= 1
      return
    }
    guard !outer.isEmpty else { return }
    let missing = schemas.rows[Int(frame.type)].required & ~frame.seen
    if missing != 0, frame.element < 0 {
      for name in schemas.missing(missing, in: Int(frame.type)) {
        let path = self.path().parts.dropLast() + [.member(name)]
        problems.append(SchemaProblem(.missing, at: SchemaPath(Array(path))))
      }
    }
    close()
  }

  package mutating func beginArray(count: Int) {
    guard let type = next() else {
      skipped += 1
      return
    }
    let row = schemas.rows[type]
    if row.kind == .array {
      push(type, element: row.element, isArray: true)
    } else {
      mismatch(type, "a list")
      skipped = 1
    }
  }

  package mutating func endArray() {
    if skipped > 0 { skipped -= 1 } else { close() }
  }

  /// The type of the value that begins here; `nil` where nothing has to be looked at.
  @inline(__always)
  private mutating func next() -> Int? {
    if skipped > 0 { return nil }
    var type = expected
    if frame.isArray {
      type = frame.element
      frame.count += 1
    }
    guard type >= 0, schemas.rows[Int(type)].kind != .any else { return nil }
    return Int(type)
  }

  // Looking up

  private mutating func field(
    _ name: UnsafeBufferPointer<UInt8>, of type: Int, _ row: SchemaSet.Row
  ) -> Int {
    let first = name.first ?? 0
    let last = name.last ?? 0
    let mixed =
      UInt64(truncatingIfNeeded: type) &* 0x9e37_79b9 ^ UInt64(first) << 24 ^ UInt64(last) << 12
      ^ UInt64(truncatingIfNeeded: name.count)
    let place = Int((mixed &* 0x9e37_79b9_7f4a_7c15) >> UInt64(64 - Self.recentBits))
    let candidate = recent[place]
    if candidate >= row.first, candidate < row.first + row.count,
      agrees(name, schemas.fields[Int(candidate)])
    {
      return Int(candidate)
    }
    let number = find(name, in: schemas.fields, row)
    if number >= 0 { recent[place] = Int32(number) }
    return number
  }

  /// The number of the field or option of that name, or -1.
  private func find(
    _ name: UnsafeBufferPointer<UInt8>, in fields: [SchemaSet.Field], _ row: SchemaSet.Row
  ) -> Int {
    if row.kind == .choice {
      for number in Int(row.first)..<Int(row.first + row.count)
      where agrees(name, fields[number]) {
        return number
      }
      return -1
    }
    var low = Int(row.first)
    var high = Int(row.first + row.count) - 1
    while low <= high {
      let middle = (low + high) / 2
      let order = compare(name, fields[middle])
      if order == 0 { return middle }
      if order < 0 { high = middle - 1 } else { low = middle + 1 }
    }
    return -1
  }

  /// Whether it is the name of the field, eight bytes at a time.
  @inline(__always)
  private func agrees(_ name: UnsafeBufferPointer<UInt8>, _ field: SchemaSet.Field) -> Bool {
    guard name.count == Int(field.count) else { return false }
    return schemas.text.withUnsafeBytes { text in
      guard let start = name.baseAddress, let texts = text.baseAddress else { return true }
      let (name, other) = (UnsafeRawPointer(start), texts + Int(field.start))
      var index = 0
      while index + 8 <= Int(field.count) {
        let ours = name.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if ours != other.loadUnaligned(fromByteOffset: index, as: UInt64.self) { return false }
        index += 8
      }
      while index < Int(field.count) {
        let ours = name.load(fromByteOffset: index, as: UInt8.self)
        if ours != other.load(fromByteOffset: index, as: UInt8.self) { return false }
        index += 1
      }
      return true
    }
  }

  /// By bytes, and the shorter of two that agree comes first.
  private func compare(_ name: UnsafeBufferPointer<UInt8>, _ field: SchemaSet.Field) -> Int {
    let start = Int(field.start)
    let count = min(name.count, Int(field.count))
    for index in 0..<count {
      let (a, b) = (name[index], schemas.text[start + index])
      if a != b { return a < b ? -1 : 1 }
    }
    return name.count - Int(field.count)
  }

  // Finding fault

  private mutating func check(_ value: Int64, _ bounds: SchemaBounds) {
    if let least = bounds.least, value < least {
      report(.invalid(found: "\(value)", reason: "is less than \(least)"))
    } else if let greatest = bounds.greatest, value > greatest {
      report(.invalid(found: "\(value)", reason: "is more than \(greatest)"))
    }
  }

  private mutating func check(quantity text: String) {
    var text = text
    text.withUTF8 { check(quantity: $0) }
  }

  private mutating func check(quantity bytes: UnsafeBufferPointer<UInt8>) {
    guard let quantity = KubernetesQuantity(bytes) else {
      return report(
        .invalid(found: quoted(bytes), reason: "is no quantity such as 4, 250m, 1.5 or 16Gi"))
    }
    let resource = frame.element >= 0 && !frame.isArray ? name(of: frame) : nil
    let (places, unit) = resource.map(KubernetesQuantity.places) ?? (9, "billionths")
    if resource != nil, quantity.isNegative {
      report(.invalid(found: quoted(bytes), reason: "is less than nothing"))
    } else if !quantity.isWhole(places: places) {
      report(.rounded(found: String(decoding: bytes, as: UTF8.self), unit: unit))
    }
  }

  private func name(of frame: Frame) -> String {
    if frame.field >= 0 {
      let field = schemas.fields[Int(frame.field)]
      let start = Int(field.start)
      return String(decoding: schemas.text[start..<start + Int(field.count)], as: UTF8.self)
    }
    return String(
      decoding: names[frame.nameStart..<frame.nameStart + frame.nameCount], as: UTF8.self)
  }

  private mutating func push(_ type: Int, element: Int32, isArray: Bool) {
    outer.append(frame)
    frame = Frame(type: Int32(type), element: element, isArray: isArray, nameStart: names.count)
  }

  private mutating func close() {
    if let around = outer.popLast() { frame = around }
  }

  private mutating func mismatch(_ type: Int, _ found: String) {
    let row = schemas.rows[type]
    let expected =
      switch row.kind {
      case .any: "anything"
      case .bool: "true or false"
      case .integer: "a whole number"
      case .number: "a number"
      case .string, .choice: "a text"
      case .intOrString: "a whole number or a text"
      case .quantity: "a quantity"
      case .array: "a list"
      case .map, .object: "an object"
      }
    report(.wrongType(expected: expected, found: found))
  }

  private mutating func report(_ kind: SchemaProblem.Kind) {
    problems.append(SchemaProblem(kind, at: path()))
  }

  private func path() -> SchemaPath {
    SchemaPath(
      (outer.dropFirst() + [frame]).map { frame in
        frame.isArray
          ? .element(max(0, frame.count - 1)) : .member(name(of: frame))
      })
  }

  private func quoted(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    let text = String(decoding: bytes.prefix(60), as: UTF8.self)
    return bytes.count > 60 ? "\"\(text)…\"" : "\"\(text)\""
  }
}
