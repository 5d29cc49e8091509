// SPDX-License-Identifier: Apache-2.0

import DrSema

/// Text in the making, bounded so that a shared value that is written many times cannot outgrow
/// memory.
struct TextWriter {
  private(set) var bytes: [UInt8] = []
  private let limit: Int
  /// For a glance: nothing is evaluated for it, and only the first of many elements are written.
  let isBrief: Bool

  init(limit: Int, isBrief: Bool = false) {
    self.limit = limit
    self.isBrief = isBrief
  }

  /// How many of so many elements are written.
  func shown(of count: Int) -> Int { isBrief && count > 6 ? 5 : count }

  /// Says that there are more elements than those that were written.
  mutating func writeRest(of count: Int) throws(Stop) {
    let rest = count - shown(of: count)
    if rest > 0 { try write(", … \(rest) more") }
  }

  mutating func write(_ text: String) throws(Stop) {
    bytes.append(contentsOf: text.utf8)
    if bytes.count > limit { throw .memory }
  }

  mutating func write(_ text: StringRef) throws(Stop) {
    bytes.append(contentsOf: text.bytes)
    if bytes.count > limit { throw .memory }
  }

  mutating func write(_ byte: UInt8) { bytes.append(byte) }
}

extension Machine {
  /// What a writer of text may still use.
  var writer: TextWriter {
    TextWriter(limit: max(0, heap.state.pointee.limit - heap.state.pointee.used))
  }

  /// The texts of values, one after the other.
  func interpolated(_ values: UnsafeBufferPointer<Value>) throws(Stop) -> Value {
    if values.count == 1, values[0].tag == .string { return values[0] }
    if let length = Self.plainLength(values) { return try plain(values, length) }
    var writer = writer
    for value in values { try write(value, &writer) }
    try heap.charge(writer.bytes.count / 16)
    return try heap.makeString(writer.bytes)
  }

  /// How many bytes the texts take where all are strings and whole numbers, which are most, and how
  /// many are numbers.
  private static func plainLength(
    _ values: UnsafeBufferPointer<Value>
  ) -> (bytes: Int, numbers: Int)? {
    var count = 0
    var numbers = 0
    for value in values {
      if value.tag == .string {
        // No overflow: the strings of all registers would have to fill the address space.
        count &+= StringRef(value).count
      } else if value.tag == .int {
        count &+= Decimal.length(value.whole)
        numbers += 1
      } else {
        return nil
      }
    }
    return (count, numbers)
  }

  private func plain(
    _ values: UnsafeBufferPointer<Value>, _ length: (bytes: Int, numbers: Int)
  ) throws(Stop) -> Value {
    try heap.charge(length.numbers)
    if let first = values.first, first.tag == .string, StringRef(first).count >= Heap.longString {
      let start = StringRef(first)
      let rest = UnsafeBufferPointer(rebasing: values.dropFirst())
      return try heap.makeString(start, longerBy: length.bytes - start.count) {
        Self.write(rest, to: $0)
      }
    }
    try heap.charge(length.bytes / 16)
    return try heap.makeString(count: length.bytes) { Self.write(values, to: $0) }
  }

  /// Writes strings and whole numbers.
  private static func write(
    _ values: UnsafeBufferPointer<Value>, to buffer: UnsafeMutableBufferPointer<UInt8>
  ) {
    var place = 0
    for value in values {
      if value.tag == .string {
        let bytes = StringRef(value).bytes
        _ = UnsafeMutableBufferPointer(rebasing: buffer[place...]).initialize(from: bytes)
        place += bytes.count
      } else {
        place += Decimal.write(
          value.whole, to: UnsafeMutableBufferPointer(rebasing: buffer[place...]))
      }
    }
  }

  /// A value as interpolation shows it: a string as it is, a record by its name where it has one, anything else
  /// like a literal.
  func write(_ value: Value, _ writer: inout TextWriter) throws(Stop) {
    if value.tag == .string {
      try writer.write(StringRef(value))
    } else if value.tag == .record, let name = try name(of: RecordRef(value)) {
      try writer.write(name)
    } else {
      try writeLiteral(value, &writer, depth: 0)
    }
  }

