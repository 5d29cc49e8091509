// SPDX-License-Identifier: Apache-2.0

import Dr
import Testing

/// What a closure threw, for a test to look at.
func failure(_ body: () throws -> Void) throws -> DrError {
  try #require(throws: DrError.self, performing: body)
}

@Suite struct EngineTests {
  @Test("a program's names and expressions come as Swift values")
  func values() throws {
    let program = try Engine().load(
      source: """
        let zones = ["az1", "az2"]
        let wait = 90s
        fn twice(n: Int) -> Int = 2 * n
        """)
    #expect(try program.value(of: "zones") == ["az1", "az2"])
    #expect(try program.value(of: "wait") == Duration.seconds(90))
    #expect(try program.evaluate("twice(len(zones)) + 1") == 5)
    #expect(try program.evaluate("wait / 2") == Duration.seconds(45))
    #expect(try program.evaluate("70%") == Percent(70))
    #expect(try program.evaluate("[16Gi, 1B]") == [Bytes.gibibytes(16), Bytes(1)])
    #expect(try program.evaluate("first([1.5])") == Optional(1.5))
    #expect(try program.evaluate("nil", as: Int?.self) == nil)
  }

  @Test("mistakes in a program come with code, place, and text for people")
  func mistakes() throws {
    let error = try failure {
      _ = try Engine().load(source: "let a = 1\nlet b = 5m + 16Gi\n", name: "policy.dr")
    }
    #expect(error.kind == .invalid)
    let finding = try #require(error.findings.first)
    #expect(finding.code == "E0201")
    #expect(finding.name == "unit-mismatch")
    #expect(finding.file == "policy.dr")
    #expect(finding.line == 2)
    #expect(finding.column == 9)
    #expect(finding.rendered.contains("policy.dr:2:9"))
    #expect("\(error)".contains("let b = 5m + 16Gi"))
  }

  @Test("an expression's mistakes have a place in the expression, and leave nothing behind")
  func expressionMistakes() throws {
    let program = try Engine().load(source: "let zones = [1]\n")
    let error = try failure { _ = try program.evaluate("1 + zoness", as: Int.self) }
    #expect(error.kind == .invalid)
    #expect(error.findings.first?.file == "<expression>")
    #expect(error.findings.first?.column == 5)
    #expect(error.findings.first?.help == "did you mean `zones`?")
    let again = try failure { _ = try program.evaluate("1 + zoness", as: Int.self) }
    #expect(again.findings == error.findings)
    for n in 0..<20 { #expect(try program.evaluate("len(zones) + \(n)") == n + 1) }
  }

  @Test("names that the program does not have are told, with the nearest")
  func unknownNames() throws {
    let program = try Engine().load(source: "let replicas = 2\nfn pick(n: Int) -> Int = n\n")
    let value = try failure { _ = try program.value(of: "replica", as: Int.self) }
    #expect(value.kind == .unknownName)
    #expect(value.findings.first?.help == "did you mean `replicas`?")
    let function = try failure { _ = try program.function("pich", as: ((Int) -> Int).self) }
    #expect(function.kind == .unknownName)
    let input = try failure {
      _ = try Engine().load(source: "input region: String\n", inputs: ["regio": "x"])
    }
    #expect(input.kind == .unknownName)
    #expect(input.findings.first?.help == "did you mean `region`?")
  }

  @Test("inputs are given as values, and checked against their types")
  func inputs() throws {
    let source = "input region: String\ninput wait: Duration = 5s\nlet place = \"in \\(region)\"\n"
    let engine = Engine()
    let program = try engine.load(
      source: source, inputs: ["region": "cn-beijing", "wait": .duration(.seconds(9))])
    #expect(try program.value(of: "place") == "in cn-beijing")
    #expect(try program.value(of: "wait") == Duration.seconds(9))
    #expect(
      try engine.load(source: source, inputs: ["wait": "1m"]).value(of: "wait")
        == Duration.seconds(60))
    let bare = try failure { _ = try engine.load(source: source, inputs: ["wait": 5]) }
    #expect(bare.kind == .mismatch)
    #expect(bare.message == "the input `wait` must be a Duration such as 30s, not the number 5")
    #expect(bare.findings.first?.line == 2)
    let text = try failure { _ = try engine.load(source: source, inputs: ["region": 5]) }
    #expect(text.kind == .mismatch)
    let missing = try failure {
      _ = try engine.load(source: source).value(of: "place", as: String.self)
    }
    #expect(missing.kind == .failed)
    #expect(missing.findings.first?.code == "E0207")
  }

