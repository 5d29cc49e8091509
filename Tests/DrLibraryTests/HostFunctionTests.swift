// SPDX-License-Identifier: Apache-2.0

import Dr
import Testing

struct Refusal: Error, CustomStringConvertible { var description: String { "the door is shut" } }

struct Pod: Codable, Sendable, Hashable {
  var name: String
  var ready: Bool
}

@Suite struct HostFunctionTests {
  @Test("a registered function is called with Swift's types, wherever a program may")
  func calls() throws {
    var engine = Engine()
    try engine.register("fn shout(text: String, times: Int = 1) -> String") {
      (text: String, times: Int) in String(repeating: text.uppercased(), count: times)
    }
    try engine.register("reads fn now_serving(zone: Zone, over: Duration) -> Percent") {
      (zone: String, over: Duration) in
      Percent(zone == "az-1" && over == .seconds(30) ? 99 : 0)
    }
    try engine.declare("type Pod { name: String, ready: Bool }")
    try engine.register("reads fn pods(names: [String]) -> [Pod]") { (names: [String]) in
      names.map { Pod(name: $0, ready: $0 != "b") }
    }
    let program = try engine.load(
      source: """
        use host
        cluster c { kubernetes = "1.30", region r { zone z "az-1" } }
        let greeting = shout("hi", times: 2)
        let wrapped = { inner: [shout("x")] }
        reads fn ready(names: [String]) -> [String] = [for p in pods(names) if p.ready: p.name]
        """)
    #expect(try program.value(of: "greeting") == "HIHI")
    #expect(try program.value(of: "wrapped", as: [String: [String]].self) == ["inner": ["X"]])
    #expect(try program.evaluate("now_serving(z, over: 30s)") == Percent(99))
    #expect(try program.evaluate("ready([\"a\", \"b\", \"c\"])") == ["a", "c"])
    #expect(try program.function("ready", as: (([String]) -> [String]).self)(["b"]) == [])
  }

  @Test("a definition may not read the world through the host either")
  func effects() throws {
    var engine = Engine()
    try engine.register("reads fn load() -> Int") { 3 }
    try engine.register("acts fn move(to: String)") { (_: String) in }
    let reads = try failure { _ = try engine.load(source: "use host\nlet n = load()\n") }
    #expect(reads.findings.first?.code == "E0302")
    let acts = try failure {
      _ = try engine.load(source: "use host\nreads fn f() = host.move(\"az1\")\n")
    }
    #expect(acts.findings.first?.code == "E0301")
    let program = try engine.load(
      source: """
        use host
        acts fn go(to: String) -> Int { host.move(to); load() }
        runbook leave() { step "go" { host.move("az2") } }
        """)
    #expect(try failure { _ = try program.evaluate("go(\"a\")", as: Int.self) }.kind == .invalid)
    #expect(try program.function("go", as: ((String) -> Int).self)("az2") == 3)
  }

  @Test("what a function throws ends the evaluation at the call, and is handed on")
  func failures() throws {
    var engine = Engine()
    try engine.register("reads fn door() -> Bool") { () throws -> Bool in throw Refusal() }
    try engine.register("fn shut(n: Int) -> Int") { (_: Int) throws -> Int in throw Refusal() }
    let program = try engine.load(
      source: "use host\nreads fn open() -> Bool =\n  door()\nlet o = { n: shut(1) }\n",
      name: "p.dr")
    let error = try failure { _ = try program.evaluate("open()", as: Bool.self) }
    #expect(error.kind == .hostFunction)
    #expect(error.cause is Refusal)
    #expect(error.message == "`door` failed: the door is shut")
    #expect(error.findings.first?.file == "p.dr")
    #expect(error.findings.first?.line == 3)
    let pure = try failure { _ = try program.value(of: "o", as: Value.self) }
    #expect(pure.kind == .hostFunction)
    #expect(pure.findings.first?.line == 4)
  }

  @Test("a result that is not of the declared type is the host's mistake")
  func wrongResult() throws {
    var engine = Engine()
    try engine.register("reads fn mode() -> \"fast\" | \"slow\"") { "medium" }
    try engine.declare("type Pod { name: String, ready: Bool }")
    try engine.register("reads fn pod() -> Pod") { ["name": "a"] as Value }
    try engine.register("reads fn wait() -> Duration") { 5 as Value }
    let program = try engine.load(source: "use host\n")
    for call in ["mode()", "pod()", "wait()"] {
      let error = try failure { _ = try program.evaluate(call, as: Value.self) }
      #expect(error.kind == .hostFunction)
      #expect(error.cause is HostFunctionResultError)
      #expect(error.findings.first?.code == "E0202")
      #expect(error.findings.first?.file == "<expression>")
    }
  }

