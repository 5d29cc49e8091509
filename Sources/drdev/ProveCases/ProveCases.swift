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
import Foundation

/// Losses of programs made by chance, each simulated and held against its proof.
struct ProveCases {
  /// How many losses came to each ending by their proofs.
  private(set) var tally: [String: Int] = [:]
  private(set) var tried = 0
  /// How many programs they were of.
  private(set) var programs = 0
  /// Why nothing is known, without the names in it.
  private(set) var reasons: [String: Int] = [:]
  /// Worst case by the proof over what was simulated, of losses that took a while.
  private(set) var ratios: [Double] = []
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
    let sorted = ratios.sorted()
    func ratio(_ part: Double) -> String {
      guard !sorted.isEmpty else { return "-" }
      return String(format: "%.2f", sorted[Int(Double(sorted.count - 1) * part)])
    }
    return """
      seeds \(first)..<\(seed), \(programs) programs, \(tried) losses: \(endings.joined(separator: ", "))
      worst case over what was simulated, of \(sorted.count): median \(ratio(0.5)), 90% \(ratio(0.9))
      """
  }

  /// How an ending is counted.
  private static func ending(_ item: ProofCase) -> String {
    item.ending == .back
      ? item.takes.worst == nil ? "back some time" : "back" : item.ending.rawValue
  }

  /// Tries so many losses of random programs; ends at a failure of a program made here.
  mutating func run(_ count: Int, show: (String) -> Void = { _ in }) throws {
    while tried < count {
      let known = complaints.count
      let topology = RandomTopology(seed: seed)
      try check(topology.text, kubernetes: topology.version, atMost: count - tried)
      for complaint in complaints[known...] { show(complaint) }
    }
  }

  /// Tries a program as `Tests/Golden/prove-cases` has them, with so many seeds: the losses that its first
  /// lines name, `# loss s, zone a: why`. False where these are not all its own.
  mutating func replay(_ text: String, seeds: Int = 3) throws -> Bool {
    let lines = text.split(separator: "\n")
    let names = lines.filter { $0.hasPrefix("# loss ") }.map {
      String($0.dropFirst(7).prefix { $0 != ":" })
    }
    let version = lines.first { $0.contains("kubernetes = ") }?.split(separator: "\"").dropFirst()
      .first
    let before = tried
    for _ in 0..<seeds {
      try check(text, kubernetes: version.map(String.init) ?? "1.30", losses: names)
    }
    return !names.isEmpty && tried - before == seeds * names.count
  }

  /// How many of a hundred losses of a kind are tried: all that promises are about, and few of those
  /// that leave nothing.
  private static func share(of item: ProofCase) -> Int64 {
    item.counts ? 100 : item.kind == "pair" ? 40 : 10
  }

  /// Tries losses of a program: some of them by the seed, or those named like `s, zone a`, and goes on
  /// to the next seed then.
  mutating func check(
    _ text: String, kubernetes: String, losses names: [String]? = nil, atMost most: Int = .max
  ) throws {
    defer { seed += 1 }
    // Not the numbers that the program was made of.
    var dice = SeededRandom(seed: ~seed)
    let machine = try Self.machine(text)
    programs += 1
    var left = most
    let asked = names.map { Set($0.map { String($0.drop { $0 != "," }.dropFirst(2)) }) }
    for proof in try Prover(machine: machine).prove(kubernetes: kubernetes, asking: asked) {
      for item in proof.cases + proof.pairs where left > 0 {
        let isTried =
          names.map { $0.contains("\(proof.service), \(item.name)") }
          ?? (dice.below(100) < Self.share(of: item))
        guard isTried else { continue }
        left -= 1
        tried += 1
        tally[Self.ending(item), default: 0] += 1
        if item.ending == .unknown { reasons[item.because, default: 0] += 1 }
        let play = try ProofPlay(
          machine, item.loss, service: proof.service, seed: seed, at: 60 + dice.below(60_000),
          chance: dice.below(4) == 0 ? .none : .usual)
        if let recovery = play.recovery, recovery > 0, let worst = item.takes.worst,
          item.ending == .back
        {
          ratios.append(Double(worst) / Double(recovery))
        }
        if let complaint = play.complaint(item) {
          complaints.append(
            "seed \(seed): \(proof.service), \(item.name): \(complaint) (\(item.because))\n\(text)")
        }
      }
    }
  }

  /// The modules of `DR_STDLIB`, where that is set, instead of those built in.
  private struct Library: ModuleLoader {
    let folder = ProcessInfo.processInfo.environment["DR_STDLIB"]
    var standardModules: [String] { StandardLibrary.modules }
    func standardModule(_ path: String) -> [UInt8]? {
      guard let folder else { return StandardLibrary.module(path) }
      return FileManager.default.contents(atPath: "\(folder)/\(path).dr").map { [UInt8]($0) }
    }
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
    var scenario = PolicySimulation.Scenario(
      cluster: "k", seed: seed, lasting: (hasPolicies ? 90 : 240) * 60 * Self.second,
      faults: loss.faults(striking: service).map { TimedFault(at: moment, $0) }, chance: chance)
    var last = try Self.last(scenario, own, service)
    // What has come back only just may be lost again by a policy that acts once more.
    if let period = last, period.level == .full, period.length < Self.proven {
      scenario.lasting *= 2
      last = try Self.last(scenario, own, service)
    }
    recovery = last.flatMap { last in
      last.level == .full && last.length >= Self.proven
        ? max(0, last.from.nanoseconds - moment.nanoseconds) : nil
    }
  }

  /// How long full service has to last to count as being for good.
  private static let proven = 30 * 60 * second

  private static func last(
    _ scenario: PolicySimulation.Scenario, _ machine: Machine, _ service: String
  ) throws(Diagnostic) -> ServiceSummary.Period? {
    try PolicySimulation(scenario, on: machine).run().services.first { $0.service == service }?
      .periods.last
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