  func writeLiteral(_ value: Value, _ writer: inout TextWriter, depth: Int) throws(Stop) {
    if depth > nestingLimit { throw .nesting }
    try heap.charge(1)
    switch value.tag {
    case .nilValue: try writer.write("nil")
    case .unit: try writer.write("()")
    case .bool: try writer.write(value.isTrue ? "true" : "false")
    case .int, .duration, .bytes, .percent, .rate, .throughput:
      try writer.write(Text.whole(value))
    case .float: try writer.write(Text.float(value.double))
    case .string: try writeQuoted(StringRef(value), &writer)
    case .secret: try writer.write("•••")
    case .list:
      try writer.write("[")
      let values = ListRef(value).values
      for (index, element) in values.prefix(writer.shown(of: values.count)).enumerated() {
        if index > 0 { try writer.write(", ") }
        try writeLiteral(element, &writer, depth: depth + 1)
      }
      try writer.writeRest(of: values.count)
      try writer.write("]")
    case .map, .object: try writeTable(value, &writer, depth: depth)
    case .range:
      let range = RangeRef(value)
      try writer.write("\(range.lower)..\(range.upper)")
    case .record: try writeRecord(RecordRef(value), &writer, depth: depth)
    case .function: try writer.write("fn \(program.functions[Int(value.payload)].name)")
    case .closure: try writer.write("fn \(program.functions[ClosureRef(value).function].name)")
    case .pending, .evaluating: try writer.write("…")
    }
  }

  private func writeTable(
    _ value: Value, _ writer: inout TextWriter, depth: Int
  ) throws(Stop) {
    let table = TableRef(value)
    let isMap = value.tag == .map
    if table.count == 0 {
      try writer.write(isMap ? "[:]" : "{}")
      return
    }
    try writer.write(isMap ? "[" : "{ ")
    for number in 0..<writer.shown(of: table.count) {
      if number > 0 { try writer.write(", ") }
      let key = table.key(number)
      if !isMap, key.tag == .string, Bytes.isIdentifier(StringRef(key).bytes) {
        try writer.write(StringRef(key))
      } else {
        try writeLiteral(key, &writer, depth: depth + 1)
      }
      try writer.write(": ")
      try writeLiteral(table.value(number), &writer, depth: depth + 1)
    }
    try writer.writeRest(of: table.count)
    try writer.write(isMap ? "]" : " }")
  }

  /// A named block is its label; another record shows what is in it.
  private func writeRecord(
    _ record: RecordRef, _ writer: inout TextWriter, depth: Int
  ) throws(Stop) {
    if let label = try label(of: record) {
      try writer.write(label)
      return
    }
    let info = records[Int(record.recordID)]
    try writer.write("\(info.name) {")
    var isFirst = true
    for slot in info.dataSlots {
      let value = writer.isBrief ? record.slots[slot] : try loaded(record, slot)
      if value.tag == .nilValue { continue }
      try writer.write(isFirst ? " " : ", ")
      isFirst = false
      try writer.write(StringRef(info.fieldNames[slot]))
      try writer.write(" = ")
      try writeLiteral(value, &writer, depth: depth + 1)
    }
    try writer.write(isFirst ? "}" : " }")
  }

  private func writeQuoted(_ text: StringRef, _ writer: inout TextWriter) throws(Stop) {
    writer.write(UInt8(ascii: "\""))
    for byte in text.bytes {
      switch byte {
      case UInt8(ascii: "\""): try writer.write("\\\"")
      case UInt8(ascii: "\\"): try writer.write("\\\\")
      case UInt8(ascii: "\n"): try writer.write("\\n")
      case UInt8(ascii: "\t"): try writer.write("\\t")
      default: writer.write(byte)  // open: all other bytes stand for themselves
      }
    }
    try writer.write("\"")
  }

  /// A value as a person would write it: `30s`, `16Gi`, `"text"`, `[az1, az2]`, a named block by
  /// its label. What cannot be evaluated shows as `…`.
  package func describe(_ value: Value, type: TypeID) -> String {
    let written = try? settle { () throws(Stop) -> [UInt8] in
      var writer = self.writer
      try self.writeLiteral(value, &writer, depth: 0)
      return writer.bytes
    }
    return written.map { String(decoding: $0, as: UTF8.self) } ?? "…"
  }

  /// Like `describe`, for messages about failures: evaluates nothing and stays short.
  func literal(_ value: Value, columns: Int = 120) -> String {
    var writer = TextWriter(limit: 4096, isBrief: true)
    do throws(Stop) {
      try writeLiteral(value, &writer, depth: 0)
    } catch {
      return shortened(String(decoding: writer.bytes, as: UTF8.self) + "…", columns)
    }
    return shortened(String(decoding: writer.bytes, as: UTF8.self), columns)
  }

  private func shortened(_ text: String, _ columns: Int) -> String {
    text.count > columns ? "\(text.prefix(columns - 1))…" : text
  }

  /// A number for a message.
  func brief(_ value: Value) -> String {
    value.tag == .float ? Text.float(value.double) : Text.whole(value)
  }
}
