// SPDX-License-Identifier: Apache-2.0

import DrData

/// Natives on maps and objects.
enum Tables {
  static let all: [NativeFunction] = [
    NativeFunction("map.count", "(map: [K: V]) -> Int") { _, arguments throws(Stop) in
      .int(Int64(arguments.table(0).count))
    },
    NativeFunction("map.keys", "(map: [K: V]) -> [K]") { machine, arguments throws(Stop) in
      try listed(machine, arguments[0], keys: true)
    },
    NativeFunction("map.values", "(map: [K: V]) -> [V]") { machine, arguments throws(Stop) in
      try listed(machine, arguments[0], keys: false)
    },
    NativeFunction("object.count", "(object: Object) -> Int") { _, arguments throws(Stop) in
      .int(isTable(arguments[0]) ? Int64(arguments.table(0).count) : 0)
    },
    NativeFunction("object.keys", "(object: Object) -> [String]") {
      machine, arguments throws(Stop) in
      try listed(machine, arguments[0], keys: true)
    },
    NativeFunction("object.values", "(object: Object) -> [Object]") {
      machine, arguments throws(Stop) in
      try listed(machine, arguments[0], keys: false)
    },
    NativeFunction("object.set", "(object: Object, name: String, value: T) -> Object") {
      machine, arguments throws(Stop) in
      try setting(machine, arguments)
    },
    NativeFunction("object.merge", "(first: Object, second: Object) -> Object") {
      machine, arguments throws(Stop) in
      try merged(machine, arguments[0], arguments[1], depth: 0)
    },
    NativeFunction("object.from_record", "(record: T) -> Object") {
      machine, arguments throws(Stop) in
      guard arguments[0].tag == .record else { return try machine.object(arguments[0], depth: 0) }
      return try machine.members(of: RecordRef(arguments[0]), depth: 0)
    },
    NativeFunction("object.as_string", "(object: Object) -> String?") { _, arguments throws(Stop) in
      arguments[0].tag == .string ? arguments[0] : .nilValue
    },
    NativeFunction("object.as_int", "(object: Object) -> Int?") { _, arguments throws(Stop) in
      if arguments[0].tag == .int { return arguments[0] }
      guard arguments[0].tag == .float, let whole = Machine.integral(arguments[0].double) else {
        return .nilValue
      }
      return .int(whole)
    },
    NativeFunction("object.as_float", "(object: Object) -> Float?") { _, arguments throws(Stop) in
      if arguments[0].tag == .int { return .float(Double(arguments.whole(0))) }
      return arguments[0].tag == .float ? arguments[0] : .nilValue
    },
    NativeFunction("object.as_bool", "(object: Object) -> Bool?") { _, arguments throws(Stop) in
      arguments[0].tag == .bool ? arguments[0] : .nilValue
    },
    NativeFunction("object.as_list", "(object: Object) -> [Object]?") { _, arguments throws(Stop) in
      arguments[0].tag == .list ? arguments[0] : .nilValue
    },
    NativeFunction("json.write", "(value: Object) -> String") { machine, arguments throws(Stop) in
      var writer = machine.writer
      try writeJSON(machine, try machine.object(arguments[0], depth: 0), &writer)
      return try machine.heap.makeString(writer.bytes)
    },
    NativeFunction("json.pretty", "(value: Object) -> String") { machine, arguments throws(Stop) in
      var writer = JSONWriter(pretty: true, reserving: 1 << 10)
      try machine.write(arguments[0], .manifest, to: &writer, depth: 0)
      return try machine.heap.makeString(writer.text)
    },
    NativeFunction("yaml.write", "(value: Object) -> String") { machine, arguments throws(Stop) in
      var writer = YAMLWriter(reserving: 1 << 10)
      try machine.write(arguments[0], .manifest, to: &writer, depth: 0)
      return try machine.heap.makeString(writer.text)
    },
  ]

  private static func isTable(_ value: Value) -> Bool {
    value.tag == .object || value.tag == .map
  }

  private static func listed(
    _ machine: Machine, _ value: Value, keys: Bool
  ) throws(Stop) -> Value {
    guard isTable(value) else { return try machine.heap.makeList([]) }
    let table = TableRef(value)
    try machine.heap.charge(table.count)
    return try machine.heap.makeList(
      (0..<table.count).map { keys ? table.key($0) : table.value($0) })
  }

