// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Durable runs against a server of our own on loopback: what a run costs beside the least that a program could do.
extension Bench {
  func durableRuns() throws -> [Figure] {
    setenv("DR_STATE", folder.appendingPathComponent("state").path, 1)
    let server = try BenchServer()
    let program = try file("run.dr", Inputs.runbooks)
    let url = "http://127.0.0.1:\(server.port)/"
    func words(_ runbook: String, _ count: Int? = nil, _ url: String? = nil) -> [String] {
      ["run", program, runbook, "--world", "real"] + (url.map { ["url=\"\($0)\""] } ?? [])
        + (count.map { ["n=\($0)"] } ?? [])
    }
    return try small(words, url, server) + fans(words, url, server)
      + retries(words("retried", nil, url + "flaky/3"), server)
      + [10_000, 100_000].flatMap { try resumes(words("resumed", $0, url), steps: $0) }
  }

  private typealias Words = (_ runbook: String, _ count: Int?, _ url: String?) -> [String]

  private func small(_ words: Words, _ url: String, _ server: BenchServer) throws -> [Figure] {
    var contest = Contest(countsProcessor: countsProcessor)
    let floor = try compiled("floor", Inputs.floorProgram)
    let journal = folder.appendingPathComponent("floor.journal").path
    contest.add("empty", dr, words("empty", nil, nil))
    contest.add("one", dr, words("one", 1, url))
    contest.add("hundred", dr, words("one", 100, url))
    for count in [1, 100] {
      contest.add("C floor", floor, ["\(server.port)", "\(count)", journal])
    }
    let found = try contest.medians(rounds: max(rounds, 11))
    func time(_ index: Int) -> Double { found[index].run?.milliseconds ?? .infinity }
    let peak = found[0].run?.peak ?? .infinity
    let floors = found.dropFirst(3).map { $0.run?.milliseconds }
    _ = server.takeCounts()
    let syncs = try Self.syncs([dr] + words("one", 100, url)).map { Double($0) / 100 }
    let connections = Double(server.takeCounts().connections)
    return [
      Figure(name: "empty runbook", ours: time(0), unit: "ms", bar: "20 ms", holds: time(0) <= 20),
      Figure(
        name: "its largest memory", ours: peak, unit: "MiB", bar: "25 MiB", holds: peak <= 25),
      Figure(
        name: "1 GET step", ours: time(1), unit: "ms", peers: [("C floor", floors[0])],
        bar: "25 ms", holds: time(1) <= 25),
      Figure(
        name: "100 GET steps, one after the other", ours: time(2), unit: "ms",
        peers: [("C floor", floors[1])], bar: "2 x C floor",
        holds: floors[1].map { time(2) <= 2 * $0 }),
      Figure(
        name: "flushes of the journal per step", ours: syncs ?? .nan, unit: "", bar: "2",
        holds: syncs.map { $0 <= 2.1 }),
      Figure(
        name: "connections for 100 steps", ours: connections, unit: "", bar: "1",
        holds: connections == 1),
    ]
  }

  private func fans(_ words: Words, _ url: String, _ server: BenchServer) throws -> [Figure] {
    var contest = Contest(countsProcessor: countsProcessor)
    let multi = try Self.libcurl.flatMap { try compiled("multi", Inputs.curlProgram, with: [$0]) }
    contest.add("fan of 1,000", dr, words("fan", 1_000, url))
    contest.add("libcurl multi", multi, [url, "1000"])
    contest.add("fan of 10,000", dr, words("fan", 10_000, url))
    let found = try contest.medians(rounds: min(rounds, 5))
    func run(_ index: Int) -> Contest.Run {
      found[index].run ?? Contest.Run(milliseconds: .infinity, peak: .infinity)
    }
    _ = server.takeCounts()
    let syncs = try Self.syncs([dr] + words("fan", 1_000, url))
    let open = server.takeCounts().openMax
    let (thousand, many) = (run(0), run(2))
    let most = min(200, found[1].run.map { 2 * $0.milliseconds } ?? 200)
    return [
      Figure(
        name: "1,000 GET steps, 100 at once", ours: thousand.milliseconds, unit: "ms",
        peers: [("libcurl multi", found[1].run?.milliseconds)], bar: "200 ms, 2 x libcurl",
        holds: thousand.milliseconds <= most),
      Figure(
        name: "its largest memory", ours: thousand.peak, unit: "MiB", bar: "45 MiB",
        holds: thousand.peak <= 45),
      Figure(
        name: "its flushes of the journal", ours: syncs.map(Double.init) ?? .nan, unit: "",
        bar: "40", holds: syncs.map { $0 <= 40 }),
      Figure(
        name: "its connections at once", ours: Double(open), unit: "", bar: "100",
        holds: open <= 100),
      Figure(
        name: "10,000 GET steps, 100 at once", ours: many.milliseconds, unit: "ms", bar: "2 s",
        holds: many.milliseconds <= 2_000),
      Figure(
        name: "its largest memory", ours: many.peak, unit: "MiB", bar: "1.3 x that of 1,000",
        holds: many.peak <= 1.3 * thousand.peak),
    ]
  }

