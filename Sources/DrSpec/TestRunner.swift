// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema

/// Runs the tests of one program, each by itself: with a machine of its own, so that neither values
/// nor limits pass from one to another, and on any thread.
package struct TestRunner: Sendable {
  /// As it runs; its sites are what hits are counted of.
  package let program: Program
  private let counts: Bool
  private let limits: Limits
  private let inputs: [String: Document]

  /// A test that needs more than this has a loop that does not end, more likely than not.
  package static var limits: Limits {
    var limits = Limits()
    limits.fuel = 50_000_000
    limits.memoryBytes = 256 << 20
    return limits
  }

  /// Inputs are by the name of the global. Where `counts`, results say what of the program the test
  /// reached.
  package init(
    _ program: CheckedProgram, inputs: [String: Document] = [:], limits: Limits = Self.limits,
    counts: Bool = false
  ) {
    self.program = Program(program, observing: counts ? .lines : nil)
    self.counts = counts
    self.inputs = inputs
    self.limits = limits
  }

  /// The sources that diagnostics point into.
  package var sources: SourceMap { program.checked.sources }

  private func makeMachine(_ counter: SiteCounter?) -> Machine {
    let machine = Machine(program: program, limits: limits, inputs: inputs)
    machine.observer = counter
    return machine
  }

  package func run(_ test: TestCase) -> TestResult {
    let counter = counts ? SiteCounter(program) : nil
    let machine = makeMachine(counter)
    let verdict = verdict(on: machine, machine.start(test.id, []), counter)
    return TestResult(
      test: test, verdict: verdict, fuel: machine.fuelUsed, hits: counter?.hits ?? [])
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

  private func verdict(on machine: Machine, _ fiber: Fiber, _ counter: SiteCounter?) -> Verdict {
    var simulations = Simulations { makeMachine(counter) }
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
