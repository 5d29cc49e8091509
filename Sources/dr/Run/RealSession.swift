// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrHost
import DrRun
import DrSystem
import Glibc

/// One life of a run in the real world, from its journal file to its exit status.
struct RealSession {
  let prepared: PreparedRun
  let id: String
  let store: RunStore
  let approvesAll: Bool
  /// What a person found out about acts in doubt.
  var answers: [Event] = []
  /// What the plan said that a new run is held to.
  var prediction: Prediction?

  /// Begins a new run.
  func start() async throws {
    let world = try makeWorld()
    do {
      var file = try createJournal()
      try await drive(world, journal: nil) { bytes in try file.append(bytes) }
    } catch {
      await world.shutdown()
      throw error
    }
    await world.shutdown()
  }

  private func createJournal() throws -> JournalFile {
    do {
      try store.create(id, prepared.launch)
      return try JournalFile.create(store.journalPath(id))
    } catch let failure as FileFailure {
      Console.write("\(failure.message)\nNothing was done.\n", to: .error)
      throw ExitCode(4)
    }
  }

  /// Goes on with a run.
  func resume() async throws {
    let path = store.journalPath(id)
    // The first life ended before it made its journal: nothing was done yet.
    if access(path, F_OK) != 0 { return try await start() }
    var opened: OpenedJournal
    do {
      opened = try OpenedJournal(path)
    } catch let refusal as JournalRefusal {
      throw fail(refusal.diagnostic, status: 4)
    } catch let failure as FileFailure {
      Console.write("\(failure.message)\n", to: .error)
      throw ExitCode(failure.code == EWOULDBLOCK ? 5 : 4)
    }
    if opened.journal.tornCount > 0 {
      Console.write(
        "the last \(opened.journal.tornCount) bytes of the journal were cut off by the crash\n",
        to: .error)
    }
    let world = try makeWorld()
    do {
      try await drive(world, journal: opened.journal) { bytes in try opened.file.append(bytes) }
    } catch {
      await world.shutdown()
      throw error
    }
    await world.shutdown()
  }

  private func makeWorld() throws -> RealWorld {
    do throws(Diagnostic) {
      return try prepared.launch.makeRealWorld(for: prepared.natives)
    } catch {
      throw fail(error, status: 1)
    }
  }

  private func fail(_ diagnostic: Diagnostic, status: Int32) -> ExitCode {
    prepared.project.report(diagnostic)
    prepared.project.printDiagnostics()
    return ExitCode(status)
  }

  private func drive(
    _ world: RealWorld, journal: Journal?, append: ([UInt8]) throws -> Void
  ) async throws {
    let executor: Executor
    do throws(JournalRefusal) {
      executor = try Executor(
        machine: prepared.machine, body: prepared.makeBody(),
        identity: prepared.identity(runID: id), journal: journal, at: WallClock.now())
    } catch {
      throw fail(error.diagnostic, status: 4)
    }
    executor.prediction = prediction
    let begun = journal?.first?.at ?? WallClock.now()
    let lines = ProgressLines(
      colour: prepared.project.style.usesColour(.output), start: begun)
    Console.write("run \(id)\n")
    let live = LiveLine.onTerminal(since: begun)
    defer { live?.end() }
    let driver = RealDriver(
      runner: executor, answer: { [store] in await world.answer($0, $1, beside: store) },
      approver: Approver(
        approvesAll: approvesAll, box: store.approvals(id), hint: "answer with: dr approve \(id)\n")
    ) { progress in
      let line = lines.line(progress)
      if let live { live.show(progress, line) } else { Console.write(line) }
    }
    let result: RunResult?
    do {
      result = try await driver.run(first: answers, append: append)
    } catch let failure as FileFailure {
      Console.write(
        "\(failure.message)\nNothing further was done. Mend it, then: dr resume \(id)\n", to: .error
      )
      throw ExitCode(4)
    }
    live?.end()
    try finish(result, stop: driver.stop)
  }

  private func finish(_ result: RunResult?, stop: StopSignal?) throws {
    guard let result else { throw ExitCode(1) }
    let text = RunReport.text(result, id: id, launch: prepared.launch)
    Console.write(text)
    let status = RunReport.exitStatus(result.status, stop: stop)
    if status != 0 { throw ExitCode(status) }
  }
}
