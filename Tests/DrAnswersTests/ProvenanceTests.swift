// SPDX-License-Identifier: Apache-2.0

import DrAnswers
import DrBase
import DrData
import DrEval
import DrSema
import Testing

@Suite("why a value is what it is")
struct ProvenanceTests {
  @Test("as text, in a narrow terminal, and as JSON", arguments: Sample.all("why"))
  func golden(_ sample: Sample) throws {
    let source = try sample.source()
    let inputs = try sample.words("set").map { $0.split(separator: "=").map(String.init) }
    var wide = ""
    var narrow = ""
    var json = ""
    for question in try sample.words("ask") {
      let (provenance, map) = try explain(
        question, in: source,
        inputs: Dictionary(
          uniqueKeysWithValues: inputs.map { ($0[0], Document.string($0[1])) }))
      wide +=
        "? \(question)\n"
        + ProvenanceText(sources: map, colour: false, width: nil).text(provenance) + "\n"
      narrow +=
        "? \(question)\n"
        + ProvenanceText(sources: map, colour: false, width: 44).text(provenance) + "\n"
      json += JSON.write(provenance.document(map), pretty: true) + "\n"
    }
    try sample.compare(wide, with: "text.txt")
    try sample.compare(narrow, with: "narrow.txt")
    try sample.compare(json, with: "answer.json")
    for line in narrow.split(separator: "\n") { #expect(displayWidth(line) <= 44, "\(line)") }
  }

  /// What is shown of each source is what it is, and nothing is missing: changing an input changes
  /// only values that name it among their sources, however far back.
  @Test("names every input that a value depends on", arguments: 0..<30)
  func complete(_ seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let program = Self.program(&random)
    for input in 0..<3 {
      let changed: [String: Document] = ["i\(input)": .string("\(100 + input)")]
      for value in 0..<8 {
        let (before, _) = try explain("v\(value)", in: program, depth: 20)
        let (after, _) = try explain("v\(value)", in: program, inputs: changed, depth: 20)
        if before.value != after.value {
          #expect(Self.names(after).contains("i\(input)"), "seed \(seed)\n\(program)\nv\(value)")
        }
      }
    }
  }

  private static func names(_ provenance: Provenance) -> Set<String> {
    (provenance.parts + provenance.sources).reduce([provenance.name]) {
      $0.union(names($1))
    }
  }

  private static func program(_ random: inout SeededRandom) -> String {
    var text = "type Pair { a: Int, b: Int = a + i0 }\n"
    text += "fn either(c: Bool, x: Int, y: Int) -> Int = if c { x } else { y }\n"
    for input in 0..<3 { text += "input i\(input): Int = \(random.below(9))\n" }
    for value in 0..<8 {
      func name() -> String {
        let number = Int(random.below(Int64(value + 3)))
        return number < 3 ? "i\(number)" : "v\(number - 3)"
      }
      let (x, y, z) = (name(), name(), name())
      text += "let v\(value) = "
      switch random.below(6) {
      case 0: text += "\(x) + \(y)"
      case 1: text += "either(\(x) > \(y), \(y), \(z))"
      case 2: text += "if \(x) > 4 { \(y) } else { \(z) }"
      case 3: text += "Pair { a = \(x) }.b"
      case 4: text += "sum([for n in [\(x), \(y)]: n * \(z)])"
      default: text += "larger(\(x), either(true, \(y), \(z)))"
      }
      text += "\n"
    }
    return text
  }

  private func explain(
    _ name: String, in source: String, inputs: [String: Document] = [:], depth: Int = 3
  ) throws -> (Provenance, SourceMap) {
    let checker = check(source)
    let function = try #require(checker.checkValue(name), "\(name) is no expression")
    let machine = Machine(
      program: Program(checker.program, observing: .origins), limits: Limits(), inputs: inputs)
    let trace = OriginTrace(machine.program)
    machine.observer = trace
    let value = try machine.call(function, [])
    try machine.forceAll(value)
    var explainer = Explainer(machine: machine, trace: trace, depth: depth)
    return (
      explainer.explain(function, value: value, text: name), checker.program.sources
    )
  }
}
