// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DrHost

struct RequestRateTests {
  private let second: Int64 = 1_000_000_000

  @Test("a burst goes at once, and what follows evenly")
  func burst() {
    let rate = RequestRate(perSecond: 100, burst: 20)
    let pauses = (0..<25).map { _ in rate.take(at: second) }
    #expect(pauses.prefix(20).allSatisfy { $0 == 0 })
    #expect(pauses.suffix(5) == (1...5).map { Int64($0) * 10_000_000 })
  }

  @Test("who was silent for a while may burst again, and no more than that")
  func rest() {
    let rate = RequestRate(perSecond: 100, burst: 20)
    for _ in 0..<20 { _ = rate.take(at: second) }
    #expect(rate.take(at: second) == 10_000_000)
    let later = 100 * second
    #expect((0..<21).map { _ in rate.take(at: later) }.filter { $0 == 0 }.count == 20)
  }
}
