// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Programs that run in turn, each from start to exit with its output thrown away.
struct Contest {
  /// What one run took.
  struct Run {
    let milliseconds: Double
    /// Largest resident size, in MiB.
    let peak: Double
  }

  /// Whether processor time counts, user and system, instead of time on the wall.
  let countsProcessor: Bool
  private var commands: [(name: String, words: [String]?)] = []

  init(countsProcessor: Bool) { self.countsProcessor = countsProcessor }

  /// Adds a program; nil where it is not installed.
  mutating func add(_ name: String, _ program: String?, _ arguments: [String]) {
    commands.append((name, program.map { [$0] + arguments }))
  }

  /// The median of each, in the order in which they were added; nil for what is not installed.
  func medians(rounds: Int) throws -> [(name: String, run: Run?)] {
    var runs: [[Run]] = commands.map { _ in [] }
    for round in 0...rounds {
      for (index, command) in commands.enumerated() {
        guard let words = command.words else { continue }
        let run = try Self.run(words, countsProcessor: countsProcessor)
        // The first one fills caches.
        if round > 0 { runs[index].append(run) }
      }
    }
    return zip(commands, runs).map { command, runs in
      guard !runs.isEmpty else { return (command.name, nil) }
      let run = Run(
        milliseconds: median(runs.map(\.milliseconds)), peak: median(runs.map(\.peak)))
      return (command.name, run)
    }
  }

  /// Runs a program to its end. One that ends otherwise would be measured for nothing, and is an error.
  static func run(
    _ words: [String], countsProcessor: Bool = false, status wanted: Int32 = 0
  ) throws -> Run {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var arguments = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var process = pid_t()
    let start = ContinuousClock.now
    guard posix_spawn(&process, words[0], &actions, nil, arguments, environ) == 0 else {
      throw BenchError(text: "\(words[0]) does not start")
    }
    var status: Int32 = 0
    var usage = rusage()
    wait4(process, &status, 0, &usage)
    let time = start.duration(to: .now)
    guard status & 0x7f == 0, status >> 8 == wanted else {
      throw BenchError(text: "\(words.joined(separator: " ")) fails")
    }
    let processor = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime)
    return Run(
      milliseconds: countsProcessor ? processor : time / .milliseconds(1),
      peak: Double(usage.ru_maxrss) / 1024)
  }
}

private func milliseconds(_ time: timeval) -> Double {
  Double(time.tv_sec) * 1e3 + Double(time.tv_usec) / 1e3
}

/// Milliseconds that this thread has run; what other programs do adds nothing.
func threadMilliseconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
}

struct BenchError: Error, CustomStringConvertible {
  let text: String
  var description: String { text }
}

/// The middle one; of an even number the lower of the two.
func median(_ values: [Double]) -> Double { values.sorted()[(values.count - 1) / 2] }

/// What is installed here to be measured against.
enum Peers {
  /// The program's full path.
  static func program(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// CPython itself, since a shim before it takes longer than it does.
  static let python: String? = {
    guard let shim = program("python3") else { return nil }
    return output([shim, "-c", "import sys; print(sys.executable)"])
  }()

  /// CPython where it has starlark-rust (the package starlark-pyo3).
  static var starlarkRust: String? {
    python.flatMap { output([$0, "-c", "import starlark"]) == nil ? nil : $0 }
  }

  /// CPython where it has SimPy.
  static var simpy: String? {
    python.flatMap { output([$0, "-c", "import simpy"]) == nil ? nil : $0 }
  }

  /// What a command writes, without the line's end; nil when it fails.
  static func output(_ words: [String]) -> String? {
    let process = Process()
    process.executableURL = URL(filePath: words[0])
    process.arguments = Array(words.dropFirst())
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
