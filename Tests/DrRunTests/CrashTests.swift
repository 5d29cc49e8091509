// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema
import Testing

@testable import DrRun

extension TestHost {
  /// What the journal says at last about what was rolled back.
  var restoration: Restoration? {
    records.compactMap { if case .restored(let found) = $0.body { found } else { nil } }.last
  }
}

extension Scenario {
  fileprivate static func named(_ name: String) -> [Scenario] { all.filter { $0.name == name } }

  /// Runs whose end does not depend on how long a crash takes.
  static let crashable: [Scenario] =
    [
      "evacuation", "step_succeeds_at_third_attempt", "undos_run_in_reverse",
      "act_without_undo_leaves_the_run_failed",
      "keyed_act_done_again_after_its_undo_has_a_new_key", "handlers_run_after_the_undos",
      "nested_run_is_undone_with_what_is_around_it", "parallel_keeps_its_limit",
      "parallel_steps_retry_each_by_itself",
      "lost_answer_is_found_done", "lost_answer_of_keyed_is_repeated_under_its_key",
      "lock_is_renewed_and_given_back", "approval_declined", "step_is_skipped",
      "step_gives_its_value", "verify_once_fails_and_unwinds",
      "step_deadline_waits_for_the_act_and_undoes_it", "rollback_is_verified",
      "rollback_is_not_verified",
    ].flatMap(named) + [onceThenUndone, mixed]

  static let onceThenUndone = Scenario("once_then_undone") { code in
    code.step("pay") { step in
      step.do(step.call("add.once", "a", step.int(1)))
      step.undo { $0.do($0.call("add.once", "a", $0.int(-1))) }
    }
    code.step("again", retry: 1, every: 1) { step in
      step.do(step.call("add.once", "b", step.int(1)))
      step.undo { $0.do($0.call("add.once", "b", $0.int(-1))) }
      step.do(step.call("set.apply", "c", step.int(1)))
    }
  } _: {
    $0.world.troubles = ["observe set.apply c": [.fails(.busy("429"))]]
  }

  /// Sequence, fan-out, retry, approval, lock and compensation in one.
  static let mixed = Scenario("mixed") { code in
    code.lock("service", for: 60)
    code.onFailure { handler in
      handler.step("tell") { $0.do($0.call("add.keyed", "mail", $0.int(1))) }
    }
    code.reversible("scale", to: 3)
    code.approve("Go?", within: 600)
    code.step("fan out", retry: 2, every: 2) { step in
      step.parallel(
        limit: 2,
        (0..<3).map { index in
          { branch in
            branch.do(branch.call("add.verify", "p\(index)", branch.int(1)))
            branch.undo { $0.do($0.call("add.verify", "p\(index)", $0.int(-1))) }
            branch.do(branch.call("set.apply", "q\(index)", branch.int(index == 1 ? 7 : 8)))
            branch.undo { $0.do($0.call("set.apply", "q\(index)", $0.int(0))) }
          }
        })
    }
    code.fail("enough")
  } _: {
    $0.decisions = ["Go?": (true, 3)]
    $0.world.troubles = ["perform set.apply q1": [.fails(.busy("429"))]]
  }
}

/// Lives until the run is over, with crashes in the first lives.
func survive(_ scenario: Scenario, _ crashes: [TestHost.Crash]) throws -> (TestHost, RunResult)? {
  var host = scenario.host
  for crash in crashes {
    if try host.live(crash: crash) != nil { return nil }
    host.now = host.now.advanced(by: 500_000_000)
  }
  for _ in 0..<9 {
    let result: RunResult
    do throws(JournalRefusal) {
      guard let end = try host.live() else { break }
      result = end
    } catch {
      // The crash came after the last record and before anybody was told.
      guard case .ended(let status) = error else { throw error }
      return (host, RunResult(status: status, message: nil, startedAt: host.now, endedAt: host.now))
    }
    guard result.status == .paused else { return (host, result) }
    // Somebody looks at the act in doubt and says what they see.
    let question = try #require(host.asked.last)
    let key = question.id.split(separator: "/").dropFirst().dropLast().joined(separator: "/")
    host.early.append((question.id, host.world.keys.contains(key)))
  }
  Issue.record("the run does not end after \(crashes)")
  return nil
}

@Suite struct CrashTests {
  private func crashes(of host: TestHost) -> [TestHost.Crash] {
    host.carriedOut.enumerated().flatMap { number, order -> [TestHost.Crash] in
      switch order {
      case .append(let bytes):
        [
          .before(number), .after(number), .torn(number, 1), .torn(number, bytes.count / 2),
          .torn(number, bytes.count - 1),
        ]
      case .call(_, _, .perform): [.before(number), .after(number)]
      case .call, .cancel, .startTimer, .cancelTimer, .ask, .withdraw, .show, .tell, .finish:
        [.before(number)]
      }
    }
  }