  @Test(
    "closures that do not fit their declarations are refused",
    arguments: [
      "fn f(n: String) -> Int", "fn f(n: Int) -> Duration", "fn f() -> Int",
      "fn f(n: Int, m: Int) -> Int", "fn f(n: Duration) -> Int", "fn f(n: [Int]) -> Int",
      "fn f(n: Int?) -> Int", "fn f(n: Int)", "fn f(n: (Int) -> Int) -> Int",
    ])
  func signatures(_ declaration: String) throws {
    var engine = Engine()
    let error = try failure { try engine.register(declaration) { (n: Int) in n } }
    #expect(error.kind == .mismatch)
    #expect(error.findings.first?.file == "<host>")
    #expect(error.findings.first?.line != nil)
  }

  @Test(
    "declarations with mistakes are refused, whatever they are",
    arguments: [
      "", "now", "fn", "fn f(", "fn f(n: Int) -> Int = 3", "fn f(n: Intt) -> Int",
      "let x = 3", "fn f(n: Int) -> Int # hidden", "fn f(n: Int) -> Int\nfn g(n: Int) -> Int",
      "type T { n: Int }", "fn f(n: Int) -> Int = native \"list.count\"",
    ])
  func declarations(_ declaration: String) throws {
    var engine = Engine()
    let error = try failure { try engine.register(declaration) { (n: Int) in n } }
    #expect(error.kind == .invalid || error.kind == .misuse)
    #expect(try engine.load(source: "use host\nlet n = 1\n").value(of: "n") == 1)
  }

  @Test("two functions of one name, and a pure one without a closure, are refused")
  func duplicates() throws {
    var engine = Engine()
    try engine.register("fn f(n: Int) -> Int") { (n: Int) in n }
    #expect(
      try failure { try engine.register("fn f(n: Int) -> Int") { (n: Int) in n } }.kind == .invalid)
    #expect(try failure { try engine.declare("fn g() -> Int") }.kind == .misuse)
    #expect(try failure { try engine.declare("type T { n: Foo }") }.kind == .invalid)
  }

  @Test("an evaluation stops at what the host answers later")
  func later() throws {
    var engine = Engine()
    try engine.declare("reads fn approved(by: String, within: Duration) -> Bool")
    try engine.declare("acts fn move(to: String)")
    let program = try engine.load(
      source: """
        use host
        acts fn go(to: String) -> String {
          if approved(by: "oncall", within: 5m) { host.move(to); "moved" } else { "stayed" }
        }
        """)
    let go = try program.function("go", as: ((String) -> String).self)
    let evaluation = try go.start("az2")
    guard case .call(let request) = try evaluation.next() else {
      Issue.record("it should wait")
      return
    }
    #expect(request.name == "approved")
    #expect(request.effect == .reads)
    #expect(request["by"] == "oncall")
    #expect(request["within"] == .duration(.seconds(300)))
    #expect(try failure { try evaluation.resume(with: "yes") }.kind == .mismatch)
    #expect(try failure { _ = try evaluation.finish(as: String.self) }.kind == .misuse)
    try evaluation.resume(with: true)
    #expect(try failure { try evaluation.resume(with: true) }.kind == .misuse)
    guard case .call(let act) = try evaluation.next() else {
      Issue.record("it should wait")
      return
    }
    #expect(act.effect == .acts)
    try evaluation.resume()
    #expect(try evaluation.finish() == "moved")
    #expect(try evaluation.finish() == "moved")

    let refused = try go.start("az2")
    _ = try refused.next()
    try refused.refuse("nobody is awake")
    let error = try failure { _ = try refused.next() }
    #expect(error.message == "`approved` failed: nobody is awake")
    #expect(error.findings.first?.line == 3)
    #expect(try failure { _ = try go("az2") }.kind == .misuse)
  }

  @Test("reads of the standard library's drivers are the host's to answer")
  func drivers() throws {
    let program = try Engine().load(
      source: """
        use kubernetes
        cluster c "dr-1" { kubernetes = "1.30", region r { zone z } }
        reads fn up() -> Bool = reachable(c)
        """)
    let evaluation = try program.start("up()")
    guard case .call(let request) = try evaluation.next() else {
      Issue.record("it should ask")
      return
    }
    #expect(request.name == "kube.reachable")
    #expect(request["cluster"] == "dr-1")
    try evaluation.resume(with: true)
    #expect(try evaluation.finish() == true)
  }
}
