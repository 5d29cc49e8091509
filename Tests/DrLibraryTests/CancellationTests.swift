// SPDX-License-Identifier: Apache-2.0

import Dr
import Foundation
import Testing

@Suite struct CancellationTests {
  let source = """
    fn spin(n: Int) -> Int = len([for a in 0..n if len([for b in 0..n if b < 0: b]) > 0: a])
    fn sorting(n: Int) -> Int = len([for a in 0..n if sorted([for b in 0..n: n - b])[0] < 0: a])

    """

  @Test("an evaluation is cancelled from another thread", arguments: ["spin", "sorting"])
  func fromAnotherThread(_ function: String) throws {
    let cancellation = Cancellation()
    var engine = Engine(limits: Limits(fuel: 1_000_000_000, memory: .gibibytes(64)))
    try engine.register("reads fn begun() -> Int") {
      Thread.detachNewThread { cancellation.cancel() }
      return 20_000
    }
    let program = try engine.load(source: "use host\n" + source)
    let error = try failure {
      _ = try program.evaluate("\(function)(begun())", as: Int.self, cancellation: cancellation)
    }
    #expect(error.kind == .cancelled)
    #expect(error.findings.first?.code == "E0407")
    #expect(error.findings.first?.file == "program.dr")
  }

  @Test("a token that was cancelled before ends what comes after, and other evaluations go on")
  func before() throws {
    let program = try Engine().load(source: source + "let n = spin(2000)\n")
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(cancellation.isCancelled)
    #expect(
      try failure {
        _ = try program.evaluate("spin(2000)", as: Int.self, cancellation: cancellation)
      }
      .kind == .cancelled)
    #expect(
      try failure { _ = try program.value(of: "n", as: Int.self, cancellation: cancellation) }.kind
        == .cancelled)
    #expect(try failure { try program.verify(cancellation: cancellation) }.kind == .cancelled)
    #expect(try program.evaluate("spin(20)") == 0)
  }

  @Test("slices change neither what fuel is worth nor what it is used for")
  func slices() throws {
    for fuel in [199_999, 200_000, 200_001, 262_143, 262_144, 262_145] {
      let program = try Engine(limits: Limits(fuel: fuel)).load(source: source)
      for n in [440, 441, 445, 450, 505, 510, 511, 512, 513] {
        func kind(_ cancellation: Cancellation?) -> DrError.Kind? {
          do throws(DrError) {
            _ = try program.evaluate("spin(\(n))", as: Int.self, cancellation: cancellation)
            return nil
          } catch {
            return error.kind
          }
        }
        #expect(kind(nil) == kind(Cancellation()))
      }
    }
  }

  @Test("many threads evaluate one program and see the same")
  func threads() async throws {
    var engine = Engine()
    try engine.register("fn half(n: Int) -> Int") { (n: Int) in n / 2 }
    let program = try engine.load(
      source: source + "use host\nlet all = [for n in 0..50: half(n)]\n")
    let expected = try program.value(of: "all", as: [Int].self)
    let results = try await withThrowingTaskGroup(of: [Int].self) { [engine] group in
      for n in 0..<16 {
        group.addTask {
          let mine =
            n.isMultiple(of: 2)
            ? program
            : try engine.load(
              source: "use host\nlet all = [for n in 0..50: half(n)]\n")
          return try n.isMultiple(of: 3) ? mine.evaluate("all") : mine.value(of: "all")
        }
      }
      var results: [[Int]] = []
      for try await result in group { results.append(result) }
      return results
    }
    #expect(results.count == 16)
    #expect(results.allSatisfy { $0 == expected })
  }
}