  private func retries(_ words: [String], _ server: BenchServer) throws -> [Figure] {
    let times = try (0..<5).map { _ in
      _ = try Contest.run([dr] + words)
      return server.takeCounts().flakyTime - 300
    }
    return [
      Figure(
        name: "3 retries, beyond their pauses", ours: median(times), unit: "ms", bar: "15 ms",
        holds: median(times) <= 15)
    ]
  }

  /// A run that is paused once its steps are done, then copied and resumed to its end.
  private func resumes(_ words: [String], steps: Int) throws -> [Figure] {
    // In memory: that it is made is not what is measured.
    let state = "/dev/shm/dr-bench-\(getpid())"
    let before = folder.appendingPathComponent("state").path
    setenv("DR_STATE", state, 1)
    defer {
      setenv("DR_STATE", before, 1)
      try? FileManager.default.removeItem(atPath: state)
    }
    let first = try Self.paused([dr] + words)
    let kept = folder.appendingPathComponent("kept").path
    try FileManager.default.moveItem(atPath: state, toPath: kept)
    defer { try? FileManager.default.removeItem(atPath: kept) }
    let runs = try (0..<5).map { _ in
      try? FileManager.default.removeItem(atPath: state)
      try FileManager.default.copyItem(atPath: kept, toPath: state)
      return try Contest.run(
        [dr, "resume", "last", "--yes"], countsProcessor: countsProcessor)
    }
    let (time, peak) = (median(runs.map(\.milliseconds)), median(runs.map(\.peak)))
    let bar = steps > 10_000 ? 250.0 : 200.0
    return [
      Figure(
        name: "largest memory of \(steps) steps", ours: first, unit: "MiB", bar: "64 MiB",
        holds: first <= 64),
      Figure(
        name: "resume after \(steps) steps", ours: time, unit: "ms", bar: "\(Int(bar)) ms",
        holds: time <= bar),
      Figure(
        name: "its largest memory", ours: peak, unit: "MiB", bar: "64 MiB", holds: peak <= 64),
    ]
  }

  /// Runs a command until it asks for an answer, and interrupts it there. Gives its largest memory until then, in MiB.
  private static func paused(_ words: [String]) throws -> Double {
    let process = Process()
    process.executableURL = URL(filePath: words[0])
    process.arguments = Array(words.dropFirst())
    let errors = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let said = errors.fileHandleForReading.availableData
    let peak = largestSize(process.processIdentifier)
    process.interrupt()
    process.waitUntilExit()
    guard process.terminationStatus == 130 else {
      throw BenchError(
        text:
          "\(words.joined(separator: " ")) does not pause: \(String(decoding: said, as: UTF8.self))"
      )
    }
    return peak
  }

  /// What the kernel says of it; infinite where that cannot be read.
  private static func largestSize(_ process: Int32) -> Double {
    let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = text?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first).flatMap { Double($0) }
      .map { $0 / 1_024 } ?? .infinity
  }

  /// How often a command flushes a file, as strace counts; nil where there is no strace.
  private static func syncs(_ words: [String]) throws -> Int? {
    guard let strace = Peers.program("strace") else { return nil }
    let counts = FileManager.default.temporaryDirectory
      .appendingPathComponent("dr-bench-\(getpid()).strace")
    defer { try? FileManager.default.removeItem(at: counts) }
    _ = try Contest.run(
      [strace, "--seccomp-bpf", "-f", "-q", "-e", "trace=fdatasync,fsync", "-o", counts.path]
        + words)
    // A call that another thread interrupts stands there twice.
    let lines = try String(contentsOf: counts, encoding: .utf8).split(separator: "\n")
    return lines.count { $0.contains("sync(") }
  }

  /// A C program, compiled here; nil where there is no compiler.
  private func compiled(_ name: String, _ text: String, with more: [String] = []) throws -> String?
  {
    guard let compiler = Peers.program("cc") else { return nil }
    let source = try file("\(name).c", text)
    let program = folder.appendingPathComponent(name).path
    _ = try Contest.run([compiler, "-O2", source, "-o", program] + more)
    return program
  }

  private static let libcurl: String? = [
    "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib",
  ].map { "\($0)/libcurl.so.4" }.first { FileManager.default.fileExists(atPath: $0) }
}