  @Test("modules come from memory, and files from the loader alone")
  func modules() throws {
    var engine = Engine(files: ["lib/limits.dr": "let most = 5\n"] as MemoryFiles)
    try engine.addModule("defaults", source: "let least = 2\n")
    let program = try engine.load(
      source: "use defaults\nuse \"./lib/limits.dr\"\nlet both = [least, limits.most]\n")
    #expect(try program.value(of: "both") == [2, 5])
    let none = try failure { _ = try Engine().load(source: "use \"./lib/limits.dr\"\n") }
    #expect(none.findings.first?.code == "E0110")
    let above = try failure { _ = try engine.load(source: "use \"../../etc/passwd.dr\"\n") }
    #expect(above.findings.first?.code == "E0104")
    #expect(try failure { try engine.addModule("host", source: "") }.kind == .misuse)
    #expect(try failure { try engine.addModule("../x", source: "") }.kind == .misuse)
  }

  @Test("every limit ends an evaluation with an error that names it and the line")
  func limits() throws {
    let source = """
      fn spin(n: Int) -> Int = len([for a in 0..n: len([for b in 0..n: b])])
      fn fill(n: Int) -> Int = last([for a in 0..n: a]) ?? 0
      fn down(n: Int) -> Int = if n == 0 { 0 } else { down(n - 1) }
      """
    let limits = Limits(fuel: 10_000, memory: .mebibytes(1), depth: 50)
    let program = try Engine(limits: limits).load(source: source)
    let fuel = try failure { _ = try program.evaluate("spin(1000)", as: Int.self) }
    #expect(fuel.kind == .limit)
    #expect(fuel.findings.first?.code == "E0401")
    #expect(fuel.findings.first?.line == 1)
    let depth = try failure { _ = try program.evaluate("down(100)", as: Int.self) }
    #expect(depth.kind == .limit)
    #expect(depth.findings.first?.code == "E0403")
    let roomy = try Engine(limits: Limits(memory: .mebibytes(1))).load(source: source)
    let memory = try failure { _ = try roomy.evaluate("fill(1_000_000)", as: Int.self) }
    #expect(memory.findings.first?.code == "E0402")
    // Each evaluation begins with the whole of it.
    for _ in 0..<5 { #expect(try program.evaluate("spin(50)") == 50) }
    // Limits without sense are limits all the same.
    let nothing = try Engine(limits: Limits(fuel: -1, memory: Bytes(-1), depth: -1))
      .load(source: source)
    #expect(try failure { _ = try nothing.evaluate("spin(1)", as: Int.self) }.kind == .limit)
  }

  @Test("what a value holds many times over is paid for when it is read")
  func reading() throws {
    var source = "let v0 = [1, 2]\n"
    for n in 1...40 { source += "let v\(n) = [v\(n - 1), v\(n - 1)]\n" }
    let program = try Engine(limits: Limits(fuel: 100_000)).load(source: source)
    #expect(try failure { _ = try program.value(of: "v40", as: Value.self) }.kind == .limit)
    #expect(try program.value(of: "v0", as: Value.self) == [1, 2])
  }

  @Test("verify computes everything and gathers what went wrong")
  func verify() throws {
    try Engine().load(source: "let a = 1\n").verify()
    let error = try failure {
      try Engine().load(source: "let a = 1 / 0\nlet b = [1][3]\n").verify()
    }
    #expect(error.kind == .failed)
    #expect(error.findings.map(\.code) == ["E0404", "E0405"])
    #expect(error.findings.map(\.line) == [1, 2])
  }

  @Test("a runbook is not called by a host")
  func runbook() throws {
    let program = try Engine().load(source: "runbook move() { pause 1s }\n")
    #expect(
      try failure { _ = try program.function("move", as: (() -> Nothing).self) }.kind == .misuse)
    #expect(try failure { _ = try program.evaluate("move()", as: Int.self) }.kind == .invalid)
  }

  @Test("the examples of the repository load and hold")
  func examples() throws {
    let program = try Engine(files: FolderFiles(root: "\(repository)/examples/deepseek-cross-az"))
      .load(file: "deepseek.dr")
    try program.verify()
    #expect(try program.evaluate("deepseek.objective.rto") == Duration.seconds(300))
  }
}

/// The repository, seen from this file.
let repository = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
