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

  @Test("a list or string that grows by one takes linear steps and memory")
  func linear() throws {
    func cost(_ count: Int) throws -> (steps: Int, bytes: Int) {
      let heap = heap()
      defer { heap.free() }
      var list = ListRef(try heap.makeList([.int(0)]))
      var text = StringRef(try heap.makeString(String(repeating: "x", count: 300)))
      for _ in 0..<count {
        list = ListRef(try heap.concatenated(list, ListRef(try heap.makeList([.int(1)]))))
        text = StringRef(try heap.makeString(text, longerBy: 1) { $0[0] = 0x79 })
      }
      #expect(list.count == count + 1)
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
