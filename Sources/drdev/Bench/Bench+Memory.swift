// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a run keeps in memory of a world that says much, or says the same for long.
extension Bench {
  /// An hour of probes, one a second, and how many of them are made here, as fast as they come.
  private static let probesOfAnHour = 3_600
  private static let probes = 10_000

  func memory() throws -> [Figure] {
    setenv("DR_STATE", folder.appendingPathComponent("state").path, 1)
    let server = try BenchServer()
    let program = try file("memory.dr", Inputs.greedy)
    let url = "http://127.0.0.1:\(server.port)"
    func words(_ runbook: String, _ path: String) -> [String] {
      [dr, "run", program, runbook, "--world", "real", "url=\"\(url)\(path)\""]
    }
    let growth = try growth(words("probed", "/flaky/\(Self.probes)"), server)
    // Both are more than a step takes, and it says so.
    let large = try Contest.run(words("one", "/large"), status: 1).peak
    let lines = try Contest.run(
      [dr, "run", program, "said", "--world", "real", "--allow", "shell"], status: 1
    ).peak
    return [
      Figure(
        name: "growth over an hour of probes", ours: growth, unit: "MiB", bar: "1 MiB",
        holds: growth < 1),
      Figure(
        name: "largest memory, an answer of 1 GiB", ours: large, unit: "MiB", bar: "64 MiB",
        holds: large <= 64),
      Figure(
        name: "the same, 1,000,000 lines of a program", ours: lines, unit: "MiB", bar: "64 MiB",
        holds: lines <= 64),
    ]
  }

  /// Mebibytes by which the resident size grows within as many probes as an hour has, after a quarter
  /// of all probes.
  private func growth(_ words: [String], _ server: BenchServer) throws -> Double {
    let process = Process()
    process.executableURL = URL(filePath: words[0])
    process.arguments = Array(words.dropFirst())
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    _ = server.takeCounts()
    try process.run()
    var samples: [(probes: Double, size: Double)] = []
    while process.isRunning {
      usleep(20_000)
      let probes = server.requestCount
      guard probes >= Self.probes / 4, probes < Self.probes,
        let size = Self.residentSize(process.processIdentifier)
      else { continue }
      samples.append((Double(probes), size))
    }
    guard process.terminationStatus == 0, samples.count > 10 else {
      throw BenchError(text: "\(words.joined(separator: " ")) fails")
    }
    return Self.slope(samples.map { ($0.probes, $0.size) }) * Double(Self.probesOfAnHour)
  }

  private static func residentSize(_ process: Int32) -> Double? {
    let text = try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)
    let words = text?.split(separator: " ") ?? []
    return words.count > 1 ? Double(words[1]).map { $0 * Double(getpagesize()) / 1_048_576 } : nil
  }
}

extension Inputs {
  /// Runbooks that are told more than they need.
  static let greedy = """
    use web, shell

    runbook probed(url: String) {
      wait until web.get(url).status == 200 within 1h every 1ms
    }

    runbook one(url: String) {
      step "get" { web.get(url, timeout: 1m) }
    }

    runbook said() {
      step "count" { shell.run(["seq", "1000000"]) }
    }

    """
}
