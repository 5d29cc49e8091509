// SPDX-License-Identifier: Apache-2.0

import DrAnswers
import DrBase
import DrData
import DrEval
import DrSema
import Testing

@Suite("what an evaluation costs")
struct ProfileTests {
  @Test("as tables, as JSON and as a flame graph", arguments: Sample.all("profile"))
  func golden(_ sample: Sample) throws {
    var text = ""
    var narrow = ""
    var json = ""
    for (number, question) in try sample.words("ask").enumerated() {
      let (profile, map, _) = try profile(question, in: try sample.source())
      let wide = ProfileText(sources: map, colour: false, width: nil, hasTime: false)
      text += wide.text(profile, title: question) + "\n"
      let small = ProfileText(sources: map, colour: false, width: 60, hasTime: false)
      narrow += small.text(profile, title: question) + "\n"
      json += JSON.write(profile.document(map, hasTime: false), pretty: true) + "\n"
      let svg = FlameGraph(profile, sources: map, title: question).svg
      try sample.compare(svg, with: "flame\(number + 1).svg")
      #expect(XMLBalance.problem(in: svg) == nil)
    }
    try sample.compare(text, with: "text.txt")
    try sample.compare(narrow, with: "narrow.txt")
    try sample.compare(json, with: "profile.json")
    for line in narrow.split(separator: "\n") where !line.contains("steps,") {
      #expect(displayWidth(line) <= 60, "\(line)")
    }
  }

  @Test("an observed program takes the very steps and bytes of the plain one")
  func sameSteps() throws {
    for sample in Sample.all("profile") {
      for question in try sample.words("ask") {
        let checker = check(try sample.source())
        let function = try #require(checker.checkValue(question))
        let plain = Machine(program: Program(checker.program), limits: Limits())
        try plain.forceAll(try plain.call(function, []))
        let (profile, _, machine) = try profile(question, in: try sample.source())
        #expect(machine.fuelUsed == plain.fuelUsed)
        #expect(machine.memoryUsed == plain.memoryUsed)
        #expect(profile.total.steps == plain.fuelUsed)
      }
    }
  }

  @Test("every step is counted for one line, one function, and one box", arguments: 0..<40)
  func addsUp(_ seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let source = Self.program(&random)
    let (profile, map, machine) = try profile("f0(9)", in: source)
    let total = profile.total - profile.outside
    #expect(profile.total.steps == machine.fuelUsed, "seed \(seed)")
    #expect(profile.functions.reduce(0) { $0 + $1.own.steps } == total.steps, "seed \(seed)")
    #expect(profile.lines.reduce(0) { $0 + $1.own.steps } == total.steps, "seed \(seed)")
    #expect(profile.tree.total.steps == profile.total.steps, "seed \(seed)")
    #expect(profile.functions.reduce(0) { $0 + $1.own.bytes } == total.bytes, "seed \(seed)")
    for function in profile.functions {
      #expect(function.own.steps <= function.total.steps && function.total.steps <= total.steps)
    }
    for line in profile.lines {
      #expect(line.own.steps <= line.total.steps && line.total.steps <= total.steps)
    }
    // What was asked for has called everything.
    #expect(profile.functions.contains { $0.total.steps == total.steps })
    let again = try self.profile("f0(9)", in: source)
    #expect(
      FlameGraph(profile, sources: map, title: "t").svg
        == FlameGraph(again.0, sources: again.1, title: "t").svg)
  }

  /// Functions that loop, allocate, and call one another and themselves with smaller numbers.
  private static func program(_ random: inout SeededRandom) -> String {
    var text = "let g = sum([for i in 0..7: i])\n"
    for number in 0..<5 {
      func call() -> String { "f\(random.below(5))(n - \(1 + random.below(3)))" }
      text += "fn f\(number)(n: Int) -> Int {\n  if n <= 0 {\n    g\n  } else {\n"
      let parts = (0..<2).map { _ in
        switch random.below(6) {
        case 0: call()
        case 1: "sum([for i in 0..n: i * 2])"
        case 2: "len([for i in 0..n: \(call())])"
        case 3: "len(sorted([n, 3, 1]))"
        case 4: "sum(map([1, 2], x => x + \(call())))"
        default: "len(reversed([n, n * 2]))"
        }
      }
      text += "    \(parts[0])\n      + \(parts[1])\n  }\n}\n"
    }
    return text.replacing("\n      +", with: " +\n      ")
  }

  @Test("a failure is paid for too, and what was open is closed")
  func failing() throws {
    let checker = check(
      "fn f(n: Int) -> Int = if n == 0 { 1 / n } else { f(n - 1) }\nlet good = 1 + len([2])\n")
    let bad = try #require(checker.checkValue("f(20)"))
    let machine = Machine(
      program: Program(checker.program, observing: .lines), limits: Limits())
    let profiler = Profiler(machine)
    machine.observer = profiler
    #expect(throws: Diagnostic.self) { try machine.call(bad, []) }
    #expect(profiler.depth == 0)
    #expect(profiler.profile(machine).total.steps == machine.fuelUsed)
  }

  private func profile(_ question: String, in source: String) throws -> (
    Profile, SourceMap, Machine
  ) {
    let checker = check(source)
    let function = try #require(checker.checkValue(question), "\(question) is no expression")
    let machine = Machine(
      program: Program(checker.program, observing: .lines), limits: Limits())
    let profiler = Profiler(machine)
    machine.observer = profiler
    try machine.forceAll(try machine.call(function, []))
    let profile = profiler.profile(machine, naming: [function: question])
    return (profile, checker.program.sources, machine)
  }
}

/// Enough of XML to see that tags match and that nothing is left unescaped.
enum XMLBalance {
  static func problem(in text: String) -> String? {
    var open: [String] = []
    for piece in text.split(separator: "<", omittingEmptySubsequences: true) {
      guard let end = piece.firstIndex(of: ">") else { return "no end of tag: \(piece)" }
      let tag = piece[..<end]
      let rest = piece[piece.index(after: end)...]
      if rest.contains(">") { return "a bare > in \(rest)" }
      let entity = /&(amp|lt|gt|quot|#[0-9]+);/
      if piece.replacing(entity, with: "").contains("&") { return "a bare & in \(piece)" }
      if tag.hasPrefix("?") || tag.hasSuffix("/") { continue }
      if tag.hasPrefix("/") {
        guard open.popLast() == String(tag.dropFirst()) else { return "unexpected <\(tag)>" }
      } else {
        open.append(String(tag.prefix { $0 != " " && $0 != "\n" }))
      }
    }
    return open.isEmpty ? nil : "not closed: \(open)"
  }
}