  private static func copied(_ machine: Machine, _ value: Value, room: Int) throws(Stop) -> Value {
    guard isTable(value) else { return try machine.heap.makeTable(.object, capacity: room) }
    let table = TableRef(value)
    if table.count > TableRef.linearCount { return try machine.heap.share(table, as: .object) }
    try machine.heap.charge(table.count)
    var result = try machine.heap.makeTable(.object, capacity: table.count + room)
    for number in 0..<table.count {
      result = try machine.heap.set(table.key(number), table.value(number), in: result)
    }
    return result
  }

  /// Without the member where the value is nil.
  private static func setting(_ machine: Machine, _ arguments: Arguments) throws(Stop) -> Value {
    let value = try machine.object(arguments[2], depth: 0)
    if value.tag != .nilValue {
      let copy = try copied(machine, arguments[0], room: 1)
      return try machine.heap.set(arguments[1], value, in: copy)
    }
    guard isTable(arguments[0]) else { return try copied(machine, .nilValue, room: 0) }
    let table = arguments.table(0)
    let removed = try machine.heap.find(arguments[1], in: table)
    if removed < 0 { return arguments[0] }
    try machine.heap.charge(table.count)
    var result = try machine.heap.makeTable(.object, capacity: table.count)
    for number in 0..<table.count where number != removed {
      result = try machine.heap.set(table.key(number), table.value(number), in: result)
    }
    return result
  }

  /// The second's members win, except that two objects of one name are merged in turn.
  private static func merged(
    _ machine: Machine, _ first: Value, _ second: Value, depth: Int
  ) throws(Stop) -> Value {
    if depth > nestingLimit { throw .nesting }
    guard isTable(first) else { return isTable(second) || first.tag == .nilValue ? second : first }
    guard isTable(second) else { return first }
    var result = try copied(machine, first, room: TableRef(second).count)
    let table = TableRef(second)
    for number in 0..<table.count where table.value(number).tag != .nilValue {
      try machine.heap.charge(1)
      let old = try machine.heap.find(table.key(number), in: TableRef(result))
      var value = table.value(number)
      if old >= 0, isTable(value), isTable(TableRef(result).value(old)) {
        value = try merged(machine, TableRef(result).value(old), value, depth: depth + 1)
      }
      result = try machine.heap.set(table.key(number), value, in: result)
    }
    return result
  }

  // JSON

  /// Data without any space; what is not data was converted before, so that depth is bounded.
  private static func writeJSON(
    _ machine: Machine, _ value: Value, _ writer: inout TextWriter
  ) throws(Stop) {
    try machine.heap.charge(1)
    switch value.tag {
    case .list:
      try writer.write("[")
      for (index, element) in ListRef(value).values.enumerated() {
        if index > 0 { try writer.write(",") }
        try writeJSON(machine, element, &writer)
      }
      try writer.write("]")
    case .object:
      let table = TableRef(value)
      try writer.write("{")
      var isFirst = true
      for number in 0..<table.count where table.value(number).tag != .nilValue {
        if !isFirst { try writer.write(",") }
        isFirst = false
        try writeQuoted(StringRef(table.key(number)), &writer)
        try writer.write(":")
        try writeJSON(machine, table.value(number), &writer)
      }
      try writer.write("}")
    case .string: try writeQuoted(StringRef(value), &writer)
    case .nilValue: try writer.write("null")
    case .unit, .bool, .int, .duration, .bytes, .percent, .rate, .throughput, .float, .secret, .map,
      .range, .record, .function, .closure, .pending, .evaluating:
      try machine.write(value, &writer)
    }
  }

  private static func writeQuoted(
    _ text: StringRef, _ writer: inout TextWriter
  ) throws(Stop) {
    let digits = Array("0123456789abcdef".utf8)
    writer.write(UInt8(ascii: "\""))
    for byte in text.bytes {
      switch byte {
      case UInt8(ascii: "\""): try writer.write("\\\"")
      case UInt8(ascii: "\\"): try writer.write("\\\\")
      case UInt8(ascii: "\n"): try writer.write("\\n")
      case UInt8(ascii: "\r"): try writer.write("\\r")
      case UInt8(ascii: "\t"): try writer.write("\\t")
      case 0..<0x20:
        try writer.write("\\u00")
        writer.write(digits[Int(byte >> 4)])
        writer.write(digits[Int(byte & 15)])
      default: writer.write(byte)  // open: all other bytes stand for themselves
      }
    }
    try writer.write("\"")
  }
}
