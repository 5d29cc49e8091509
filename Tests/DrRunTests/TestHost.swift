// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema

@testable import DrRun

/// Carries out orders in virtual time on a fake world, keeps what survives a crash, and writes a
/// timeline.
struct TestHost {
  enum Crash: Equatable {
    case none
    /// Before the order of that number is carried out.
    case before(Int)
    /// After the order of that number was carried out and before anything of it is told: an
    /// act has happened, an append is durable.
    case after(Int)
    /// An append of that number ends after so many bytes.
    case torn(Int, Int)
    /// The power fails during the append of that number: of its pieces those are on disk that the
    /// set has, by number; the others read as zeros, or are beyond the end of the file.
    case scattered(Int, Set<Int>)
  }

  let program: Program
  let runbook: FunctionID
  var world = FakeWorld()
  var disk: [UInt8] = []
  var now = Instant(nanoseconds: 0)
  /// What who follows the run was told; nothing unless the executor tells it.
  private(set) var told: [News] = []
  var tellsNews = false
  var lines: [String] = []
  /// What people answer, and how many seconds after they are asked.
  var decisions: [String: (approved: Bool, after: Int64)] = [:]
  /// What several people answer, one question after the other, in seconds since the beginning.
  var answers: [(person: String, approved: Bool, at: Int64)] = []
  /// When the next of them comes, where seconds are not enough.
  var answerMilliseconds: Int64?
  /// Answers given together with the beginning of a life.
  var early: [(id: String, approved: Bool)] = []
  /// Seconds after which the run is interrupted.
  var interruptAt: Int64?
  /// Seconds after which the reason to take something back is gone.
  var recallAt: Int64?
  var asked: [Question] = []
  /// Kinds of orders carried out, in order; the crash points.
  var carriedOut: [Order] = []
  var showsCalls = false
  /// Before the order of that number the process stands still for so long; somebody else takes its
  /// locks meanwhile, where one is named.
  /// How many acts had happened when it did.
  private(set) var actsBeforeStandstill = 0
  var standstill: (before: Int, seconds: Int64, robber: String?)?
  /// A mistake of the store, the drivers or the clock; see MutationTests.
  var bug: Bug?
  var life = 0
  var appends = 0
  var lastAppend = 0
  var unflushed: [UInt8] = []
  var runID = "r1"
  var programDigest = "p"
  /// Who accepts that the program has changed.
  var accepter: String?

  init(_ program: (CheckedProgram, FunctionID)) {
    self.program = Program(program.0)
    runbook = program.1
  }

  static let latency: [String: Int64] = [
    "read": 100, "observe": 100, "perform": 1_000, "settle": 100,
  ]

  var identity: RunIdentity {
    RunIdentity(
      runID: runID, runbook: "evacuate", arguments: [:], programDigest: programDigest, sources: [],
      version: "test", world: "fake")
  }

  private struct Due {
    let at: Instant
    let number: Int
    let event: Event
  }

  /// One life of the run, from its beginning to its end or a crash. nil where it crashed.
  mutating func live(
    crash: Crash = .none, reopening: Reopening? = nil
  ) throws(JournalRefusal) -> RunResult? {
    reopen()
    let journal = try Journal(bytes: disk)
    if bug != .keepsTornTails { disk.removeLast(journal.tornCount) }
    let machine = Machine(program: program, limits: Limits())
    now = journal.resumption(at: now)
    let executor = try Executor(
      machine: machine, body: machine.start(runbook, []), identity: identity, journal: journal,
      reopening: reopening, acceptingChangeBy: accepter, at: now)
    executor.tellsNews = tellsNews
    return drive(executor, crash)
  }

