// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrHost
import DrRun
import DrSystem

/// Drives the policies of a program in the real world. One task takes what happens, in batches; the engine decides.
///
/// The store is the memory: a run that a policy started stands there with its cause before anything of it is done, so
/// whichever copy leads next goes on with it, knows its cooldown, and which alerts have had their effect.
final class Watcher {
  /// What happens.
  enum Notice: Sendable {
    /// Time has passed.
    case tick
    case answered(CallID, Result<Document, WorldFailure>)
    case alerts(WatchEndpoints.Delivery)
    case leadership(Leadership.Change)
    /// A run can be told events.
    case ready(String, EventQueue<Event>)
    case ended(String, WatchedRun.End)
    case stop(StopSignal)
  }

  /// What a run goes on for.
  private enum Purpose {
    case reaction
    /// It had ended, and what it did is taken back.
    case goingBack
  }

  /// A run that goes on here.
  private struct Active {
    let policy: Int
    let purpose: Purpose
    var queue: EventQueue<Event>?
  }

  /// A run that somebody else goes on with: a person, or a copy that has not ended yet.
  private struct Parked {
    let policy: Int
    let purpose: Purpose
    /// Whether it is ours once nobody works on it.
    let isOurs: Bool
  }

  private let notices: EventQueue<Notice>
  private let program: WatchedProgram
  private let engine: PolicyEngine
  private let store: RunStore
  private let world: RealWorld
  private let leadership: Leadership
  private let endpoints: WatchEndpoints
  private let acceptsMissing: Bool
  private let log: WatchLog
  private var book = AlertBook()
  private var leads = false
  private var active: [String: Active] = [:]
  private var parked: [String: Parked] = [:]
  private var stopSignal: StopSignal?
  private var timer: (at: Instant, task: Task<Void, Never>)?
  /// Failures of the program that were told.
  private var told: Set<String> = []

  /// Bytes of values after which looking goes on with a fresh machine.
  private static let memoryMax = 4 << 20
  /// What the program itself takes.
  private var memoryFloor: Int

  init(
    _ program: WatchedProgram, notices: EventQueue<Notice>, store: RunStore, world: RealWorld,
    leadership: Leadership, endpoints: WatchEndpoints, acceptsMissing: Bool, log: WatchLog
  ) {
    self.program = program
    self.notices = notices
    self.store = store
    self.world = world
    self.leadership = leadership
    self.endpoints = endpoints
    self.acceptsMissing = acceptsMissing
    self.log = log
    engine = PolicyEngine(
      program.policies, on: program.machine, startingAt: SteadyClock.process.now())
    memoryFloor = engine.memoryUsed
  }

  /// Watches until a signal says stop and all runs are paused; gives the signal.
  func run() async -> StopSignal {
    await notices.forEachBatch { batch in
      let now = SteadyClock.process.now()
      for notice in batch { await take(notice, at: now) }
      await turn(at: now)
      return stopSignal == nil || !active.isEmpty
    }
    timer?.task.cancel()
    return stopSignal ?? .terminate
  }

  private func take(_ notice: Notice, at now: Instant) async {
    switch notice {
    case .tick: await lookAtParked(at: now)
    case .answered(let id, let answer):
      if case .failure = answer { change { $0.unanswered += 1 } }
      await carryOut(engine.answered(id, answer, at: now), at: now)
    case .alerts(let delivery):
      delivery.reply.resume(returning: await answer(delivery, at: now))
    case .leadership(let news): await take(news, at: now)
    case .ready(let id, let queue):
      active[id]?.queue = queue
      if !leads || stopSignal != nil { queue.push(.interrupted) }
    case .ended(let id, let end): await finish(id, end, at: now)
    case .stop(let signal):
      if stopSignal != nil { StopSignal.leave(signal) }
      stopSignal = signal
      log.write("stops" + (active.isEmpty ? "" : ", once its runs have paused"))
      pauseAll()
    }
  }

