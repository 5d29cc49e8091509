// SPDX-License-Identifier: Apache-2.0
//
// drdev bench: what we promise about speed, measured beside the peers that are installed here, in one
// run and in turn (ours, theirs, ours, theirs), so that a busy machine is busy for all. It makes its
// inputs itself. Medians count; a peer that is missing is told. By hand only: no test depends on a
// clock.

import Foundation

/// The command.
struct Bench {
  static let usage = """
    usage: drdev bench [--only GROUP] [--rounds N] [--cpu] [--dr PATH] [--json]
           GROUP: startup, language, syntax, growth, compile, lint, simulate, run,
                  memory
           --cpu: processor time instead of time on the wall, for a machine that others use
           PATH: the program to measure; else `dr` beside this one
    """

  /// How often each program runs, at least.
  private(set) var rounds = 9
  private var only: String?
  private var writesJSON = false
  private(set) var countsProcessor = false
  private(set) var dr: String
  /// Where inputs are written.
  let folder: URL

  static let groups: [(name: String, run: @Sendable (Bench) throws -> [Figure])] = [
    ("startup", { try $0.startup() }),
    ("language", { try $0.language() }),
    ("syntax", { try $0.syntax() }),
    ("growth", { try $0.growth() }),
    ("compile", { try $0.compile() }),
    ("lint", { try $0.lint() }),
    ("simulate", { try $0.simulate() }),
    ("run", { try $0.durableRuns() }),
    ("memory", { try $0.memory() }),
  ]

  /// Runs the command; gives its exit status: 1 when a bar is missed, 2 for wrong usage.
  static func run(_ arguments: [String]) throws -> Int32 {
    guard let bench = try Bench(arguments) else {
      print(usage)
      return 2
    }
    defer { try? FileManager.default.removeItem(at: bench.folder) }
    do {
      return try bench.run()
    } catch let error as BenchError {
      print(error)
      return 1
    }
  }

  private init?(_ arguments: [String]) throws {
    let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    dr = own.deletingLastPathComponent().appendingPathComponent("dr").path
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("dr-bench-\(ProcessInfo.processInfo.processIdentifier)")
    var rest = arguments[...]
    while let word = rest.popFirst() {
      switch (word, rest.first) {
      case ("--json", _): writesJSON = true
      case ("--cpu", _): countsProcessor = true
      case ("--only", let name?) where Self.groups.contains { $0.name == name }:
        only = name
        rest.removeFirst()
      case ("--rounds", let text?):
        guard let number = Int(text), number > 0 else { return nil }
        rounds = number
        rest.removeFirst()
      case ("--dr", let path?):
        dr = path
        rest.removeFirst()
      default: return nil  // open: any other word is wrong usage
      }
    }
    guard FileManager.default.isExecutableFile(atPath: dr) else {
      print("there is no program \(dr); build it: swift build -c release --static-swift-stdlib")
      return nil
    }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func run() throws -> Int32 {
    #if DEBUG
      print("drdev is a debug build: what it measures in its own process says nothing")
    #endif
    var figures: [Figure] = []
    for group in Self.groups where only == nil || only == group.name {
      let found = try group.run(self)
      if !writesJSON { print(Figure.table(group.name, found)) }
      figures += found
    }
    if writesJSON { print(try Figure.json(figures)) }
    return figures.contains { $0.holds == false } ? 1 : 0
  }

  /// Writes an input; gives its path.
  func file(_ name: String, _ text: String) throws -> String {
    let url = folder.appendingPathComponent(name)
    try text.write(to: url, atomically: false, encoding: .utf8)
    return url.path
  }
}
