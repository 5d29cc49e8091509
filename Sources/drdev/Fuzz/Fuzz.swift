// SPDX-License-Identifier: Apache-2.0
//
// drdev fuzz: seeded mutations of every program of the repository, through lexer, parser, formatter,
// checker, machine and the readers of data. Each input follows from its seed, so that a failure is
// repeated by naming it. The inputs run in a child, since what is looked for are traps and hangs.

import DrBase
import Foundation

/// The command.
struct Fuzz {
  static let usage = """
    usage: drdev fuzz [--seconds N] [--seed N]     for N seconds (60), from a seed (the clock's)
           drdev fuzz --file PATH                  one input
           drdev fuzz --seed N --print             the input of a seed
    """

  /// Seconds after which an input counts as a hang.
  private static let patience = 30.0

  private var seconds = 60.0
  private var seed = UInt64(Date().timeIntervalSince1970)
  private var file: String?
  private var isWorker = false
  private var prints = false
  private let root: String

  /// Runs the command; gives its exit status: 1 when an input broke something, 2 for wrong usage.
  static func run(_ arguments: [String], root: String) throws -> Int32 {
    guard let fuzz = Fuzz(arguments, root: root) else {
      print(usage)
      return 2
    }
    if let file = fuzz.file { return fuzz.runFile(file) }
    if fuzz.prints {
      FileHandle.standardOutput.write(Data(try Corpus(root: root).input(seed: fuzz.seed)))
      return 0
    }
    return fuzz.isWorker ? try fuzz.work() : try fuzz.watch()
  }

  private init?(_ arguments: [String], root: String) {
    self.root = root
    var rest = arguments[...]
    while let word = rest.popFirst() {
      switch (word, rest.first) {
      case ("--worker", _): isWorker = true
      case ("--print", _): prints = true
      case ("--seconds", let text?):
        guard let number = Double(text) else { return nil }
        seconds = number
        rest.removeFirst()
      case ("--seed", let text?):
        guard let number = UInt64(text) else { return nil }
        seed = number
        rest.removeFirst()
      case ("--file", let text?):
        file = text
        rest.removeFirst()
      default: return nil  // open: any other word is wrong usage
      }
    }
  }

  private func runFile(_ file: String) -> Int32 {
    guard let bytes = FileManager.default.contents(atPath: file) else {
      print("there is no file \(file)")
      return 2
    }
    guard let violation = Properties.violation(of: Array(bytes)) else { return 0 }
    print(violation)
    return 1
  }

  // The child

  /// Runs one input after the other, and says before each which one it is.
  private func work() throws -> Int32 {
    let corpus = try Corpus(root: root)
    let end = Date().addingTimeInterval(seconds)
    var seed = seed
    while Date() < end {
      say("seed \(seed)")
      if let violation = Properties.violation(of: corpus.input(seed: seed)) {
        say("violation \(violation)")
        return 1
      }
      seed &+= 1
    }
    return 0
  }

  private func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }

  // The parent

  private func watch() throws -> Int32 {
    print("fuzzing for \(Int(seconds)) s from seed \(seed)")
    let end = Date().addingTimeInterval(seconds)
    var next = seed
    var failures = 0
    while Date() < end, failures < 10 {
      var child = Child(["fuzz", "--worker", "--seed", "\(next)", "--seconds", "\(seconds)"])
      let outcome = try child.run(until: end, patience: Self.patience)
      next = child.lastSeed ?? next
      if let outcome {
        failures += 1
        try keep(seed: next, outcome)
      }
      next += 1
    }
    print("\(next - seed) inputs, \(failures) broke something")
    return failures == 0 ? 0 : 1
  }

  /// Makes the input small and writes it beside the others that broke something.
  private func keep(seed: UInt64, _ outcome: String) throws {
    print("seed \(seed): \(outcome)")
    let minimal = try Minimiser(patience: Self.patience).minimal(
      of: Corpus(root: root).input(seed: seed))
    let folder = "\(root)/\(Corpus.regressions)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let path = "\(folder)/seed-\(seed).dr"
    try Data(minimal).write(to: URL(filePath: path), options: .atomic)
    print("  \(minimal.count) bytes of it are kept in \(Corpus.regressions)/seed-\(seed).dr")
  }
}
