// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrEval
import DrHost
import DrRun
import DrSystem

/// One drill in the real world: its load, its faults, and beside it the policies of the program, unless they
/// are watched elsewhere.
struct DrillSession {
  let project: Project
  let machine: Machine
  let drill: DrillModel
  let launch: Launch
  let injectorProgram: String?
  let loadURL: String?
  let watches: Bool
  /// Whether what goes on is told as events.
  let asEvents: Bool
  let store = RunStore.local

  /// Throws the exit status where it cannot begin.
  func run() async throws -> RealRehearsal {
    let open = OpenDrill()
    if let (file, name) = open.found {
      Console.write(
        "the drill \(name) of \(file) was cut short, and what it broke may be broken still\n"
          + "mend it: dr drill \(file) \(name) --mend, with the same --injector\n", to: .error)
      throw ExitCode(1)
    }
    let destination = try drill.load.map(base)
    let watched = watches ? try WatchedProgram(launch, style: project.style) : nil
    let world = try makeWorld(watched?.natives ?? [])
    let injector: any FaultInjector
    do {
      injector = try makeInjector(world)
      try open.write(file: project.file, drill: drill.name)
    } catch {
      await world.shutdown()
      throw error
    }
    let start = SteadyClock.process.now()
    let log = WatchLog(start: start, asEvents: asEvents)
    let load = destination.flatMap { base in drill.load.map { DrillLoad($0, base: base) } }
    let sending = Task { await load?.run() }
    var watching: (session: WatchSession, end: Task<StopSignal, Never>)?
    if let watched {
      let session = WatchSession(
        policies: watched.policies.map(\.name), store: store, world: world, log: log)
      watching = (session, session.begin(watched))
    }
    let rehearsal = RealDrill(
      drill, DrillEngine(drill, on: machine, startingAt: start, lookingEvery: 1_000_000_000),
      world: world, injector: injector, tell: { text, event in log.write(text, event) })
    let outcome = await rehearsal.run()
    sending.cancel()
    await sending.value
    if let (session, end) = watching {
      session.stop(.terminate)
      // What was broken is mended by now: a signal need not wait for runs to pause.
      let signals = session.obeySignals()
      _ = await end.value
      signals.cancel()
    }
    await world.shutdown()
    if rehearsal.leftovers.isEmpty {
      open.remove()
    } else {
      Console.write(
        "what was broken is broken still: dr drill \(project.file) \(drill.name) --mend\n",
        to: .error)
    }
    guard let outcome else { throw ExitCode(1) }
    var first: RunHistory?
    if let faultAt = outcome.faultAt { first = await reaction(since: faultAt) }
    let acts = first?.acts ?? []
    let done = acts.compactMap(\.endedAt).max()
    return RealRehearsal(
      outcome: outcome, reactedAt: first?.summary.startedAt,
      acts: acts.first.flatMap { act in done.map { (act.begunAt, $0) } }, load: load?.figures)
  }

  /// Takes back what a drill that was killed has broken.
  func mend() async throws {
    let world = try makeWorld([])
    let injector: any FaultInjector
    do {
      injector = try makeInjector(world)
    } catch {
      await world.shutdown()
      throw error
    }
    var isMended = true
    for (number, fault) in drill.faults.enumerated() {
      let why = await injector.end(number)
      isMended = isMended && why == nil
      Console.write(
        why.map { "✗ \(fault.name) could not be taken back: \($0)\n" }
          ?? "↻ \(fault.name) is taken back\n")
    }
    await world.shutdown()
    guard isMended else { throw ExitCode(1) }
    OpenDrill().remove()
  }

  private func makeWorld(_ natives: [String]) throws -> RealWorld {
    let functions = drill.closures.compactMap { machine.function(of: $0) }
    let own = project.checker.natives(within: functions.map { machine.program.checked[$0].span })
    do throws(Diagnostic) {
      return try launch.makeRealWorld(
        for: natives + own + (injectorProgram == nil ? ["kube.apply"] : []))
    } catch {
      project.report(error)
      throw project.fail()
    }
  }

  private func makeInjector(_ world: RealWorld) throws -> any FaultInjector {
    if let strange = drill.faults.first(where: { !$0.isPlain }) {
      project.report(
        Diagnostic(
          .unsupportedTarget, "the fault \(strange.name) flaps, or is over: that is only simulated",
          at: drill.span, help: "let it begin and end: `fault fail(az1) for 5m`"))
      throw project.fail()
    }
    if let injectorProgram {
      return InjectorProgram(
        program: injectorProgram, faults: drill.faults.map(\.document), world: world)
    }
    // Backends are no part of what is watched and proved.
    let emitting = Project(
      file: project.file, inputs: project.inputs, style: project.style, includesBackends: true)
    guard let machine = emitting.loadModel() else { throw emitting.fail() }
    do throws(Diagnostic) {
      return ChaosMeshInjector(
        try ChaosMeshInjector.objects(of: drill, on: machine), cluster: drill.cluster, world: world)
    } catch {
      emitting.report(error)
      throw emitting.fail()
    }
  }

  private func base(_ load: DrillModel.Load) throws -> String {
    guard let url = loadURL ?? (load.url.isEmpty ? nil : load.url) else {
      Console.write(
        "where its load goes is not known of this front: --load-url http://…\n", to: .error)
      throw ExitCode(2)
    }
    return url
  }

  /// The first run that was started because of the faults.
  private func reaction(since faultAt: Instant) async -> RunHistory? {
    var first: RunHistory?
    for id in (try? await store.records.ids()) ?? [] {
      guard let launch = try? await store.launch(id), launch.cause?.service == drill.service,
        let journal = try? await store.journal(id), let history = RunHistory(journal),
        history.summary.startedAt >= faultAt
      else { continue }
      if let known = first, known.summary.startedAt <= history.summary.startedAt { continue }
      first = history
    }
    return first
  }
}
