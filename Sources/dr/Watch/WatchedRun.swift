// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrHost
import DrRun

/// One life of a run that a policy started. The run is an ordinary one: `dr runs` and `dr resume` know it.
struct WatchedRun: Sendable {
  enum End: Sendable {
    case over(RunResult)
    /// Another process works on it.
    case busy
    /// It is left as it stands, for whoever leads now.
    case left
    case refused(String)
    /// Its record could not be kept; it is gone on with once it can.
    case unkept(String)
  }

  let id: String
  let launch: Launch
  let store: RunStore
  let world: RealWorld
  /// Of the program that is watched: a run must be of the same.
  let programDigest: String
  /// Where the clusters of that program are.
  let places: [ClusterPlace]
  let style: OutputStyle
  /// Why it is opened once more, where it has ended.
  let reopening: Reopening?
  /// Whether it begins although permissions are missing.
  let acceptsMissing: Bool
  let mayAct: @Sendable () -> Bool
  let log: WatchLog
  /// Given where events for the run go, once it can take them.
  let ready: @Sendable (EventQueue<Event>) -> Void

  /// Runs it to its end, or goes on with it.
  func drive() async -> End {
    if let (was, here) = launch.moved(to: places) {
      return .refused(
        "it began in another cluster: then \(was.text), now \(here.text); if that is the same one,"
          + " go on with: \(store.resumeCommand(id)) --context \(here.context)")
    }
    do {
      let prepared = try PreparedRun(launch, style: style)
      guard ProgramFingerprint(prepared.project).digest == programDigest else {
        return .refused(
          "the program has changed since dr watch read it: start dr watch anew; nothing was done")
      }
      let opened = try await OpenedRecord(id, in: store)
      do {
        let end =
          if let why = try await refusal(prepared, opened) {
            End.refused(why)
          } else {
            try await drive(prepared, opened)
          }
        await opened.held.release()
        return end
      } catch {
        await opened.held.release()
        throw error
      }
    } catch is RealDriver.NotAllowed {
      return .left
    } catch let refusal as JournalRefusal {
      return .refused(refusal.diagnostic.message)
    } catch let failure as StoreFailure {
      switch failure.kind {
      case .held: return .busy
      case .unreachable: return .unkept(failure.message)
      case .refused: return .refused(failure.message)
      }
    } catch {
      return .refused("it cannot be prepared")
    }
  }

  /// Why it is not begun: its acts are not permitted. One that has begun was asked about then, and nobody is there to
  /// decide what becomes of it half-way: it goes on.
  private func refusal(_ prepared: PreparedRun, _ opened: OpenedRecord) async throws -> String? {
    guard opened.journal.first == nil,
      let finding = try await Preflight(prepared, store, runID: id).ask(in: world)
    else { return nil }
    if let doubt = finding.doubt { log.write("\(doubt); the run goes on", run: id) }
    guard let refusal = finding.refusal else { return nil }
    guard acceptsMissing else {
      return "\(refusal)nothing was done; dr watch --accept-missing goes on nevertheless"
    }
    log.write(refusal, run: id)
    return nil
  }

  private func drive(_ prepared: PreparedRun, _ opened: OpenedRecord) async throws -> End {
    let clock = SteadyClock(from: opened.journal.resumption(at: WallClock.now()))
    let executor = try Executor(
      machine: prepared.machine, body: prepared.makeBody(),
      identity: prepared.identity(runID: id), journal: opened.journal, reopening: reopening,
      at: clock.now())
    let lines = ProgressLines(colour: false, start: clock.now())
    let held = opened.held
    let driver = RealDriver(
      runner: executor, clock: clock,
      answer: { [world, store] in await world.answer($0, $1, beside: store) },
      approver: Approver(
        approvesAll: false, box: store.approvals(id),
        hint: { [store, id] in store.answerHint(id, to: $0) },
        prompts: false),
      isSignalled: false,
      mayAct: { [mayAct] in if mayAct() { await held.isStillOurs() } else { false } },
      isKnownToMayAct: { [mayAct] in mayAct() && held.isKnownOurs },
      tell: { [log, id] in log.write($0, run: id) }
    ) { [log, id] shown in for progress in shown { log.write(progress, lines, run: id) } }
    executor.tellsNews = log.asEvents
    executor.objectives = prepared.objectives
    // A cluster that is not found is told by the first call that comes to it.
    executor.life = prepared.life(in: (try? prepared.places()) ?? [])
    ready(driver.queue)
    guard let result = try await driver.run(append: { bytes in try await held.append(bytes) })
    else { return .left }
    return .over(result)
  }
}
