// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema

/// Runs the tests of one program, each by itself: with a machine of its own, so that neither values
/// nor limits pass from one to another, and on any thread.
package struct TestRunner: Sendable {
  private let program: Program
  private let limits: Limits
  private let inputs: [String: Document]

  /// A test that needs more than this has a loop that does not end, more likely than not.
  package static var limits: Limits {
    var limits = Limits()
    limits.fuel = 50_000_000
    limits.memoryBytes = 256 << 20
    return limits
  }

  /// Inputs are by the name of the global.
  package init(
    _ program: CheckedProgram, inputs: [String: Document] = [:], limits: Limits = Self.limits
  ) {
    self.program = Program(program)
    self.inputs = inputs
    self.limits = limits
  }

  /// The sources that diagnostics point into.
  package var sources: SourceMap { program.checked.sources }

  private func makeMachine() -> Machine {
    Machine(program: program, limits: limits, inputs: inputs)
  }

  package func run(_ test: TestCase) -> TestResult {
    let machine = makeMachine()
    let verdict = verdict(on: machine, machine.start(test.id, []))
    return TestResult(test: test, verdict: verdict, fuel: machine.fuelUsed)
  }

  /// A reason with its place in the test, which called a function that asked the world.
  private func placed(_ reason: Diagnostic, _ call: HostCall, _ caller: Span?) -> Diagnostic {
    var reason = reason
    let place = caller ?? call.span
    if reason.span == nil || reason.span == call.span {
      reason.span = place
    } else {
      reason.labels.append(Label(place, "simulated here"))
    }
    return reason
  }

  private func verdict(on machine: Machine, _ fiber: Fiber) -> Verdict {
    var simulations = Simulations(makeMachine: makeMachine)
    while true {
      switch machine.run(fiber) {
      case .finished: return .holds
      case .failed(var diagnostic):
        diagnostic.notes += simulations.notes
        return .fails(diagnostic)
      case .call(let call):
        do throws(Diagnostic) {
          let answer = try simulations.answer(call)
          machine.resume(fiber, with: try machine.value(answer, as: call.resultType))
        } catch {
          return .notEvaluated(placed(error, call, machine.callers(of: fiber).last?.span))
        }
      case .directive(let directive):
        return .notEvaluated(
          Diagnostic(
            .effectNotAllowed, "a statement of a runbook must not be part of a test",
            at: directive.span))
      }
    }
  }
}