  /// Looks as is due, and says when to come again.
  private func turn(at now: Instant) async {
    if leads, stopSignal == nil {
      if isFull, !engine.isLooking, let fresh = program.again() {
        engine.renew(fresh.policies, on: fresh.machine)
        memoryFloor = engine.memoryUsed
      }
      // While it is full, no look is begun beside those under way: they would never all be over.
      while !(isFull && engine.isLooking), let next = engine.nextLook, next <= now {
        change { $0.lookedAt = now }
        await carryOut(engine.beginNextLook(at: now), at: now)
      }
      if let next = engine.nextLook { wakeUp(at: next) }
    }
    let (statuses, count, isLeading, runs) = (engine.statuses, book.count, leads, active.count)
    change { figures in
      figures.turnedAt = now
      figures.detectors = statuses
      figures.firingAlerts = count
      figures.leads = isLeading
      figures.activeRuns = runs
    }
  }

  private var isFull: Bool { engine.memoryUsed - memoryFloor > Self.memoryMax }

  private func wakeUp(at instant: Instant) {
    guard timer?.at != instant else { return }
    timer?.task.cancel()
    let notices = notices
    let task = Task {
      do {
        try await SteadyClock.process.wait(until: instant)
        notices.push(.tick)
      } catch {
        return  // Another time is waited for now.
      }
    }
    timer = (instant, task)
  }

  private func change(_ body: (inout WatchFigures) -> Void) {
    endpoints.figures.withLock { body(&$0) }
  }

  // MARK: Orders

  private func carryOut(_ orders: [PolicyEngine.Order], at now: Instant) async {
    var orders = orders
    while !orders.isEmpty {
      switch orders.removeFirst() {
      case .ask(let id, let call, _):
        if let answer = await ownAnswer(call, at: now) {
          orders.insert(contentsOf: engine.answered(id, answer, at: now), at: 0)
        } else {
          let (world, notices) = (world, notices)
          Task { notices.push(.answered(id, await world.answer(call, .read))) }
        }
      case .note(let note): log.write(note)
      case .failed(let diagnostic): tell(diagnostic)
      case .react(let reaction): await start(reaction, at: now)
      case .goBack(let order): await goBack(order, at: now)
      case .recall(let run, let why): active[run]?.queue?.push(.recalled(why: why))
      }
    }
  }

  private func ownAnswer(
    _ call: WorldCall, at now: Instant
  ) async -> Result<Document, WorldFailure>? {
    if call.name == "alerts.firing" {
      if book.isUsedUp(call) { engine.goesOn(asker: call.key) }
      return .success(.bool(book.answer(call, at: now)))
    }
    return await StoreReads(store: store).answer(call)
  }

  /// A mistake of the program comes again at every look; it is told once.
  private func tell(_ diagnostic: Diagnostic) {
    guard told.count < 100, told.insert(diagnostic.message).inserted else { return }
    let place = diagnostic.span.map { program.project.checker.program.sources.location($0) + ": " }
    log.write("\(place ?? "")\(diagnostic.message)")
  }

  // MARK: Alerts

  private func answer(
    _ delivery: WatchEndpoints.Delivery, at now: Instant
  ) async -> HTTPServer.Response {
    guard leads, stopSignal == nil else {
      return HTTPServer.Response(503, "another copy leads; send it again\n")
    }
    var changed = book
    let taken = changed.take(delivery.alerts, at: now)
    // Kept before it is answered, and so before anything comes of it.
    do throws(StoreFailure) {
      if changed.document != book.document { try await AlertShelf(store: store).write(changed) }
    } catch {
      log.write("an alert cannot be kept: \(error.message)")
      let message = error.message
      change { $0.trouble = message }
      return HTTPServer.Response(503, "it cannot be kept: \(error.message)\n")
    }
    book = changed
    let count = delivery.alerts.count
    change { figures in
      figures.trouble = nil
      figures.alertsReceived += count
    }
    for alert in taken.new { log.write("told that \(alert.text) fires", "alert_fires") }
    for alert in taken.resolved {
      log.write("told that \(alert.text) is resolved", "alert_resolved")
    }
    if taken.refused > 0 {
      log.write("\(taken.refused) alerts are one too many: \(AlertBook.countMax) fire already")
    }
    if !taken.new.isEmpty { engine.wake(delivery.policy, at: now) }
    return HTTPServer.Response(
      200, "\(taken.new.count) new, \(taken.repeated) known, \(taken.resolved.count) resolved\n")
  }

  // MARK: Leading

  private func take(_ news: Leadership.Change, at now: Instant) async {
    switch news {
    case .note(let text): log.write(text)
    case .leads:
      guard stopSignal == nil else { return }
      leads = true
      log.write("leads", "leads")
      await takeOver(at: now)
    case .follows(let why):
      leads = false
      log.write("leads no more: \(why)", "follows")
      pauseAll()
    }
  }

