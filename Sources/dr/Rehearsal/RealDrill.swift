// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrHost
import DrRun

/// Drives a `DrillEngine` in the real world. One task takes what happens; whatever is broken is mended
/// before it ends, by a signal too.
final class RealDrill {
  private enum Notice: Sendable {
    case tick
    case answered(CallID, Result<Document, WorldFailure>)
    case begun(Int, String?)
    case ended(Int, String?)
    case stop(StopSignal)
  }

  private let drill: DrillModel
  private let engine: DrillEngine
  private let world: RealWorld
  private let injector: any FaultInjector
  /// What is told, and what events call it.
  private let tell: (String, String) -> Void
  private let notices = EventQueue<Notice>()
  private var outcome: DrillOutcome?
  /// Faults that were ordered and are not taken back.
  private var broken: Set<Int> = []
  private var timer: Task<Void, Never>?
  /// Failures of the program that were told.
  private var told: Set<String> = []
  /// What could not be mended, by fault.
  private(set) var leftovers: [Int: String] = [:]

  init(
    _ drill: DrillModel, _ engine: DrillEngine, world: RealWorld, injector: any FaultInjector,
    tell: @escaping (String, String) -> Void
  ) {
    self.drill = drill
    self.engine = engine
    self.world = world
    self.injector = injector
    self.tell = tell
  }

  /// Goes on to the end of the drill.
  func run() async -> DrillOutcome? {
    let notices = notices
    let stops = Signals.stops()
    let signals = Task { for await signal in stops { notices.push(.stop(signal)) } }
    notices.push(.tick)
    await notices.forEachBatch { batch in
      for notice in batch { take(notice) }
      if outcome == nil {
        carryOut(engine.turn(at: SteadyClock.process.now()))
        wakeUp()
      }
      return outcome == nil || !broken.isEmpty
    }
    signals.cancel()
    timer?.cancel()
    return outcome
  }

  private func take(_ notice: Notice) {
    let now = SteadyClock.process.now()
    switch notice {
    case .tick: break
    case .answered(let id, let answer): carryOut(engine.answered(id, answer, at: now))
    case .begun(let number, let why):
      guard let why else { return tell("✗ \(name(number))", "fault_begins") }
      carryOut(engine.stop(because: "\(name(number)) could not be made: \(why)", at: now))
    case .ended(let number, let why):
      broken.remove(number)
      leftovers[number] = why
      tell(
        why.map { "✗ \(name(number)) could not be taken back: \($0)" }
          ?? "↻ \(name(number)) is taken back", why == nil ? "fault_ends" : "fault_stays")
    case .stop(let signal):
      // A second signal does not keep faults from being taken back.
      carryOut(engine.stop(because: "stopped by a signal (\(signal.rawValue))", at: now))
    }
  }

  private func wakeUp() {
    timer?.cancel()
    guard let next = engine.nextTurn else { return }
    let notices = notices
    timer = Task {
      do {
        try await SteadyClock.process.wait(until: next)
        notices.push(.tick)
      } catch {
        return  // Another time is waited for now.
      }
    }
  }

  private func carryOut(_ orders: [DrillEngine.Order]) {
    for order in orders {
      switch order {
      case .ask(let id, let call, _):
        let (world, notices) = (world, notices)
        Task { notices.push(.answered(id, await world.answer(call, .read))) }
      case .begin(let number):
        broken.insert(number)
        let (injector, notices) = (injector, notices)
        Task { notices.push(.begun(number, await injector.begin(number))) }
      case .end(let number): mend(number)
      case .note(let note): tell("· \(note.text)", "note")
      case .failed(let diagnostic):
        if told.insert(diagnostic.message).inserted {
          tell("! \(diagnostic.message)", "note")
        }
      case .finish(let outcome): self.outcome = outcome
      }
    }
  }

  private func mend(_ number: Int) {
    let (injector, notices) = (injector, notices)
    Task {
      let why = await injector.endAtLast(number)
      notices.push(.ended(number, why))
    }
  }

  private func name(_ number: Int) -> String { drill.faults[number].name }
}

extension DrillModel.Fault {
  /// `zone_outage of az1`
  var name: String {
    let what = ["service", "zone", "region", "name"].compactMap { document[$0]?.stringValue }
    let kind = document["kind"]?.stringValue ?? "fault"
    return what.isEmpty ? kind : "\(kind) of \(what.joined(separator: " in "))"
  }
}
