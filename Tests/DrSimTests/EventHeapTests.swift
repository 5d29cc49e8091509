// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrRun
import Testing

@testable import DrSim

@Suite struct EventHeapTests {
  @Test func theEarliestComesFirstAndOfOneInstantTheFirstAdded() {
    var random = SeededRandom(seed: 7)
    for _ in 0..<50 {
      var heap = EventHeap<Int>()
      var times: [Int64] = []
      for number in 0..<60 {
        times.append(random.below(10))
        heap.add(number, at: Instant(nanoseconds: times[number]))
      }
      let expected = times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
      var order: [Int] = []
      while let next = heap.removeFirst() { order.append(next.element) }
      #expect(order == expected)
    }
  }

  @Test func randomNumbersFollowFromTheSeed() {
    // The first number of the published algorithm for the seed 0.
    var zero = SeededRandom(seed: 0)
    #expect(zero.next() == 0xE220_A839_7B1D_CDAF)
    var one = SeededRandom(seed: 1)
    var again = SeededRandom(seed: 1)
    let numbers = (0..<1_000).map { _ in one.below(10) }
    #expect(numbers == (0..<1_000).map { _ in again.below(10) })
    #expect(Set(numbers) == Set(0..<10))
    #expect(one.below(0) == 0 && one.below(-5) == 0 && one.below(1) == 0)
  }
}
