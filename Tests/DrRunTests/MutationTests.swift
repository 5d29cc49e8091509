// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema
import Testing

@testable import DrRun

/// A mistake of what stands around the executor: its store, its drivers, its clock. Each breaks a
/// promise that a run relies on, and the crash tests must see it.
enum Bug: String, CaseIterable, Sendable {
  // The store
  case forgetsToFlush, actsBeforeItFlushes, appendsTwice, losesAnAppend, exchangesAppends
  case losesTheLastAppend, forgetsTheJournal, keepsTornTails
  // Drivers
  case keysChangeWithLives, keysAreAllTheSame, actsTwice, actsWhenItObserves, actsWhenItSettles
  case settlesAsDone, settlesAsNotDone, answersWithoutActing, givesAnotherValue
  // Locks
  case grantsWhatIsHeld, keepsLocks
  // Clocks and people
  case firesTimersAtOnce, firesNoTimers, saysYesForThem, losesDecisions
}

extension TestHost {
  /// Orders as the store with the mistake carries them out.
  func disordered(_ orders: [Order]) -> [Order] {
    guard bug == .actsBeforeItFlushes else { return orders }
    func isAppend(_ order: Order) -> Bool { if case .append = order { true } else { false } }
    return orders.filter { !isAppend($0) } + orders.filter(isAppend)
  }

  /// What stands on disk at the beginning of a life.
  mutating func reopen() {
    life += 1
    unflushed = []
    guard life > 1 else { return }
    if bug == .losesTheLastAppend { disk.removeLast(min(lastAppend, disk.count)) }
    if bug == .forgetsTheJournal { disk = [] }
  }

  mutating func store(_ bytes: [UInt8]) {
    appends += 1
    lastAppend = bytes.count
    switch bug {
    case .forgetsToFlush:
      disk += unflushed
      unflushed = bytes
    case .appendsTwice: disk += bytes + bytes
    case .losesAnAppend: if appends != 3 { disk += bytes }
    case .exchangesAppends:
      if appends == 3 {
        unflushed = bytes
      } else {
        disk += bytes + unflushed
        unflushed = []
      }
    case _: disk += bytes  // open: mistakes of other parts
    }
  }

  /// What drivers with the mistake answer.
  mutating func mistaken(_ call: WorldCall, _ phase: CallPhase) -> Answer {
    let key =
      switch bug {
      case .keysChangeWithLives: "\(call.key)#\(life)"
      case .keysAreAllTheSame: "r1/0"
      case _: call.key
      }
    let call = WorldCall(
      name: call.name, arguments: call.arguments, effect: call.effect, actClass: call.actClass,
      key: key, fence: call.fence)
    let isLock = call.name.hasPrefix("lock.")
    let lock = call.arguments["name"]?.stringValue ?? ""
    switch (bug, phase) {
    case (.actsTwice, .perform) where !isLock: _ = world.answer(call, phase)
    case (.actsWhenItObserves, .observe) where !isLock,
      (.actsWhenItSettles, .settle) where !isLock:
      _ = world.answer(call, .perform(observed: .null))
    case (.settlesAsDone, .settle): return .success(["state": "done"])
    case (.settlesAsNotDone, .settle): return .success(["state": "not_done"])
    case (.answersWithoutActing, .perform(let observed)) where !isLock:
      return .success(observed["result"] ?? .null)
    case (.givesAnotherValue, .observe) where !isLock:
      guard case .success(let document) = world.answer(call, phase),
        var observation = Observation(document)
      else { break }
      observation.result = .int((observation.result.intValue ?? 0) + 5)
      return .success(observation.document)
    case (.grantsWhatIsHeld, .perform) where call.name == "lock.acquire":
      world.holders[lock] = nil
    case (.keepsLocks, .perform) where call.name == "lock.release": return .success(.null)
    case _: break
    }
    return world.answer(call, phase)
  }
}

@Suite struct MutationTests {
  private static let scenarios: [Scenario] =
    [Scenario.onceThenUndone, .mixed]
    + Scenario.all.filter {
      [
        "evacuation", "lock_is_renewed_and_given_back", "approval_declined",
        "lost_answer_is_found_done", "step_succeeds_at_third_attempt",
      ].contains($0.name) || $0.name.contains("held")
    }

  /// How a run ends for the world, whatever crashes it has.
  private func end(_ scenario: Scenario, _ crash: TestHost.Crash, _ bug: Bug?) -> String {
    var host = scenario.host
    host.bug = bug
    var crash = crash
    for _ in 0..<6 {
      let result: RunResult?
      do throws(JournalRefusal) {
        result = try host.live(crash: crash)
      } catch {
        guard case .ended(let status) = error else { return "refused: \(error)" }
        return text(status, host)
      }
      let crashed = crash != .none
      crash = .none
      guard let result else {
        guard crashed else { return "does not end" }
        host.now = host.now.advanced(by: 500_000_000)
        continue
      }
      guard result.status == .paused, let question = host.asked.last else {
        return text(result.status, host)
      }
      let key = question.id.split(separator: "/").dropFirst().dropLast().joined(separator: "/")
      host.early.append((question.id, host.world.keys.contains(key)))
    }
    return "does not end"
  }

  private func text(_ status: RunResult.Status, _ host: TestHost) -> String {
    "\(status) \(host.world.summary) \(host.world.duplicates)"
  }

  /// Where the simulation sees the mistake: the scenario and the crash.
  private func discovery(of bug: Bug) throws -> String? {
    for scenario in Self.scenarios {
      var host = scenario.host
      let reference = text(try #require(try host.live()).status, host)
      var crashes: [TestHost.Crash] = [.none]
      for (number, order) in host.carriedOut.enumerated() {
        switch order {
        case .append(let bytes):
          crashes += [.before(number), .after(number), .torn(number, bytes.count / 2)]
        case .call(_, _, .perform): crashes += [.before(number), .after(number)]
        case .call, .cancel, .startTimer, .cancelTimer, .ask, .withdraw, .show, .finish, .tell:
          break
        }
      }
      for crash in crashes where end(scenario, crash, bug) != reference {
        try #require(end(scenario, crash, nil) == reference, "\(scenario) \(crash) without it")
        return "\(scenario) \(crash)"
      }
    }
    return nil
  }

  @Test(
    "finds every mistake of the store, the drivers, the locks and the clock",
    arguments: Bug.allCases)
  func findsIt(_ bug: Bug) throws {
    let discovery = try discovery(of: bug)
    #expect(discovery != nil, "nothing sees that it \(bug.rawValue)")
  }
}
