// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEmit
import DrEval
import DrProve
import DrSema
import DrStdlib
import Testing

/// The embedded standard library and nothing else.
struct Library: ModuleLoader {
  var standardModules: [String] { StandardLibrary.modules }
  func standardModule(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
  func file(_ path: String) -> Result<[UInt8], LoadFailure> { .failure(.notFound) }
}

/// A checked program with the analysis, on a machine with its model.
func machine(_ text: String) throws -> Machine {
  var options = CheckOptions()
  options.includesAnalysis = true
  let checker = Checker(loader: Library(), options: options)
  checker.check(path: "main.dr", bytes: Array(text.utf8))
  try #require(
    !checker.diagnostics.hasErrors, "\(checker.diagnostics.map(\.message))\n\(text)")
  let machine = Machine(program: Program(checker.program), limits: Limits())
  let failures = machine.modelFailures()
  try #require(failures.isEmpty, "\(failures.map(\.message))\n\(text)")
  return machine
}

/// What is proved of a program's first service.
func prove(_ text: String, kubernetes: String = "1.26") throws -> Proof {
  try #require(try Prover(machine: try machine(text)).prove(kubernetes: kubernetes).first)
}

extension Proof {
  func find(_ name: String) throws -> ProofCase {
    try #require(
      (cases + pairs).first { $0.name == name }, "\(name) among \(cases.map(\.name))")
  }
}

let second: Int64 = 1_000_000_000

func between(_ best: Double, _ worst: Double) -> Interval {
  Interval(best: Int64(best * 1e9), worst: Int64(worst * 1e9))
}

/// A service in two zones; each hole is filled with text of the language.
func program(
  zones: (String, String) = ("count = 3", "count = 3"), replicas: Int = 4, service: String = "",
  gpu: String = ", gpu = 1", spread: String = "",
  objective: String = "rto = 5m, at_least = 2", front: String = "", cluster: String = ""
) -> String {
  """
  use kubernetes, inference, traffic

  cluster c {
    kubernetes = "1.26"
    \(cluster)
    region r {
      zone a { nodes gpu { \(zones.0), cpu = 16, memory = 64Gi\(gpu) } }
      zone b { nodes gpu { \(zones.1), cpu = 16, memory = 64Gi\(gpu) } }
    }
  }

  service s {
    on       = c
    image    = "registry.example.net/s:v1"
    replicas = \(replicas)
    needs { cpu = 4, memory = 16Gi, gpu = 1 }
    spread { over = [a, b]\(spread) }
    \(service)
    objective { \(objective) }
  }

  \(front)
  """
}
