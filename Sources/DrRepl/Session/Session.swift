// SPDX-License-Identifier: Apache-2.0

import DrAnswers
import DrBase
import DrData
import DrEval
import DrRun
import DrSema
import DrSim
import DrSyntax

/// A conversation: what was defined, the world that is attached, and the evaluation under way.
///
/// Every input is checked together with all that was defined before, on a machine of its own, so
/// that nothing an input does can spoil the session. What must outlive a machine (the last result,
/// and what was read from a world) is kept as data.
package final class Session {
  enum World {
    case none
    case simulated(SimulatedWorld)
    case real
  }

  /// An evaluation that waits for the world or for a person.
  struct Evaluation {
    let machine: Machine
    let fiber: Fiber
    let type: TypeID
    let typeName: String
    /// The name of the `let` that the value is for.
    let binding: String?
    let sources: SourceMap
    /// The expression itself, which failures of the world are about.
    let span: Span
    var call: HostCall?
    /// What an act would change, once that is known.
    var observed: Document?
  }

  let host: any SessionHost
  let inputs: [String: Document]
  var source: SessionSource
  var loader: any ModuleLoader
  var path = Session.ownPath
  /// The file that `:reload` reads again.
  var file: String?
  /// What was defined, checked.
  var checker: Checker
  /// Values that were read from a world, and `it`, by name; each stands as an `input` in the
  /// source.
  var kept: [String: KeptValue] = [:]
  /// The type of `it`, as the source has it.
  var typeOfIt: String?
  var world = World.none
  var evaluation: Evaluation?
  var outputs: [Output] = []
  var request = Request.input
  var inputCount = 0
  var callCount = 0

  /// How results are written.
  package var format = ResultFormat.text
  /// Columns of the terminal.
  package var width = 80
  /// Elements and rows that are shown of one result; `nil` for all.
  package var shownLimit: Int?
  /// Whether diagnostics are coloured.
  package var colour = false
  /// Whether acts go ahead without a question.
  package var approvesAll = false

  static let ownPath = "session.dr"

  /// A session with the language and nothing else. `inputs` are for the files that it loads.
  package init(host: any SessionHost, inputs: [String: Document] = [:]) {
    self.host = host
    self.inputs = inputs
    loader = host.loader
    source = SessionSource(display: "session")
    checker = Checker(loader: loader)
    checker.check(path: path, bytes: [], display: source.display)
  }

  /// What stands before the cursor.
  package var prompt: String {
    switch world {
    case .none: "dr> "
    case .simulated(let world): "dr sim \(Self.clock(world))> "
    case .real: "dr real> "
    }
  }

  /// Whether the last input failed.
  package private(set) var hasFailed = false

  // MARK: Facts

  /// One input of the user. What there is to say is in `takeOutputs`.
  @discardableResult
  package func submit(_ text: String) -> Request {
    hasFailed = false
    evaluation = nil
    request = .input
    switch InputShape(text) {
    case .empty: break
    case .command: runCommand(text)
    case .definition: define(text)
    case .expression: evaluate(text, binding: nil)
    }
    return request
  }

  /// The real world's answer to the call that was requested.
  package func answer(_ answer: Result<Document, WorldFailure>) -> Request {
    request = .input
    take(answer)
    return request
  }

  /// The user's answer to the question that was requested.
  package func confirm(_ isConfirmed: Bool) -> Request {
    request = .input
    guard isConfirmed, let evaluation, let call = evaluation.call,
      let observed = evaluation.observed
    else {
      evaluation = nil
      say(.note("nothing was changed"))
      return request
    }
    perform(call, .perform(observed: observed))
    return request
  }

  /// What there is to say since the last time, in order.
  package func takeOutputs() -> [Output] {
    defer { outputs = [] }
    return outputs
  }

  // MARK: Saying

  func say(_ output: Output) {
    if case .error = output { hasFailed = true }
    outputs.append(output)
  }

  func fail(_ message: String) { say(.error("error: \(message)\n")) }

  func report(_ diagnostics: [Diagnostic], _ sources: SourceMap, as source: SessionSource? = nil) {
    let shown = (source ?? self.source).translated(diagnostics, sources)
    let renderer = DiagnosticRenderer(sources: shown.sources, colour: colour)
    say(.error(renderer.render(shown.diagnostics)))
  }

  // MARK: Expressions

  /// Begins to evaluate an expression; `binding` names the `let` that it is for.
  func evaluate(_ text: String, binding: String?) {
    inputCount += binding == nil ? 1 : 0
    let known = checker.diagnostics.count
    checker.asking {
      guard let value = checker.checkPrompt(text, name: "<\(inputCount)>") else {
        report(Array(checker.diagnostics.dropFirst(known)), checker.program.sources)
        return
      }
      let machine = machine(for: checker.program)
      evaluation = Evaluation(
        machine: machine, fiber: machine.start(value.function, []), type: value.type,
        typeName: checker.typeName(value.type), binding: binding,
        sources: checker.program.sources, span: checker.program[value.function].span)
      proceed()
    }
  }

  /// A machine for a program, with everything that is kept in its place.
  func machine(for program: CheckedProgram) -> Machine {
    let machine = Machine(program: Program(program), limits: Limits(), inputs: inputs)
    machine.cancel { [host] in host.isInterrupted() }
    for (name, value) in kept {
      guard
        let index = program.globals.indices.last(where: {
          program.globals[$0].name == name && program.globals[$0].isInput
            && program.globals[$0].module == checker.mainAlias
        }), (try? machine.assign(value, to: GlobalID(Int32(index)))) == true
      else { continue }
    }
    return machine
  }

  /// Runs the evaluation to its end, or until it must wait.
  func proceed() {
    while request == .input, let evaluation {
      switch evaluation.machine.run(evaluation.fiber) {
      case .finished(let value):
        self.evaluation = nil
        finish(value, evaluation)
      case .failed(let diagnostic): stop(diagnostic)
      case .directive(let directive):
        stop(
          Diagnostic(
            .effectNotAllowed, "a statement of a runbook does not run at the prompt",
            at: directive.span, help: "run the runbook: dr run FILE NAME"))
      case .call(let call):
        self.evaluation?.call = call
        self.evaluation?.observed = nil
        begin(call)
      }
    }
  }

  func stop(_ diagnostic: Diagnostic) {
    guard let evaluation else { return }
    self.evaluation = nil
    if diagnostic.code == .cancelled { return say(.error("interrupted\n")) }
    report([diagnostic], evaluation.sources)
  }

  private func finish(_ value: Value, _ evaluation: Evaluation) {
    do throws(Diagnostic) {
      let text = ValueText(
        machine: evaluation.machine, width: width, limit: shownLimit, format: format)
      let written = try text.write(value, type: evaluation.type)
      if let binding = evaluation.binding {
        guard let value = try evaluation.machine.keep(value) else {
          return fail("a function that was read from the world cannot be kept")
        }
        guard bind(binding, value, evaluation.typeName) else { return }
        say(.result(format == .text ? text.titled(binding, written) : written))
      } else {
        if !written.isEmpty { say(.result(written)) }
        if let kept = try evaluation.machine.keep(value) { remember(kept, evaluation.typeName) }
      }
    } catch {
      report([error], evaluation.sources)
    }
  }

  // MARK: The last result

  static let lastResult = "it"

  /// Makes a value the one that `it` stands for, unless the user has an `it`.
  private func remember(_ value: KeptValue, _ type: String) {
    if checker.mainGlobal(Self.lastResult) != nil, typeOfIt == nil { return }
    if type == typeOfIt {
      kept[Self.lastResult] = value
      return
    }
    var next = source
    next.remove(Self.lastResult)
    _ = next.add(name: "<it>", bytes: Array("input \(Self.lastResult): \(type)".utf8))
    // A type that has no name here, as `nil` has none, leaves `it` as it was.
    let checked = check(next)
    guard checked.diagnostics.isEmpty else { return }
    source = next
    checker = checked
    typeOfIt = type
    kept[Self.lastResult] = value
  }
}

extension Global {
  var isInput: Bool { if case .input = body { true } else { false } }
}