  private func check(
    _ scenario: Scenario, _ crashes: [TestHost.Crash], _ reference: (TestHost, RunResult)
  ) throws {
    guard let (host, result) = try survive(scenario, crashes) else { return }
    let place = "\(scenario.name) \(crashes)"
    try #require(result.status == reference.1.status, "\(place)")
    if let message = result.message {
      try #require(message == reference.1.message, "\(place)")
    }
    try #require(host.world.summary == reference.0.world.summary, "\(place)")
    try #require(host.world.duplicates == [], "\(place)")
    try #require(host.restoration == reference.0.restoration, "\(place)")
  }

  @Test("comes to the same end after a crash at any point", arguments: Scenario.crashable)
  func onePoint(_ scenario: Scenario) throws {
    var host = scenario.host
    let result = try #require(try host.live())
    for crash in crashes(of: host) { try check(scenario, [crash], (host, result)) }
  }

  @Test(
    "comes to the same end after a crash of the resumed run",
    arguments: [Scenario.mixed, Scenario.onceThenUndone] + Scenario.undos)
  func twoPoints(_ scenario: Scenario) throws {
    guard Scenario.crashable.contains(where: { $0.name == scenario.name }) else { return }
    var host = scenario.host
    let result = try #require(try host.live())
    let all = crashes(of: host)
    // Pairs take minutes: many every night, and a few otherwise.
    let every = max(1, all.count / (isNightly ? 40 : 3))
    for first in all.enumerated().filter({ $0.offset % every == 0 }).map(\.element) {
      var crashed = scenario.host
      guard try crashed.live(crash: first) == nil else { continue }
      crashed.now = crashed.now.advanced(by: 500_000_000)
      if case .ended? = crashed.records.last?.body { continue }
      _ = try crashed.live()
      for number in crashed.carriedOut.indices {
        try check(scenario, [first, .before(number)], (host, result))
        if case .call(_, _, .perform) = crashed.carriedOut[number] {
          try check(scenario, [first, .after(number)], (host, result))
        }
      }
    }
  }

  @Test("comes to the same end with the last append torn at every byte")
  func everyByte() throws {
    let scenario = Scenario.onceThenUndone
    var host = scenario.host
    let result = try #require(try host.live())
    for (number, order) in host.carriedOut.enumerated() {
      guard case .append(let bytes) = order else { continue }
      for kept in stride(from: 0, to: bytes.count, by: isNightly ? 1 : 9) {
        try check(scenario, [.torn(number, kept)], (host, result))
      }
    }
  }

  @Test(
    "comes to the same end when the power fails with any of the last append's pieces written",
    arguments: [Scenario.mixed, Scenario.onceThenUndone])
  func reordered(_ scenario: Scenario) throws {
    var host = scenario.host
    let result = try #require(try host.live())
    var holes = 0
    var written = 0
    for (number, order) in host.carriedOut.enumerated() {
      guard case .append(let bytes) = order else { continue }
      let pieces = Array(TestHost.pieces(Array(host.disk.prefix(written)), bytes))
      written += bytes.count
      try #require(pieces.count <= 8, "all subsets are too many")
      for subset in 0..<(1 << pieces.count) {
        let kept = Set(pieces.enumerated().filter { subset >> $0.offset & 1 == 1 }.map(\.element))
        if kept.count < pieces.count, kept.contains(pieces[pieces.count - 1]) { holes += 1 }
        try check(scenario, [.scattered(number, kept)], (host, result))
      }
    }
    #expect(holes > 0, "some append spans several pieces")
  }

  @Test("gives the same orders and the same journal for the same events", arguments: Scenario.all)
  func deterministic(_ scenario: Scenario) throws {
    var first = scenario.host
    var second = scenario.host
    first.showsCalls = true
    second.showsCalls = true
    _ = try first.live()
    _ = try second.live()
    #expect(first.timeline == second.timeline)
    #expect(first.disk == second.disk)
  }

  @Test("replays every prefix of its journal", arguments: Scenario.all)
  func prefixes(_ scenario: Scenario) throws {
    var host = scenario.host
    _ = try host.live()
    let records = host.records
    for count in 1..<max(records.count, 2) {
      var writer = JournalWriter()
      var bytes = JournalFormat.header
      for record in records.prefix(count) { _ = writer.add(record) }
      bytes += writer.take()
      if case .ended? = records.prefix(count).last?.body { continue }
      _ = try Executor(
        machine: Machine(program: host.program, limits: Limits()), runbook: host.runbook,
        arguments: [], identity: host.identity, journal: try Journal(bytes: bytes), at: host.now)
    }
  }
}
