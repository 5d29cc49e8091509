// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Dispatch
import DrBase
import DrData
import DrEval
import DrSim
import DrSystem
import Synchronization

/// Plays scenarios of one program, many at the same time: each has a machine of its own.
struct Simulator: Sendable {
  private let program: Program
  private let limits: Limits
  private let inputs: [String: Document]

  init(_ machine: Machine) {
    program = machine.program
    limits = machine.limits
    inputs = machine.inputs
  }

  /// Prints why, and throws the exit status, where a page cannot be written.
  static func write(_ page: String, to path: String) throws {
    do throws(FileFailure) {
      try AtomicFile.write(Array(page.utf8), to: path)
    } catch {
      Console.write("\(error.message)\n", to: .error)
      throw ExitCode(1)
    }
  }

  func play(
    _ scenario: PolicySimulation.Scenario
  ) throws(Diagnostic) -> PolicySimulation.Outcome {
    let machine = Machine(program: program, limits: limits, inputs: inputs)
    return try PolicySimulation(scenario, on: machine).run()
  }

  /// The outcomes in the order of the scenarios. Throws what the first of them fails with.
  func play(
    all scenarios: [PolicySimulation.Scenario]
  ) throws(Diagnostic) -> [PolicySimulation.Outcome] {
    let results = Mutex<[Int: Result<PolicySimulation.Outcome, Diagnostic>]>([:])
    DispatchQueue.concurrentPerform(iterations: scenarios.count) { number in
      let result: Result<PolicySimulation.Outcome, Diagnostic>
      do throws(Diagnostic) {
        result = .success(try play(scenarios[number]))
      } catch {
        result = .failure(error)
      }
      results.withLock { $0[number] = result }
    }
    let finished = results.withLock { $0 }
    var outcomes: [PolicySimulation.Outcome] = []
    for number in scenarios.indices {
      if let result = finished[number] { outcomes.append(try result.get()) }
    }
    return outcomes
  }
}
