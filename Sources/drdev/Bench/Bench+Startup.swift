// SPDX-License-Identifier: Apache-2.0

import Foundation

extension Bench {
  /// From start to exit, beside a C program that says hello, linked statically.
  func startup() throws -> [Figure] {
    var contest = Contest(countsProcessor: countsProcessor)
    contest.add("dr eval", dr, ["eval", try file("trivial.dr", "let x = 1\n")])
    contest.add("dr --version", dr, ["--version"])
    contest.add("C hello", try helloWorld(), [])
    contest.add("lua5.4", Peers.program("lua5.4"), [try file("trivial.lua", "print(1)\n")])
    contest.add("python3", Peers.python, [try file("trivial.py", "print(1)\n")])
    let found = try contest.medians(rounds: max(rounds, 40))
    let peers = found.dropFirst().map { ($0.name, $0.run?.milliseconds) }
    let ours = found[0].run?.milliseconds ?? .infinity
    return [
      Figure(
        name: "eval of a trivial file", ours: ours, unit: "ms", peers: peers,
        bar: "2 x C hello + 2 ms", holds: found[2].run.map { ours <= 2 * $0.milliseconds + 2 })
    ]
  }

  /// The path of a static hello world, compiled here; nil where there is no C compiler.
  private func helloWorld() throws -> String? {
    guard let compiler = Peers.program("cc") else { return nil }
    let source = try file(
      "hello.c", "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }\n")
    let program = folder.appendingPathComponent("hello").path
    _ = try Contest.run([compiler, "-O2", "-static", source, "-o", program])
    return program
  }
}
