// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import Testing

@Suite("who used up a limit")
struct CulpritTests {
  private var limits: Limits {
    var limits = Limits()
    limits.fuel = 1_000_000
    limits.memoryBytes = 8 << 20
    return limits
  }

  private func failure(
    _ name: String, in source: String
  ) throws -> (diagnostic: Diagnostic, text: String) {
    let checker = check(source)
    let function = try #require(checker.checkValue(name))
    let machine = Machine(program: Program(checker.program), limits: limits)
    do {
      _ = try machine.call(function, [])
      throw CancellationError()
    } catch let error as Diagnostic {
      let renderer = DiagnosticRenderer(sources: checker.program.sources, colour: false)
      return (error, renderer.render(error))
    }
  }

  @Test("the loop that calls, not the small function that it calls")
  func loop() throws {
    let (found, _) = try failure(
      "spin(1_000_000_000)",
      in: """
        fn small(n: Int) -> Int = n + 1
        fn spin(n: Int) -> Int {
          let all = [for i in 0..n if small(i) < 0: i]
          len(all)
        }

        """)
    #expect(found.code == .fuelExhausted)
    #expect(
      found.notes == ["nearly all of the steps were taken in `spin` and what it calls, on line 3"])
  }

  @Test("the function whose built-in does the work, though the loop around it pays last")
  func native() throws {
    let (found, text) = try failure(
      "spin(1_000_000_000)",
      in: """
        fn heavy(xs: [Int]) -> Int = sum(xs)

        fn spin(n: Int) -> Int {
          let xs = [for i in 0..1000: i]
          len([for i in 0..n if heavy(xs) < 0: i])
        }

        """)
    #expect(
      found.notes == ["nearly all of the steps were taken in `heavy` and what it calls, on line 1"])
    #expect(text.contains("1 | fn heavy(xs: [Int]) -> Int = sum(xs)"))
  }

  @Test("what used most, though the limit was reached elsewhere, with its line")
  func elsewhere() throws {
    let (found, text) = try failure(
      "both()",
      in: """
        fn first(n: Int) -> Int = len([for i in 0..n if i < 0: i])


        fn second(n: Int) -> Int = len([for i in 0..n if i < 0: i])

        fn both() -> Int = first(800_000) + second(1_000_000)

        """)
    #expect(
      found.notes == ["about 80% of the steps were taken in `first` and what it calls, on line 1"])
    #expect(text.contains("most of them here"))
    #expect(text.contains("still running here, in `second`"))
  }

  @Test("of memory too")
  func memory() throws {
    let (found, _) = try failure(
      "both()",
      in: """
        fn hoard(n: Int) -> [[Int]] = [for i in 0..n: [i, i, i, i]]

        fn work(n: Int) -> Int = len([for i in 0..n if i < 0: i])

        fn both() -> Int {
          let a = work(100_000)
          len(hoard(1_000_000_000)) + a
        }

        """)
    #expect(found.code == .memoryExhausted)
    #expect(
      found.notes == ["nearly all of the memory was used in `hoard` and what it calls, on line 1"])
  }

  @Test("of calls that are nested too deep, those that are there")
  func depth() throws {
    let (found, _) = try failure(
      "ping(0)",
      in: """
        fn ping(n: Int) -> Int = if n < 0 { 0 } else { pong(n) + 1 }

        fn pong(n: Int) -> Int = ping(n + 1) + 1

        """)
    #expect(found.code == .depthExceeded)
    #expect(found.notes == ["of the 2000 nested calls, 1000 are of `ping` and 999 are of `pong`"])
  }

  @Test("the same each time")
  func same() throws {
    let source = "fn f(n: Int) -> Int = if n < 2 { 1 } else { f(n - 1) + f(n - 2) }\n"
    #expect(try failure("f(60)", in: source).text == failure("f(60)", in: source).text)
  }
}
