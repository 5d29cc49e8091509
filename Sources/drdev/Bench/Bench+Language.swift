// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The same work in each language. `dr` has no variables; its loops are comprehensions.
private struct Work {
  let name: String
  let dr: String
  let lua: String
  /// Python and Starlark alike.
  let python: String
}

extension Bench {
  private static let work = [
    Work(
      name: "fib(27)",
      dr:
        "fn fib(n: Int) -> Int = if n < 2 { n } else { fib(n - 1) + fib(n - 2) }\nlet x = fib(27)\n",
      lua: """
        local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
        print(fib(27))
        """,
      python: """
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)
        def run():
            return fib(27)
        """),
    Work(
      name: "a loop summing 10^7",
      dr: "let x = sum([for i in 0..10_000_000: i])\n",
      lua: """
        local function run(n) local s = 0 for i = 0, n - 1 do s = s + i end return s end
        print(run(10000000))
        """,
      python: """
        def run():
            s = 0
            for i in range(10000000):
                s += i
            return s
        """),
    Work(
      name: "a map of 10^6 entries",
      dr: "let m = [for i in 0..1_000_000: \"k\\(i)\": i]\nlet x = len([for k in m: k])\n",
      lua: """
        local function run(n)
          local d, c = {}, 0
          for i = 0, n - 1 do d["k" .. i] = i end
          for _ in pairs(d) do c = c + 1 end
          return c
        end
        print(run(1000000))
        """,
      python: """
        def run():
            d = {}
            for i in range(1000000):
                d["k" + str(i)] = i
            return len([k for k in d])
        """),
    Work(
      name: "10^6 texts",
      dr: "let zone = \"az1\"\nlet x = len([for i in 0..1_000_000: \"svc-\\(i)-\\(zone)\"])\n",
      lua: """
        local function run(n)
          local c = 0
          for i = 0, n - 1 do local s = string.format("svc-%d-%s", i, "az1") c = c + 1 end
          return c
        end
        print(run(1000000))
        """,
      python: """
        def run():
            zone = "az1"
            c = 0
            for i in range(1000000):
                s = "svc-%d-%s" % (i, zone)
                c += 1
            return c
        """),
  ]

  /// Whole processes: faster than CPython and both Starlarks, within 1.3 times Lua's time.
  func language() throws -> [Figure] {
    let runner = try file(
      "run_starlark.py",
      """
      import sys, starlark
      source = open(sys.argv[1]).read() + "\\nrun()\\n"
      module = starlark.Module()
      print(starlark.eval(module, starlark.parse("x.star", source), starlark.Globals.standard()))
      """)
    let starlarkGo = Peers.program("starlark")
    return try Self.work.enumerated().map { number, work in
      let star = try file("\(number).star", work.python)
      var contest = Contest(countsProcessor: countsProcessor)
      contest.add("dr", dr, ["eval", try file("\(number).dr", work.dr), "x"])
      contest.add("lua5.4", Peers.program("lua5.4"), [try file("\(number).lua", work.lua)])
      contest.add(
        "python3", Peers.python, [try file("\(number).py", work.python + "\nprint(run())\n")])
      contest.add("starlark-rust", Peers.starlarkRust, [runner, star])
      contest.add(
        "starlark-go", starlarkGo,
        ["-recursion", try file("\(number).go.star", work.python + "\nprint(run())\n")])
      let found = try contest.medians(rounds: rounds)
      let ours = found[0].run?.milliseconds ?? .infinity
      let theirs = found.dropFirst().map { (name: $0.name, value: $0.run?.milliseconds) }
      let isFaster = theirs.dropFirst().allSatisfy { $0.value.map { ours < $0 } ?? true }
      return Figure(
        name: work.name, ours: ours, unit: "ms", peers: theirs,
        bar: "1.3 x lua5.4, and below the others",
        holds: theirs[0].value.map { ours <= 1.3 * $0 && isFaster })
    }
  }
}
