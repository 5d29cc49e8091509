// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrHost
import DrRun
import Glibc

/// One life of a run in the real world, from its journal file to its exit status.
struct RealSession {
  let prepared: PreparedRun
  let id: String
  let store: RunStore
  let approvesAll: Bool
  /// What a person found out about acts in doubt.
  var answers: [Event] = []
  /// Why a run that has ended is opened once more, to take back what it did.
  var reopening: Reopening?
  /// Whether the program may have changed since.
  var acceptsChange = false
  /// What the plan said that a new run is held to.
  var prediction: Prediction?
  /// Asked before this life of the run acts.
  var admission: Admission?
  /// What happens is written as events, not as lines for people.
  var tellsEvents = false

  /// Begins a new run.
  func start() async throws {
    var launch = prepared.launch
    launch.places = try places()
    // Before the first line is written: who reads them may be gone, and the run goes on.
    signal(SIGPIPE, SIG_IGN)
    try await prepared.inWorld { world in
      try await admission?.ask(in: world)
      do throws(StoreFailure) {
        try await store.create(id, launch)
      } catch {
        Console.write("\(error.message)\nNothing was done.\n", to: .error)
        throw error.exitCode
      }
      // It was asked before there was anything of it.
      var session = self
      session.admission = nil
      try await session.goOn(world)
    }
  }

  /// Goes on with a run, or begins it where the first life ended before it could.
  func resume() async throws {
    signal(SIGPIPE, SIG_IGN)
    try await prepared.inWorld { try await goOn($0) }
  }

  private func goOn(_ world: RealWorld) async throws {
    let opened: OpenedRecord
    do {
      opened = try await OpenedRecord(id, in: store)
    } catch let refusal as JournalRefusal {
      throw fail(refusal.diagnostic, status: 4)
    }
    let torn = opened.journal.tornCount
    if torn > 0 {
      Console.write(
        "the last \(torn) bytes of the journal were cut off by the crash\n", to: .error)
    }
    do {
      try await drive(world, opened)
    } catch {
      await opened.held.release()
      throw error
    }
    await opened.held.release()
  }

  /// Where the program's clusters are.
  private func places() throws -> [ClusterPlace] {
    do throws(Diagnostic) {
      return try prepared.places()
    } catch {
      throw fail(error, status: 1)
    }
  }

  /// Throws where a cluster is elsewhere than it was when the run began: KUBECONFIG of another terminal leads to
  /// another one. Whoever names the context knows what they do.
  func refuseMoved() throws {
    guard let (was, here) = prepared.launch.moved(to: try places()) else { return }
    Console.write(
      """
      \(id) began in another cluster; nothing was done
        then: \(was.text)
        now:  \(here.text)
      Go on with the kubeconfig that it began with. If it is the same cluster at another address, say so with \
      --context: \(resume) --context \(here.context)

      """, to: .error)
    throw ExitCode(4)
  }

  /// Throws where an answer is to a question that nobody asks.
  private func refuseUnknown(_ open: [Question]) throws {
    for case .decided(let answered, _, _) in answers
    where !open.contains(where: { $0.id == answered }) {
      let list = open.map { "\n  \($0.id)  \(visible($0.text))" }.joined()
      Console.write(
        "\(id) asks no question called `\(visible(answered))`"
          + (open.isEmpty ? ", nor any other" : "; it asks:\(list)") + "\nnothing was done\n",
        to: .error)
      throw ExitCode(1)
    }
  }

  private func fail(_ diagnostic: Diagnostic, status: Int32) -> ExitCode {
    prepared.project.report(diagnostic)
    prepared.project.printDiagnostics()
    return ExitCode(status)
  }

  private func drive(_ world: RealWorld, _ opened: OpenedRecord) async throws {
    let clock = SteadyClock(from: opened.journal.resumption(at: WallClock.now()))
    let executor: Executor
    do throws(JournalRefusal) {
      executor = try Executor(
        machine: prepared.machine, body: prepared.makeBody(),
        identity: prepared.identity(runID: id), journal: opened.journal, reopening: reopening,
        acceptingChangeBy: acceptsChange ? Approver.user : nil, at: clock.now())
    } catch {
      throw fail(error.diagnostic, status: 4)
    }
    try refuseUnknown(executor.openQuestions)
    let (journal, isTakenBack) = (opened.journal, reopening != nil)
    try await admission?.ask(in: world) { RunPast(journal, takenBack: isTakenBack) }
    executor.prediction = prediction
    executor.objectives = prepared.objectives
    executor.life = prepared.life(in: try places())
    let begun = opened.journal.first?.at ?? clock.now()
    let lines = ProgressLines(
      colour: prepared.project.style.usesColour(.output), start: begun)
    if !tellsEvents {
      Console.write("run \(id)\n" + (try places()).map { $0.text + "\n" }.joined())
    }
    let live =
      tellsEvents
      ? nil
      : LiveView.onTerminal(
        colour: prepared.project.style.usesColour(.output), hint: store.approveCommand(id),
        resume: resume, answers: !approvesAll)
    defer { live?.end() }
    executor.tellsNews = live != nil || tellsEvents
    live?.replace(with: LiveRun(opened.journal.records))
    let held = opened.held
    let driver = RealDriver(
      runner: executor, clock: clock,
      answer: { [store] in await world.answer($0, $1, beside: store) },
      approver: Approver(
        approvesAll: approvesAll, box: store.approvals(id),
        hint: { [store, id] in store.answerHint(id, to: $0) }, prompts: !tellsEvents, view: live),
      mayAct: { await held.isStillOurs() },
      isKnownToMayAct: { held.isKnownOurs },
      tell: { [id, tellsEvents] news in
        live?.take(news)
        guard tellsEvents, case .recorded(let record) = news else { return }
        Console.write(EventLine.text(record, run: id))
      }
    ) { [tellsEvents] in if !tellsEvents { Console.write($0.map(lines.line).joined()) } }
    world.whenChanged { [queue = driver.queue] in queue.push(.stirred) }
    let result: RunResult?
    do {
      result = try await driver.run(first: answers) { bytes in try await held.append(bytes) }
    } catch let failure as StoreFailure {
      let advice =
        failure.kind == .held
        ? "Nothing further was done here." : "Nothing further was done. Mend it, then: \(resume)"
      Console.write("\(failure.message)\n\(advice)\n", to: .error)
      throw failure.kind == .held ? ExitCode(5) : ExitCode(4)
    } catch is RealDriver.NotAllowed {
      Console.write(
        "it is not certain that this run is still ours\nNothing further was done here. "
          + "Go on with: \(resume)\n", to: .error)
      throw ExitCode(5)
    }
    live?.end()
    try finish(result, isReopened: executor.isReopened, stop: driver.stop)
  }

  private var resume: String { store.resumeCommand(id) }

  private func finish(_ result: RunResult?, isReopened: Bool, stop: StopSignal?) throws {
    guard let result else { throw ExitCode(1) }
    if !tellsEvents {
      Console.write(
        RunReport.text(result, launch: prepared.launch, isReopened: isReopened, goOn: resume))
    }
    if isReopened {
      // What was asked for is done once everything is taken back.
      if result.status == .rolledBack { return }
      if result.status == .succeeded { throw ExitCode(1) }
    }
    let status = RunReport.exitStatus(result.status, stop: stop)
    if status != 0 { throw ExitCode(status) }
    if Console.isUnwritable { throw ExitCode(1) }
  }
}
