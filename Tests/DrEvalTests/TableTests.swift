// SPDX-License-Identifier: Apache-2.0

import DrBase
import Testing

@testable import DrEval

@Suite struct TableTests {
  @Test("maps of any size find what they hold, keep its order, and nothing else")
  func sizes() throws {
    let heap = Heap()
    defer { heap.free() }
    for size in [0, 1, 8, 9, 16, 17, 1_000, 20_000] {
      var map = try heap.makeTable(.map, capacity: 0)
      for number in 0..<size {
        map = try heap.set(try heap.makeString("key \(number)"), .int(Int64(number)), in: map)
      }
      let table = TableRef(map)
      #expect(table.count == size)
      for number in stride(from: 0, to: size, by: max(1, size / 50)) {
        #expect(try heap.find(try heap.makeString("key \(number)"), in: table) == number)
        #expect(StringRef(table.key(number)).text == "key \(number)")
      }
      #expect(try heap.find(try heap.makeString("key \(size)"), in: table) == -1)
      if size > 0 {
        map = try heap.set(try heap.makeString("key 0"), .int(-1), in: map)
        #expect(TableRef(map).count == size)
        #expect(TableRef(map).value(0).whole == -1)
      }
    }
  }

  @Test("keys with equal hashes stay apart, and are paid for")
  func collisions() throws {
    let heap = Heap()
    defer { heap.free() }
    heap.setLimits(memoryBytes: 1 << 20, fuel: 1 << 20)
    var map = try heap.makeTable(.map, capacity: 0)
    // All closures hash alike.
    var keys: [Value] = []
    for number in 0..<100 {
      keys.append(try #require(heap.makeClosure(number, captures: [], count: 0)))
    }
    for (number, key) in keys.enumerated() {
      map = try heap.set(key, .int(Int64(number)), in: map)
    }
    for (number, key) in keys.enumerated() {
      #expect(try heap.find(key, in: TableRef(map)) == number)
    }
    #expect((1 << 20) - heap.fuelLeft > 100 * 100 / 2)
  }

  @Test("hashes of maps tell their entries apart, whatever their order")
  func mapHashes() throws {
    let heap = Heap()
    defer { heap.free() }
    func map(_ entries: [(String, Int64)]) throws -> Value {
      var map = try heap.makeTable(.object, capacity: 0)
      for (key, value) in entries {
        map = try heap.set(try heap.makeString(key), .int(value), in: map)
      }
      return map
    }
    let hash = try heap.hash(map([("a", 1), ("b", 2)]), depth: 0)
    #expect(try hash == heap.hash(map([("b", 2), ("a", 1)]), depth: 0))
    #expect(try hash != heap.hash(map([("a", 2), ("b", 1)]), depth: 0))
  }

  @Test("bytes compare as their text does", arguments: [0, 1, 7, 8, 9, 15, 16, 40])
  func comparing(count: Int) throws {
    let base = [UInt8](repeating: 0x61, count: count)
    for place in 0..<count {
      var other = base
      other[place] = 0xFF
      let order = base.withUnsafeBufferPointer { x in
        other.withUnsafeBufferPointer { y in (compareBytes(x, y), compareBytes(y, x)) }
      }
      #expect(order == (-1, 1))
    }
    let longer = base + [0x61]
    let order = base.withUnsafeBufferPointer { x in
      longer.withUnsafeBufferPointer { y in (compareBytes(x, y), compareBytes(x, x)) }
    }
    #expect(order == (-1, 0))
  }

  @Test("whole numbers are written like Swift's", arguments: [0, 7, 10, -1, 99, 100, .max, .min])
  func decimal(number: Int64) {
    let count = Decimal.length(number)
    let text = String(unsafeUninitializedCapacity: count) { Decimal.write(number, to: $0) }
    #expect(text == "\(number)")
  }
}
