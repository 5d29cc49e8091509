// SPDX-License-Identifier: Apache-2.0

/// Natives on lists.
enum Lists {
  static let all: [NativeFunction] = [
    NativeFunction("list.count", "(list: [T]) -> Int") { _, arguments throws(Stop) in
      .int(Int64(arguments.list(0).count))
    },
    NativeFunction("list.sorted", "(list: [T]) -> [T]") { machine, arguments throws(Stop) in
      try sorted(machine, arguments.list(0))
    },
    NativeFunction("list.reversed", "(list: [T]) -> [T]") { machine, arguments throws(Stop) in
      try machine.heap.charge(arguments.list(0).count)
      return try machine.heap.makeList(arguments.list(0).values.reversed())
    },
    NativeFunction("list.slice", "(list: [T], from: Int, to: Int) -> [T]") {
      machine, arguments throws(Stop) in
      let list = arguments.list(0)
      let start = min(max(0, arguments.whole(1)), Int64(list.count))
      let end = min(max(start, arguments.whole(2)), Int64(list.count))
      try machine.heap.charge(Int(end - start))
      return try machine.heap.makeList(list.values[Int(start)..<Int(end)])
    },
    NativeFunction("list.unique", "(list: [T]) -> [T]") { machine, arguments throws(Stop) in
      try unique(machine, arguments.list(0))
    },
    NativeFunction("list.flatten", "(lists: [[T]]) -> [T]") { machine, arguments throws(Stop) in
      try flatten(machine, arguments.list(0))
    },
    NativeFunction("list.sum", "(list: [T]) -> T") { machine, arguments throws(Stop) in
      try sum(machine, arguments.list(0))
    },
    NativeFunction("list.min", "(list: [T]) -> T?") { machine, arguments throws(Stop) in
      try extreme(machine, arguments.list(0)) { precedes($0, $1) }
    },
    NativeFunction("list.max", "(list: [T]) -> T?") { machine, arguments throws(Stop) in
      try extreme(machine, arguments.list(0)) { precedes($1, $0) }
    },
    NativeFunction("list.first", "(list: [T]) -> T?") { _, arguments throws(Stop) in
      let list = arguments.list(0)
      return list.count == 0 ? .nilValue : list.elements[0]
    },
    NativeFunction("list.last", "(list: [T]) -> T?") { _, arguments throws(Stop) in
      let list = arguments.list(0)
      return list.count == 0 ? .nilValue : list.elements[list.count - 1]
    },
  ]

  /// The order of numbers, quantities, truths and texts.
  private static func precedes(_ a: Value, _ b: Value) -> Bool {
    if a.tag == .string, b.tag == .string { return StringRef(a).precedes(StringRef(b)) }
    if a.tag == .float, b.tag == .float { return a.double < b.double }
    return a.whole < b.whole
  }

  private static func checkOrdered(_ machine: Machine, _ list: ListRef) throws(Stop) {
    try machine.heap.charge(list.count)
    guard let first = list.values.first else { return }
    for element in list.values {
      guard element.tag == first.tag,
        element.tag.isWhole || element.tag == .float || element.tag == .string
          || element.tag == .bool
      else {
        throw .failed(
          "\(machine.literal(first)) and \(machine.literal(element)) have no order",
          help: "lists of numbers, quantities and texts can be ordered")
      }
    }
  }

  private static func sorted(_ machine: Machine, _ list: ListRef) throws(Stop) -> Value {
    try checkOrdered(machine, list)
    let levels = Int.bitWidth - list.count.leadingZeroBitCount
    try machine.heap.charge(list.count * levels)
    return try machine.heap.makeList(Array(list.values).sorted(by: precedes))
  }

  private static func extreme(
    _ machine: Machine, _ list: ListRef, _ isBetter: (Value, Value) -> Bool
  ) throws(Stop) -> Value {
    try checkOrdered(machine, list)
    guard var best = list.values.first else { return .nilValue }
    for element in list.values where isBetter(element, best) { best = element }
    return best
  }

  private static func unique(_ machine: Machine, _ list: ListRef) throws(Stop) -> Value {
    var seen = try machine.heap.makeTable(.map, capacity: min(list.count, 64))
    for element in list.values {
      try machine.heap.charge(1)
      seen = try machine.heap.set(element, .unit, in: seen)
    }
    let table = TableRef(seen)
    return try machine.heap.makeList((0..<table.count).map { table.key($0) })
  }

  private static func flatten(_ machine: Machine, _ lists: ListRef) throws(Stop) -> Value {
    var count = 0
    for list in lists.values {
      count += ListRef(list).count
      try machine.heap.charge(1 + ListRef(list).count)
    }
    guard let result = machine.heap.makeList(capacity: count) else { throw .memory }
    let target = ListRef(result)
    for list in lists.values {
      let source = ListRef(list)
      (target.elements + target.count).initialize(from: source.elements, count: source.count)
      target.count += source.count
    }
    target.fill = count
    return result
  }

  private static func sum(_ machine: Machine, _ list: ListRef) throws(Stop) -> Value {
    try machine.heap.charge(list.count)
    guard let first = list.values.first else { return .int(0) }
    if first.tag == .float {
      var total = 0.0
      for element in list.values { total += element.double }
      guard total.isFinite else { throw .arithmetic("the sum is out of range") }
      return .float(total)
    }
    var total: Int64 = 0
    for element in list.values {
      let (sum, overflow) = total.addingReportingOverflow(element.whole)
      if overflow { throw .arithmetic("the sum is out of range") }
      total = sum
    }
    return Value(first.tag, whole: total)
  }
}
