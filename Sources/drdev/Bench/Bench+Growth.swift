// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema
import Foundation

/// Something that a program does n times, or with n elements.
private struct Construct {
  let name: String
  /// A function `f(n: Int) -> Int`.
  let code: String
  var sizes = [1_000, 10_000, 100_000, 1_000_000]
}

extension Bench {
  private static let constructs = [
    Construct(
      name: "comprehension", code: "fn f(n: Int) -> Int = last([for i in 0..n: i * 2]) ?? 0"),
    Construct(
      name: "in, of a list",
      code: "fn f(n: Int) -> Int = if n in [for i in 0..n: i] { 1 } else { 0 }"
    ),
    Construct(
      name: "in, of a map",
      code: """
        fn f(n: Int) -> Int { let m = [for i in 0..n: i: i]; len([for i in 0..n if i in m: i]) }
        """),
    Construct(
      name: "map of texts",
      code: """
        fn f(n: Int) -> Int { let m = [for i in 0..n: "k\\(i)": i]; len([for k in m: k]) }
        """),
    Construct(
      name: "unique", code: "fn f(n: Int) -> Int = len(unique([for i in 0..n: \"k\\(i / 2)\"]))"),
    Construct(
      name: "unique, of objects",
      code: "fn f(n: Int) -> Int = len(unique([for i in 0..n: { a: i / 2, b: \"x\" }]))"),
    Construct(
      name: "sorted", code: "fn f(n: Int) -> Int = sorted([for i in 0..n: n - i])[0]"),
    Construct(
      name: "sorted, of texts",
      code: "fn f(n: Int) -> Int = len(sorted([for i in 0..n: \"k\\(i)\"]))"),
    Construct(
      name: "join",
      code:
        "fn f(n: Int) -> Int = if join([for i in 0..n: \"k\\(i)\"], with: \",\") == \"\" { 0 } else { 1 }"
    ),
    Construct(
      name: "interpolation",
      code: "fn f(n: Int) -> Int = if \"\\([for i in 0..n: i])\" == \"\" { 0 } else { 1 }"),
    Construct(
      name: "object spread",
      code: """
        fn f(n: Int) -> Int = len([for i in 0..n: { ...base, a: i }])
        let base = { a: 1, b: 2, c: "three" }
        """),
    Construct(
      name: "spread of one large list",
      code: "fn f(n: Int) -> Int = len([...[for i in 0..n: i], 1])"),
    Construct(
      name: "xs + [x] by recursion",
      code: """
        fn f(n: Int) -> Int = len(grown([0], n))
        fn grown(xs: [Int], n: Int) -> [Int] = if n == 0 { xs } else { grown(xs + [n], n - 1) }
        """,
      sizes: [200, 400, 800, 1_600]),
    Construct(
      name: "[...xs, x] by recursion",
      code: """
        fn f(n: Int) -> Int = len(grown([0], n))
        fn grown(xs: [Int], n: Int) -> [Int] = if n == 0 { xs } else { grown([...xs, n], n - 1) }
        """,
      sizes: [200, 400, 800, 1_600]),
    Construct(
      name: "[...m, key: x] by recursion",
      code: """
        fn f(n: Int) -> Int = len([for k in grown([:], n): k])
        fn grown(m: [String: Int], n: Int) -> [String: Int] =
          if n == 0 { m } else { grown([...m, "k\\(n)": n], n - 1) }
        """,
      sizes: [200, 400, 800, 1_600]),
    Construct(
      name: "a text + \"0123456789\" by recursion",
      code: """
        fn f(n: Int) -> Int = if grown("", n) == "" { 0 } else { 1 }
        fn grown(s: String, n: Int) -> String =
          if n == 0 { s } else { grown(s + "0123456789", n - 1) }
        """,
      sizes: [200, 400, 800, 1_600]),
  ]

  /// What counts as linear: a thousand elements fit into the nearest cache and a million into none, which
  /// alone adds up to a third.
  private static let linear = 1.35

  /// How the time of each construct grows, as the exponent of the number of elements.
  func growth() throws -> [Figure] {
    try Self.constructs.map { construct in
      let times = try construct.sizes.map { try time(construct, $0) }
      let exponent = Self.exponent(construct.sizes, times)
      return Figure(
        name: "growth: \(construct.name), \(construct.sizes[0]) to \(construct.sizes[3])",
        ours: exponent, unit: "n^", bar: "linear: n^1.35",
        holds: exponent <= Self.linear)
    }
  }

  /// Milliseconds of one call; the least of several, since the small ones are short.
  private func time(_ construct: Construct, _ size: Int) throws -> Double {
    let checker = Checker(loader: Library(file: Array(construct.code.utf8)))
    checker.check(path: "growth.dr")
    guard !checker.diagnostics.hasErrors, let function = checker.mainFunctions["f"] else {
      throw BenchError(
        text: "\(construct.name): \(checker.diagnostics.first?.message ?? "no function f")")
    }
    var limits = Limits()
    limits.memoryBytes = 4 << 30
    limits.fuel = .max / 2
    let program = Program(checker.program)
    var least = Double.infinity
    for _ in 0..<max(3, min(50, 1_000_000 / size / 4)) {
      let machine = Machine(program: program, limits: limits)
      let start = threadMilliseconds()
      _ = try machine.call(function, [.int(Int64(size))])
      least = min(least, threadMilliseconds() - start)
    }
    return least
  }

  /// The slope of the line through the logarithms.
  static func exponent(_ sizes: [Int], _ times: [Double]) -> Double {
    slope(zip(sizes, times).map { (x: log(Double($0)), y: log($1)) })
  }

  /// Of the line through some points, by least squares.
  static func slope(_ points: [(x: Double, y: Double)]) -> Double {
    let count = Double(points.count)
    let x = points.map(\.x).reduce(0, +) / count
    let y = points.map(\.y).reduce(0, +) / count
    let covariance = points.map { ($0.x - x) * ($0.y - y) }.reduce(0, +)
    return covariance / points.map { ($0.x - x) * ($0.x - x) }.reduce(0, +)
  }
}