  mutating func drive(_ executor: some Runner, _ crash: Crash) -> RunResult? {
    var due: [Due] = []
    var cancelled: Set<String> = []
    var count = 0
    func schedule(_ event: Event, after delay: Int64) {
      due.append(Due(at: now.advanced(by: delay * 1_000_000), number: count, event: event))
      count += 1
    }
    for answer in early {
      schedule(.decided(questionID: answer.id, approved: answer.approved, by: "oncall"), after: 0)
    }
    schedule(.begin, after: 0)
    if let recallAt { schedule(.recalled(why: "it holds again"), after: recallAt * 1_000) }
    if let interruptAt { schedule(.interrupted, after: interruptAt * 1_000) }
    carriedOut = []
    world.inFlight = 0
    for _ in 0..<100_000 {
      guard
        let index = due.indices.min(by: {
          (due[$0].at, due[$0].number) < (due[$1].at, due[$1].number)
        })
      else { return nil }
      let next = due.remove(at: index)
      if next.at > now { now = next.at }
      world.now = now
      switch next.event {
      case .answered(let id, _), .notBegun(let id):
        if cancelled.contains("call \(id.rawValue)") { continue }
        world.inFlight -= 1
      case .fired(let id): if cancelled.contains("timer \(id.rawValue)") { continue }
      case .begin, .decided, .stirred, .recalled, .interrupted: break
      }
      for order in disordered(executor.handle([next.event], at: now)) {
        let number = carriedOut.count
        carriedOut.append(order)
        if crash == .before(number) { return nil }
        if let standstill, standstill.before == number {
          now = now.advanced(by: standstill.seconds * 1_000_000_000)
          world.now = now
          actsBeforeStandstill = world.ledger.count
          if let robber = standstill.robber { world.isRobbed(by: robber) }
        }
        switch order {
        case .append(let bytes):
          if case .torn(number, let kept) = crash {
            disk += bytes.prefix(kept)
            return nil
          }
          if case .scattered(number, let kept) = crash {
            disk = TestHost.scattered(disk, bytes, kept)
            return nil
          }
          store(bytes)
        case .call(let id, let call, let phase):
          world.inFlight += 1
          world.inFlightMax = max(world.inFlightMax, world.inFlight)
          if showsCalls { line("call \(phase.word) \(call.name) \(call.key)") }
          if case .perform = phase, !executor.mayStillBegin(call, at: now) {
            schedule(.notBegun(id), after: 0)
            break
          }
          let answer = mistaken(call, phase)
          schedule(.answered(id, answer), after: TestHost.latency[phase.word] ?? 0)
        case .cancel(let id):
          cancelled.insert("call \(id.rawValue)")
          world.inFlight -= 1
          if showsCalls { line("cancel") }
        case .startTimer(let id, let instant):
          let delay = (instant.nanoseconds - now.nanoseconds) / 1_000_000
          if bug == .firesNoTimers { break }
          schedule(.fired(id), after: bug == .firesTimersAtOnce ? 0 : delay)
        case .cancelTimer(let id): cancelled.insert("timer \(id.rawValue)")
        case .ask(let question):
          asked.append(question)
          line("ask \(question.id)")
          if !answers.isEmpty {
            let answer = answers.removeFirst()
            let at = answerMilliseconds ?? answer.at * 1_000
            schedule(
              .decided(questionID: question.id, approved: answer.approved, by: answer.person),
              after: max(0, at - now.nanoseconds / 1_000_000))
          }
          if let decision = decisions[question.text], bug != .losesDecisions {
            let approved = decision.approved || bug == .saysYesForThem
            schedule(
              .decided(questionID: question.id, approved: approved, by: "oncall"),
              after: decision.after * 1_000)
          }
        case .withdraw(let id): line("withdraw \(id)")
        case .show(let progress):
          line(
            String(repeating: "  ", count: progress.depth)
              + "\(progress.kind.rawValue) \(progress.text)")
        case .tell(let news): told.append(news)
        case .finish(let result): return crash == .after(number) ? nil : result
        }
        if crash == .after(number) { return nil }
      }
    }
    return nil
  }

  /// Pieces that an append touches.
  static func pieces(_ disk: [UInt8], _ bytes: [UInt8]) -> Range<Int> {
    disk.count / 512..<(disk.count + bytes.count - 1) / 512 + 1
  }

  private static func scattered(
    _ disk: [UInt8], _ bytes: [UInt8], _ kept: Set<Int>
  ) -> [UInt8] {
    var whole = disk + bytes
    var end = disk.count
    for piece in pieces(disk, bytes) {
      let range = max(disk.count, piece * 512)..<min(whole.count, (piece + 1) * 512)
      if kept.contains(piece) {
        end = range.upperBound
      } else {
        for index in range { whole[index] = 0 }
      }
    }
    return Array(whole.prefix(end))
  }

  private mutating func line(_ text: String) {
    let milliseconds = now.nanoseconds / 1_000_000
    let tenths = milliseconds / 100
    lines.append("\(tenths / 10).\(tenths % 10) \(text)")
  }

  var timeline: String { lines.joined(separator: "\n") }

  var journal: Journal {
    get throws(JournalRefusal) { try Journal(bytes: disk) }
  }

  var records: [JournalRecord] { (try? Journal(bytes: disk)).map { Array($0.records) } ?? [] }

  /// The kinds of all records with their positions, in one line.
  var journalLine: String {
    records.map { record in
      let position = record.position == .root ? "" : "@\(record.position.text)"
      return record.body.kind + position
    }.joined(separator: " ")
  }
}
