// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrRun
import DrSema
import DrSim

/// How calls on the world are answered.
extension Session {
  /// Begins a call at which the evaluation stopped.
  func begin(_ call: HostCall) {
    if case .none = world {
      return stop(
        Diagnostic(
          .effectNotAllowed, "this needs a world, and none is attached", at: evaluation?.span,
          caption: "it asks for \(call.name)",
          help: "attach one: `:world simulated` or `:world real`"))
    }
    perform(call, call.effect == .acts ? .observe : .read)
  }

  func perform(_ call: HostCall, _ phase: CallPhase) {
    if case .observe = phase { callCount += 1 }
    let worldCall = WorldCall(
      name: call.name, arguments: call.arguments, effect: call.effect, actClass: call.actClass,
      key: "repl/\(callCount)")
    switch world {
    case .none: break
    case .simulated(let world): take(world.answer(worldCall, phase).answer)
    case .real: request = .call(worldCall, phase)
    }
  }

  /// An answer to the call that the evaluation waits for.
  func take(_ answer: Result<Document, WorldFailure>) {
    guard let evaluation, let call = evaluation.call else { return }
    switch answer {
    case .failure(let failure): stop(diagnostic(failure, call))
    case .success(let document) where call.effect == .acts && evaluation.observed == nil:
      self.evaluation?.observed = document
      ask(call, document)
    case .success(let document):
      do throws(Diagnostic) {
        let value = try evaluation.machine.value(document, as: call.resultType)
        self.evaluation?.call = nil
        self.evaluation?.observed = nil
        evaluation.machine.resume(evaluation.fiber, with: value)
      } catch {
        return stop(error)
      }
      proceed()
    }
  }

  private func ask(_ call: HostCall, _ document: Document) {
    guard let observation = Observation(document) else {
      return stop(
        Diagnostic(
          .driverRefused, "\(call.name) did not say what it would change", at: evaluation?.span))
    }
    let changes = observation.changes.isEmpty ? ["nothing would change"] : observation.changes
    let lines = ["  \(observation.target)"] + changes.map { "    \($0)" }
    let what = ([call.name] + lines).joined(separator: "\n")
    if approvesAll {
      say(.note(what))
      perform(call, .perform(observed: document))
    } else {
      request = .confirmation("this changes the world: \(what)\nGo on? yes/no ")
    }
  }

  private func diagnostic(_ failure: WorldFailure, _ call: HostCall) -> Diagnostic {
    let code: DiagnosticCode
    var help: String?
    switch failure {
    case .unreachable: code = .unreachable
    case .held: code = .lockHeld
    case .inDoubt:
      code = .driverRefused
      help = "it is not known whether it happened: look before you do it again"
    case .refused, .busy, .unavailable: code = .driverRefused
    }
    return Diagnostic(code, "\(call.name): \(failure.message)", at: evaluation?.span, help: help)
  }

  // MARK: Attaching

  func attach(_ word: String) {
    switch word {
    case "none": world = .none
    case "real":
      if let problem = host.attachRealWorld() { return fail(problem) }
      world = .real
      say(.note("the real world is attached; what acts on it asks first"))
    case "simulated": attachSimulated()
    case "":
      switch world {
      case .none: say(.result("none"))
      case .real: say(.result("real"))
      case .simulated(let world): say(.result("simulated, \(Self.clock(world)) after its start"))
      }
    default: fail("there is no world `\(word)`; it is simulated, real or none")
    }
  }

  private func attachSimulated() {
    // What a simulated world runs is declared there, and so is what looks at it.
    let uses = checker.modules.last { !$0.isStandard }?.uses ?? []
    if !uses.contains(where: { checker.modules[$0.module].path == "kubernetes" }) {
      define("use kubernetes")
      say(.note("use kubernetes"))
    }
    let machine = machine(for: checker.program)
    do throws(Diagnostic) {
      let clusters = try SimulatedCluster.all(of: machine)
      guard !clusters.isEmpty else {
        return fail("nothing is defined that a world could be made of: a `cluster` is missing")
      }
      world = .simulated(SimulatedWorld(clusters))
      let services = clusters.map(\.services.count).reduce(0, +)
      say(
        .note(
          "a simulated world: \(clusters.map(\.label).joined(separator: ", ")) with "
            + "\(services == 1 ? "1 service" : "\(services) services"), all ready; "
            + "`:fail ZONE`, `:restore ZONE` and `:advance 30s` change it"))
    } catch {
      report([error], checker.program.sources)
    }
  }

  // MARK: Playing

  /// Lets virtual time pass.
  func advance(_ text: String) {
    guard case .simulated(let world) = world else { return needsSimulation("advance") }
    guard let value = constant(text) else { return }
    guard value.type == TypeTable.duration, let length = value.machine.int(value.value),
      length >= 0
    else { return fail("`:advance` takes a duration, such as 30s") }
    world.advance(by: length)
    say(.note("it is \(Self.clock(world)) after the start"))
  }

  /// Makes something happen to a zone.
  func strike(_ text: String, _ word: String, _ fault: (String) -> SimulatedFault) {
    guard case .simulated(let world) = world else { return needsSimulation(word) }
    guard let value = constant(text) else { return }
    let label = value.machine.string(value.value)
    let zone = try? value.machine.field(value.value, named: "label")
    let isZone = value.machine.record(value.value).map {
      value.machine.program.checked[$0.type].name == "Zone"
    }
    guard let label = label ?? (isZone == true ? zone.flatMap(value.machine.string) : nil) else {
      return fail("`:\(word)` takes a zone, such as az1")
    }
    world.schedule(TimedFault(at: world.now, fault(label)))
    world.advance(by: 0)
    say(.note("zone \(label): \(word == "fail" ? "dark" : "back"); `:advance 30s` lets time pass"))
  }

  private func needsSimulation(_ word: String) {
    fail("`:\(word)` needs a simulated world: `:world simulated`")
  }

  /// The value of an argument of a command; `nil` after a report.
  private func constant(_ text: String) -> (value: Value, type: TypeID, machine: Machine)? {
    let known = checker.diagnostics.count
    return checker.asking {
      guard let checked = checker.checkPrompt(text, name: "<argument>") else {
        report(Array(checker.diagnostics.dropFirst(known)), checker.program.sources)
        return nil
      }
      let machine = machine(for: checker.program)
      do throws(Diagnostic) {
        return (try machine.call(checked.function, []), checked.type, machine)
      } catch {
        report([error], checker.program.sources)
        return nil
      }
    }
  }

  /// Virtual time since the beginning: `1m30s`.
  static func clock(_ world: SimulatedWorld) -> String {
    let seconds = (world.now.nanoseconds - SimulatedWorld.epoch.nanoseconds) / 1_000_000_000
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
    if hours > 0 { return "\(hours)h\(minutes)m\(seconds % 60)s" }
    return minutes > 0 ? "\(minutes)m\(seconds % 60)s" : "\(seconds)s"
  }
}
