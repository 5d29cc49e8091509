// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrRun
import DrSema
import Glibc

@testable import DrSim

/// The repository, found from this file.
private let repository = String(#filePath.dropLast("/Tests/DrSimTests/ProgramFixture.swift".count))

/// Reads modules from the repository's own folders.
struct RepositoryLoader: ModuleLoader {
  static func read(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }

  func standardModule(_ path: String) -> [UInt8]? {
    Self.read("\(repository)/stdlib/\(path).dr")
  }

  var standardModules: [String] {
    [
      "alerting", "chaos", "core", "inference", "kubernetes", "policy", "prometheus", "service",
      "topology", "traffic",
    ]
  }

  func file(_ path: String) -> Result<[UInt8], LoadFailure> { .failure(.notFound) }
}

struct ProgramMistakes: Error, CustomStringConvertible {
  let description: String
}

/// A checked program with one call of one of its runbooks.
struct ProgramFixture {
  let program: Program
  let runbook: FunctionID
  private let arguments: [FunctionID]
  private let name: String
  private let inputs: [String: Document]

  /// The example, with words of its text replaced.
  static func example(
    replacing words: [(old: String, new: String)] = [],
    arguments: [String] = ["from=az1", "to=az2"], inputs: [String: Document] = [:]
  ) throws -> ProgramFixture {
    let path = "\(repository)/examples/deepseek-cross-az/deepseek.dr"
    var text = String(decoding: RepositoryLoader.read(path) ?? [], as: UTF8.self)
    for (old, new) in words {
      guard let range = text.firstRange(of: old) else {
        throw ProgramMistakes(description: "the example has no “\(old)” any more")
      }
      text.replaceSubrange(range, with: new)
    }
    return try ProgramFixture(
      text: text, runbook: "evacuate", arguments: arguments, inputs: inputs)
  }

  init(
    text: String, runbook: String, arguments: [String], inputs: [String: Document] = [:]
  ) throws {
    let checker = Checker(loader: RepositoryLoader())
    checker.check(path: "main.dr", bytes: Array(text.utf8))
    guard let id = checker.program.runbooks[runbook],
      let functions = checker.checkArguments(arguments, of: id), checker.diagnostics.isEmpty
    else {
      let renderer = DiagnosticRenderer(sources: checker.program.sources, colour: false)
      throw ProgramMistakes(description: renderer.render(checker.diagnostics))
    }
    program = Program(checker.program)
    self.runbook = id
    self.arguments = functions
    self.inputs = inputs
    name = runbook
  }

  func machine() -> Machine { Machine(program: program, limits: Limits(), inputs: inputs) }

  func executor(_ machine: Machine, at now: Instant) throws -> Executor {
    try Executor(
      machine: machine, runbook: runbook,
      arguments: try arguments.map { try machine.call($0, []) },
      identity: RunIdentity(
        runID: "20260101T000000-test", runbook: name, arguments: DocumentObject(),
        programDigest: "test",
        sources: [], version: "test", world: "simulated"),
      at: now)
  }
}

/// One run in the simulated world, with what it wrote.
struct SimulatedTrial {
  var report: SimulatedReport
  var journal: [UInt8] = []
  var world: SimulatedWorld

  /// Faults are at seconds after the beginning of the world, the run begins at `runAt` seconds.
  init(
    _ fixture: ProgramFixture, faults: [(at: Int64, fault: SimulatedFault)], runAt: Int64 = 60,
    people: SimulatedPeople = SimulatedPeople(), seed: UInt64 = 1, chance: Chance = .none,
    runLimit: Int64 = 24 * 3_600 * Second.one,
    change: (inout [SimulatedCluster]) -> Void = { _ in }
  ) throws {
    let machine = fixture.machine()
    var clusters = try SimulatedCluster.all(of: machine)
    change(&clusters)
    let world = SimulatedWorld(clusters, seed: seed, chance: chance)
    let start = seconds(runAt)
    var run = SimulatedRun(
      world: world, runner: try fixture.executor(machine, at: start), startAt: start,
      faults: faults.map { TimedFault(at: seconds($0.at), $0.fault) }, people: people,
      runLimit: runLimit)
    var journal: [UInt8] = []
    report = run.run(append: { journal += $0 })
    self.journal = journal
    self.world = world
  }

  /// What was shown, one line each, with seconds since the beginning of the world.
  var lines: [String] {
    report.progress.map { line in
      let tenths = (line.at.nanoseconds - SimulatedWorld.epoch.nanoseconds) / 100_000_000
      let indentation = String(repeating: "  ", count: line.depth)
      return "\(tenths / 10).\(tenths % 10) \(indentation)\(line.kind.rawValue) \(line.text)"
    }
  }
}

/// So many seconds after the beginning of the world.
func seconds(_ count: Int64) -> Instant {
  SimulatedWorld.epoch.advanced(by: count * Second.one)
}
