// SPDX-License-Identifier: Apache-2.0
//
// What is proved contains what is simulated, whatever the topology, the policies, the loss and the
// chance: `drdev prove-cases` and a test of DrProveTests try it.

import DrBase
import DrEval
import DrProve
import DrRun
import DrSema
import DrSim
import DrStdlib

/// Losses of programs made by chance, each simulated and held against its proof.
struct ProveCases {
  /// How many losses came to each ending by their proofs.
  private(set) var tally: [String: Int] = [:]
  private(set) var tried = 0
  /// What a simulation showed that its proof excludes, with the seed and the program.
  private(set) var complaints: [String] = []
  /// The seed that would come next.
  private(set) var seed: UInt64
  private let first: UInt64

  init(seed: UInt64) {
    self.seed = seed
    first = seed
  }

  var summary: String {
    let endings = tally.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    return "seeds \(first)..<\(seed), \(tried) losses: \(endings.joined(separator: ", "))"
  }

  /// Tries so many losses; ends at a failure of a program made here.
  mutating func run(_ count: Int, show: (String) -> Void = { _ in }) throws {
    while tried < count {
      let known = complaints.count
      try check(atMost: count - tried)
      for complaint in complaints[known...] { show(complaint) }
      seed += 1
    }
  }

  private mutating func check(atMost most: Int) throws {
    var random = SeededRandom(seed: seed)
    let topology = RandomTopology(&random)
    let machine = try Self.machine(topology.text)
    var left = most
    for proof in try Prover(machine: machine).prove(kubernetes: topology.version) {
      for item in proof.cases + proof.pairs where left > 0 && random.below(100) < 60 {
        left -= 1
        tried += 1
        tally[item.ending.rawValue, default: 0] += 1
        let play = try ProofPlay(
          machine, item.loss, service: proof.service, seed: seed, at: 60 + random.below(60_000),
          chance: random.below(4) == 0 ? .none : .usual)
        if let complaint = play.complaint(item) {
          complaints.append(
            "seed \(seed): \(proof.service), \(item.name): \(complaint) (\(item.because))\n\(topology.text)"
          )
        }
      }
    }
  }

  private struct Library: ModuleLoader {
    var standardModules: [String] { StandardLibrary.modules }
    func standardModule(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
    func file(_ path: String) -> Result<[UInt8], LoadFailure> { .failure(.notFound) }
  }

  private static func machine(_ text: String) throws -> Machine {
    var options = CheckOptions()
    options.includesAnalysis = true
    let checker = Checker(loader: Library(), options: options)
    checker.check(path: "main.dr", bytes: Array(text.utf8))
    let machine = Machine(program: Program(checker.program), limits: Limits())
    let mistakes =
      checker.diagnostics.hasErrors ? Array(checker.diagnostics) : machine.modelFailures()
    if let mistake = mistakes.first {
      throw Diagnostic(mistake.code, "\(mistake.message)\n\(text)")
    }
    return machine
  }
}

/// A loss in a simulated world with its policies, until nothing changes any more.
private struct ProofPlay {
  /// From the loss to full service for good; 0 where it was never less, `nil` where it never is again.
  let recovery: Int64?

  private static let second: Int64 = 1_000_000_000

  init(
    _ machine: Machine, _ loss: ProofLoss, service: String, seed: UInt64, at milliseconds: Int64,
    chance: Chance
  ) throws(Diagnostic) {
    let moment = SimulatedWorld.epoch.advanced(by: milliseconds * Self.second / 1_000)
    let own = Machine(program: machine.program, limits: machine.limits)
    let hasPolicies = try !PolicyModel.all(of: own, cluster: nil).isEmpty
    let scenario = PolicySimulation.Scenario(
      cluster: "k", seed: seed, lasting: (hasPolicies ? 90 : 240) * 60 * Self.second,
      faults: loss.faults(striking: service).map { TimedFault(at: moment, $0) }, chance: chance)
    let outcome = try PolicySimulation(scenario, on: own).run()
    let last = outcome.services.first { $0.service == service }?.periods.last
    recovery =
      last?.level == .full
      ? max(0, (last?.from.nanoseconds ?? 0) - moment.nanoseconds) : nil
  }

  /// What is wrong with a proof; `nil` where nothing is.
  func complaint(_ item: ProofCase) -> String? {
    let seen = recovery.map(Words.duration) ?? "never back"
    switch item.ending {
    case .untouched: return recovery == 0 ? nil : "untouched, but simulated \(seen)"
    case .down: return recovery == nil ? nil : "down for good, but simulated \(seen)"
    case .unknown: return nil
    case .back:
      let worst = item.takes.worst.map(Words.duration) ?? "any time"
      let isWithin = recovery.map(item.takes.contains) ?? (item.takes.worst == nil)
      return isWithin
        ? nil : "\(Words.duration(item.takes.best)) to \(worst), but simulated \(seen)"
    }
  }
}
