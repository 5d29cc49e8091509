// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema
import Testing

@testable import DrRun

/// A process that stands still (SIGSTOP, a suspended machine), and clocks that are set.
@Suite struct StandstillTests {
  /// Acts of every class, with undos, branches and a failure at the end, all under a lock.
  private static let locked = Scenario("locked") { code in
    code.lock("service", for: 60)
    code.reversible("a", to: 3)
    code.step("rest") { step in
      for name in ["verify", "keyed", "once"] {
        step.do(step.call("add.\(name)", name, step.int(1)))
        step.undo { $0.do($0.call("add.\(name)", name, $0.int(-1))) }
      }
    }
    code.step("fan out") { step in
      step.parallel(
        (0..<3).map { index in
          { branch in
            branch.do(branch.call("add.verify", "p\(index)", branch.int(1)))
            branch.undo { $0.do($0.call("add.verify", "p\(index)", $0.int(-1))) }
          }
        })
    }
    code.fail("enough")
  }

  private func undisturbed() throws -> TestHost {
    var host = Self.locked.host
    #expect(try host.live()?.status == .rolledBack)
    return host
  }

  @Test("who stood still until somebody else had its lock does nothing any more, wherever it was")
  func robbed() throws {
    let count = try undisturbed().carriedOut.count
    var caught = 0
    for number in 0..<count {
      var host = Self.locked.host
      host.standstill = (number, 3_600, "r2")
      let result = try host.live()
      guard host.world.holders["service"] == "r2" else { continue }
      let after = host.world.ledger.count - host.actsBeforeStandstill
      try #require(after == 0, "before \(number): \(host.world.ledger.suffix(after))")
      caught += 1
      // It had all done already, or is told who has the lock.
      try #require(result?.status == .lockHeld || result?.status == .rolledBack, "\(number)")
      if result?.status == .lockHeld {
        #expect(result?.message?.contains("held by r2") == true)
      }
    }
    #expect(caught > count / 2)
  }

  @Test("who stood still and has its lock yet goes on, and does nothing twice")
  func alone() throws {
    let whole = try undisturbed()
    for number in whole.carriedOut.indices {
      var host = Self.locked.host
      host.standstill = (number, 3_600, nil)
      let result = try #require(try host.live(), "before \(number)")
      try #require(result.status == .rolledBack, "before \(number)")
      try #require(host.world.summary == "")
      try #require(host.world.duplicates == [], "before \(number)")
      try #require(host.asked.isEmpty, "an act that was not begun is not in doubt")
    }
  }

  @Test(
    "the clock is set back by an hour between two lives: time does not go back, nothing is waited for longer"
  )
  func setBack() throws {
    for scenario in Scenario.crashable {
      var whole = scenario.host
      let reference = try #require(try whole.live())
      for number in whole.carriedOut.indices {
        var host = scenario.host
        guard try host.live(crash: .before(number)) == nil else { continue }
        // The fake world goes by the same clock: before the first record nothing keeps it.
        if host.disk.isEmpty { continue }
        host.now = host.now.advanced(by: -3_600_000_000_000)
        let place = "\(scenario.name) before \(number)"
        guard let result = try goOn(&host) else { continue }
        try #require(result.status == reference.status, "\(place)")
        try #require(host.world.summary == whole.world.summary, "\(place)")
        try #require(host.world.duplicates == [], "\(place)")
        try #require(
          result.endedAt.nanoseconds <= whole.now.nanoseconds + 20_000_000_000, "\(place)")
        try expectOrdered(host, place)
      }
    }
  }

  @Test(
    "the clock is set forward by an hour between two lives: deadlines are over, nothing is done twice"
  )
  func setForward() throws {
    for scenario in Scenario.crashable {
      var whole = scenario.host
      _ = try #require(try whole.live())
      for number in whole.carriedOut.indices {
        var host = scenario.host
        guard try host.live(crash: .before(number)) == nil else { continue }
        host.now = host.now.advanced(by: 3_600_000_000_000)
        let place = "\(scenario.name) before \(number)"
        guard let result = try goOn(&host) else { continue }
        try #require(result.status != .paused, "\(place)")
        // A deadline that is over undoes what was done, or leaves it out: it repeats nothing.
        try #require(host.world.duplicates == [], "\(place)")
        try expectOrdered(host, place)
      }
    }
  }

  /// To the end; `nil` where the crash came after the last record.
  private func goOn(_ host: inout TestHost) throws -> RunResult? {
    for _ in 0..<4 {
      do throws(JournalRefusal) {
        guard let result = try host.live() else { return nil }
        guard result.status == .paused, let question = host.asked.last else { return result }
        let key = question.id.split(separator: "/").dropFirst().dropLast().joined(separator: "/")
        host.early.append((question.id, host.world.keys.contains(key)))
      } catch {
        guard case .ended = error else { throw error }
        return nil
      }
    }
    return nil
  }

  private func expectOrdered(_ host: TestHost, _ place: String) throws {
    let instants = host.records.map(\.at)
    try #require(zip(instants, instants.dropFirst()).allSatisfy { $0 <= $1 }, "\(place)")
  }
}