  /// Nobody looks, and runs pause after the act in flight.
  private func pauseAll() {
    engine.giveUpLooks()
    timer?.task.cancel()
    timer = nil
    for id in active.keys.sorted() { active[id]?.queue?.push(.interrupted) }
  }

  /// Goes on with what the policies of this program began in earlier lives, here or elsewhere.
  private func takeOver(at now: Instant) async {
    parked = [:]
    engine.forgetStanding(but: Set(active.keys))
    do throws(StoreFailure) {
      book = try await AlertShelf(store: store).read() ?? AlertBook()
      for id in try await store.records.ids() where active[id] == nil { await takeOver(id) }
      change { $0.trouble = nil }
    } catch {
      let text = error.message
      log.write("what earlier copies began is not known: \(text)")
      change { $0.trouble = text }
    }
  }

  private func takeOver(_ id: String) async {
    guard let launch = try? await store.launch(id), let cause = launch.cause,
      launch.file == program.launch.file
    else { return }
    let summary: RunSummary?
    do {
      summary = try await store.journal(id).flatMap { RunSummary($0) }
    } catch {
      let why =
        (error as? JournalRefusal)?.diagnostic.message ?? (error as? StoreFailure)?.message
      return log.write("is not gone on with: \(why ?? "its journal cannot be read")", run: id)
    }
    guard let summary else {
      log.write("was never begun and is dropped: what it was for fires again if it lasts", run: id)
      try? await store.records.remove(id)
      return
    }
    book.use(cause.alerts, asker: "policy/\(launch.runbook)")
    if let endedAt = summary.endedAt {
      engine.ended(launch.runbook, at: endedAt)
      stands(id, launch, summary, of: cause.service)
    } else if let policy = summary.isReopened
      ? engine.begunReturn(of: id, launch.runbook) : engine.begun(launch.runbook)
    {
      log.write("goes on: \(launch.runbook)", "run_goes_on", run: id)
      drive(id, launch, policy, summary.isReopened ? .goingBack : .reaction)
    } else {
      log.write(
        "is unfinished, and no policy here has \(launch.runbook): \(store.resumeCommand(id))",
        run: id)
    }
  }

  /// What a run that has ended left behind, of whichever version of the program.
  private func stands(_ id: String, _ launch: Launch, _ summary: RunSummary, of service: String) {
    guard case .ended(let status, _) = summary.status else { return }
    let remains = PolicyEngine.Remains(of: id, status)
    guard case .everything = remains, summary.programDigest != program.digest else {
      return engine.stands(launch.runbook, of: service, remains)
    }
    engine.stands(launch.runbook, of: service, .something)
  }

  /// Removes what nothing was done of: only where it is certain. The alerts that it was for have had no effect.
  private func dropIfNeverBegun(_ id: String) async {
    do {
      let launch = try await store.launch(id)
      guard try await store.journal(id)?.first == nil else { return }
      try await store.records.remove(id)
      book.release(launch.cause?.alerts ?? [], asker: "policy/\(launch.runbook)")
    } catch {
      return  // It is looked at again by who leads next.
    }
  }

  // MARK: Runs

  private func start(_ reaction: PolicyEngine.Reaction, at now: Instant) async {
    let id = RunStore.newID(at: now)
    var launch = program.launch
    launch.runbook = reaction.name
    launch.cause = Launch.Cause(
      service: reaction.service, alerts: book.use(asker: "policy/\(reaction.name)"))
    do throws(StoreFailure) {
      try await store.create(id, launch)
    } catch {
      let text = error.message
      log.write("\(reaction.name) cannot be run: \(text)")
      change { $0.trouble = text }
      await carryOut(engine.ended(policy: reaction.policy, at: now), at: now)
      return
    }
    log.write(
      "begins: \(reaction.name)", "run_begins", run: id, [("reaction", .string(reaction.name))])
    change { $0.started += 1 }
    drive(id, launch, reaction.policy, .reaction)
  }

