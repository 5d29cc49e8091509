// SPDX-License-Identifier: Apache-2.0

import DrBase
import Testing

@testable import DrEval

/// Lists and strings that grow one out of another.
@Suite struct GrowingTests {
  private func heap(memoryBytes: Int = 64 << 20) -> Heap {
    let heap = Heap()
    heap.setLimits(memoryBytes: memoryBytes, fuel: 100_000_000)
    return heap
  }

  private func numbers(_ value: Value) -> [Int64] { ListRef(value).values.map(\.whole) }

  @Test("no list changes, whatever others grow out of it", arguments: 0..<20)
  func lists(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let heap = heap()
    defer { heap.free() }
    var known: [(value: Value, model: [Int64])] = [(try heap.makeList([]), [])]
    for step in 0..<400 {
      let (x, y) = (known.randomElement(using: &random)!, known.randomElement(using: &random)!)
      let new = Value.int(Int64(step))
      switch Int.random(in: 0..<5, using: &random) {
      case 0 where x.model.count + y.model.count < 2_000:
        known.append((try heap.concatenated(ListRef(x.value), ListRef(y.value)), x.model + y.model))
      case 1:
        // As `[...x, new, new]` is built.
        var list = try #require(heap.share(ListRef(x.value)))
        for _ in 0..<2 {
          list = ListRef(try #require(heap.append(new, to: Value(.list, at: list.raw))))
        }
        known.append((Value(.list, at: list.raw), x.model + [Int64(step), Int64(step)]))
      case 2:
        // What is released leaves no trace.
        let mark = heap.mark
        _ = try heap.concatenated(ListRef(x.value), ListRef(try heap.makeList([new])))
        heap.release(to: mark)
      default:
        let one = ListRef(try heap.makeList([new]))
        known.append((try heap.concatenated(ListRef(x.value), one), x.model + [Int64(step)]))
      }
    }
    for (value, model) in known { #expect(numbers(value) == model, "seed \(seed)") }
  }

  @Test("no map changes, whatever others grow out of it", arguments: 0..<20)
  func tables(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let heap = heap()
    defer { heap.free() }
    func key(_ number: Int) throws -> Value { try heap.makeString("key \(number)") }
    func added(_ table: Value, _ name: Int, _ value: Int) throws -> Value {
      try heap.set(try key(name), .int(Int64(value)), in: table)
    }
    /// What a map holds, and in which order.
    typealias Model = [(name: Int, value: Int)]
    func with(_ model: Model, _ name: Int, _ value: Int) -> Model {
      var model = model
      if let place = model.firstIndex(where: { $0.name == name }) {
        model[place].value = value
      } else {
        model.append((name, value))
      }
      return model
    }
    var known: [(value: Value, model: Model)] = [(try heap.makeTable(.map, capacity: 0), [])]
    for step in 0..<600 {
      let x = known[Int.random(in: max(0, known.count - 8)..<known.count, using: &random)]
      let names = (0..<Int.random(in: 1...3, using: &random)).map { _ in
        // Often one that is there.
        Int.random(in: 0..<(Bool.random(using: &random) ? 60 : 2_000), using: &random)
      }
      let mark = heap.mark
      var table = try heap.share(TableRef(x.value), as: .map)
      var model = x.model
      for name in names {
        table = try added(table, name, step)
        model = with(model, name, step)
      }
      // What is released leaves no trace.
      if step % 5 == 0 { heap.release(to: mark) } else { known.append((table, model)) }
    }
    for (value, model) in known {
      let table = TableRef(value)
      #expect(table.count == model.count, "seed \(seed)")
      for (number, entry) in model.enumerated() {
        #expect(StringRef(table.key(number)).text == "key \(entry.name)", "seed \(seed)")
        #expect(table.value(number).whole == Int64(entry.value), "seed \(seed)")
        #expect(try heap.find(try key(entry.name), in: table) == number, "seed \(seed)")
      }
      #expect(try heap.find(try key(-1), in: table) == -1)
    }
  }

  @Test("no string changes, whatever others grow out of it", arguments: 0..<20)
  func strings(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let heap = heap()
    defer { heap.free() }
    var known: [(value: Value, model: String)] = [("", 1), ("a", 255), ("b", 256), ("ç", 300)].map {
      let text = String(repeating: $0.0, count: $0.1)
      return ((try? heap.makeString(text)) ?? .nilValue, text)
    }
    for step in 0..<400 {
      let (x, y) = (known.randomElement(using: &random)!, known.randomElement(using: &random)!)
      guard x.model.utf8.count + y.model.utf8.count < 20_000 else { continue }
      let suffix = Bool.random(using: &random) ? y.model : "\(step)"
      let end = StringRef(try heap.makeString(suffix))
      let mark = heap.mark
      let longer = try heap.makeString(StringRef(x.value), longerBy: end.count) {
        _ = $0.initialize(from: end.bytes)
      }
      if step % 7 == 0 { heap.release(to: mark) } else { known.append((longer, x.model + suffix)) }
    }
    for (value, model) in known {
      let copy = StringRef(try heap.makeString(model))
      #expect(StringRef(value).equals(copy), "seed \(seed)")
      #expect(StringRef(value).hash == copy.hash)
    }
  }

  @Test("a list, map or string that grows by one takes linear steps and memory")
  func linear() throws {
    func cost(_ count: Int) throws -> (steps: Int, bytes: Int) {
      let heap = heap()
      defer { heap.free() }
      var list = ListRef(try heap.makeList([.int(0)]))
      var text = StringRef(try heap.makeString(String(repeating: "x", count: 300)))
      var map = try heap.makeTable(.map, capacity: 0)
      for number in 0..<count {
        map = try heap.set(
          .int(Int64(number)), .unit, in: try heap.share(TableRef(map), as: .map))
        list = ListRef(try heap.concatenated(list, ListRef(try heap.makeList([.int(1)]))))
        text = StringRef(try heap.makeString(text, longerBy: 1) { $0[0] = 0x79 })
      }
      #expect(list.count == count + 1)
      #expect(TableRef(map).count == count)
      #expect(text.count == count + 300)
      return (100_000_000 - heap.fuelLeft, heap.state.pointee.used)
    }
    let (small, large) = (try cost(1_000), try cost(20_000))
    #expect(large.steps < 30 * small.steps)
    #expect(large.bytes < 30 * small.bytes)
  }

  @Test("growing stays within the limit of memory, and uses what is left of it")
  func limit() throws {
    let bytes = 1 << 20
    let heap = heap(memoryBytes: bytes)
    defer { heap.free() }
    var list = ListRef(try heap.makeList([.int(0)]))
    let one = ListRef(try heap.makeList([.int(1)]))
    #expect(throws: Stop.self) {
      while true { list = ListRef(try heap.concatenated(list, one)) }
    }
    #expect(heap.state.pointee.used <= bytes)
    // Each element is copied thrice at most, and a header goes with each.
    #expect(list.count > bytes / 16 / 8)
    #expect(list.values.dropFirst().allSatisfy { $0.whole == 1 })
  }
}