  /// Opens a finished run once more, to take back what it did.
  private func goBack(_ order: PolicyEngine.Return, at now: Instant) async {
    let id = order.run
    do {
      let launch = try await store.launch(id)
      let status = try await store.journal(id).flatMap { RunSummary($0)?.status }
      if case .ended(.succeeded, _)? = status {
        log.write("goes back: \(order.reopening.why)", "run_goes_back", run: id)
        return drive(id, launch, order.policy, .goingBack, order.reopening)
      }
      log.write("does not go back: somebody has taken it back, or is about to", run: id)
      engine.returned(id, .failed, at: now)
    } catch {
      log.write("does not go back: its record cannot be read", run: id)
      engine.returned(id, .succeeded, at: now)
    }
  }

  private func drive(
    _ id: String, _ launch: Launch, _ policy: Int, _ purpose: Purpose,
    _ reopening: Reopening? = nil
  ) {
    active[id] = Active(policy: policy, purpose: purpose, queue: nil)
    let notices = notices
    let run = WatchedRun(
      id: id, launch: launch, store: store, world: world, programDigest: program.digest,
      places: program.launch.places, style: program.project.style, reopening: reopening,
      acceptsMissing: acceptsMissing, mayAct: { [leadership] in leadership.leads }, log: log
    ) { notices.push(.ready(id, $0)) }
    Task { notices.push(.ended(id, await run.drive())) }
  }

  private func finish(_ id: String, _ end: WatchedRun.End, at now: Instant) async {
    guard let run = active.removeValue(forKey: id) else { return }
    switch end {
    case .over(let result):
      let status = result.status.rawValue
      change { $0.finished[status, default: 0] += 1 }
      let why = result.message.map { ": \($0)" } ?? ""
      if result.status == .paused {
        let isToBeGoneOnWith = stopSignal != nil || !leads
        log.write(
          isToBeGoneOnWith
            ? "is paused; the copy that leads next goes on with it"
            : "is paused\(why); go on with: \(store.resumeCommand(id))", "run_paused", run: id)
        parked[id] = Parked(
          policy: run.policy, purpose: run.purpose, isOurs: isToBeGoneOnWith)
        return
      }
      log.write(
        "ended, \(result.words)\(why)", "run_ended", run: id,
        [("status", .string(status))]
          + (result.restoration.map { [("verified", .bool($0.isVerified))] } ?? []))
      return await conclude(id, run.policy, run.purpose, result.status, at: now)
    case .busy:
      log.write("is still worked on by another process; waits for it", run: id)
      parked[id] = Parked(policy: run.policy, purpose: run.purpose, isOurs: true)
      return
    case .left:
      log.write("is left to whoever leads now", run: id)
      return
    case .refused(let why):
      log.write("is not run: \(why)", run: id)
      await dropIfNeverBegun(id)
    case .unkept(let why):
      log.write("waits: \(why)", run: id)
      parked[id] = Parked(policy: run.policy, purpose: run.purpose, isOurs: true)
      return
    }
    // Nothing was done: of what was to be taken back everything stands.
    switch run.purpose {
    case .reaction: await carryOut(engine.ended(policy: run.policy, at: now), at: now)
    case .goingBack: engine.returned(id, .succeeded, at: now)
    }
  }

  /// A run is over: what follows for its policy.
  private func conclude(
    _ id: String, _ policy: Int, _ purpose: Purpose, _ status: RunResult.Status, at now: Instant
  ) async {
    switch purpose {
    case .reaction:
      let remains = PolicyEngine.Remains(of: id, status)
      await carryOut(engine.ended(policy: policy, leaving: remains, at: now), at: now)
    case .goingBack: engine.returned(id, status, at: now)
    }
  }

  /// Whether runs that others work on have ended, or are ours now.
  private func lookAtParked(at now: Instant) async {
    guard leads, stopSignal == nil else { return }
    for (id, run) in parked.sorted(by: { $0.key < $1.key }) {
      // What the store does not say now is asked at the next tick.
      guard let isLive = try? await store.isLive(id), !isLive else { continue }
      let journal = try? await store.journal(id)
      if case .ended(let status, _)? = journal.flatMap({ RunSummary($0) })?.status {
        parked[id] = nil
        log.write("has ended elsewhere", run: id)
        await conclude(id, run.policy, run.purpose, status, at: now)
      } else if run.isOurs, let launch = try? await store.launch(id) {
        parked[id] = nil
        log.write("goes on: \(launch.runbook)", "run_goes_on", run: id)
        drive(id, launch, run.policy, run.purpose)
      }
    }
  }
}
