// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrFormat
import DrLint
import DrSyntax
import Testing

/// What `dr lint --fix` does to a program, without its files.
private func mended(_ text: String, only code: String) throws -> (text: String, fixes: Int) {
  var text = text
  var count = 0
  for _ in 0..<5 {
    let (report, program) = try lint(text, selection: RuleSelection(select: [code]))
    let fixes = report.findings.flatMap(\.fixes).filter { $0.applicability == .safe }
    guard let file = fixes.first?.span.file else { break }
    count += fixes.count
    let (bytes, _) = apply(fixes, to: program.sources[file].bytes)
    var sources = SourceMap()
    let id = sources.add(name: "main.dr", bytes: bytes)
    let formatted = DrFormat.format(DrSyntax.parse(sources[id]))
    text = try #require(formatted, "the mended program does not parse")
  }
  return (text, count)
}

@Suite struct FixTests {
  /// Rules that mend their own example.
  static let mending = [
    "DR111", "DR201", "DR203", "DR205", "DR304", "DR305", "DR307", "DR402", "DR403", "DR511",
    "DR513",
    "DR602",
    "DR603", "DR605", "DR609", "DR611", "DR709", "DR716", "DR814",
  ]

  @Test(
    "a rule that mends leaves nothing of its finding, in a program that checks and is formatted",
    arguments: LibraryRule.all)
  func examples(_ rule: LibraryRule) throws {
    let (text, fixes) = try mended(rule.examples[0], only: rule.page.code)
    #expect((fixes > 0) == Self.mending.contains(rule.page.code), "\(fixes) fixes")
    if fixes > 0 {
      #expect(try DrLintTests.codes(text).filter { $0 == rule.page.code } == [], "\(text)")
    }
  }

  static let blocks: [(String, String)] = [
    ("{}", "{ at_least = 2 }"),
    ("{ rto = 5m }", "{ rto = 5m, at_least = 2 }"),
    ("{\n    rto = 5m  # soon\n  }", "{\n    rto      = 5m  # soon\n    at_least = 2\n  }"),
  ]

  @Test("a field that is not written is added to its block", arguments: blocks)
  func fields(_ before: String, _ after: String) throws {
    func program(_ objective: String) -> String {
      """
      cluster prod { region north { zone az1 } }

      type Wish declares wish {
        objective: Promise
      }

      type Promise {
        rto: Duration = 1m
        at_least: Int = 1
      }

      wish web {
        objective \(objective)
      }

      """
    }
    let rule = """

      ## There are to be two.
      rule OPS1 two error {
        for s in model.wishes { if s.objective.at_least < 2 { report s, "one", at: objective.at_least, fix: "2" } }
      }

      """
    let (text, _) = try mended(program(before) + rule, only: "OPS1")
    #expect(text.contains("  objective \(after)"), "\(text)")
  }

  static let manifests: [(String, String)] = [
    ("spec:\n  b: 1\n  # and so on\n", "spec:\n  a: true\n  b: 1\n  # and so on\n"),
    ("spec: { b: 1 }\n", "spec: { a: true, b: 1 }\n"),
    ("spec: {\"b\": 1}\n", "spec: {\"a\": true, \"b\": 1}\n"),
    ("spec:\n- b: 1\n", "spec:\n- b: 1\n"),
  ]

  @Test("a member that is not written is added to a manifest", arguments: manifests)
  func members(_ before: String, _ after: String) throws {
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n"
    let rule = """
      use objects

      ## There is to be an a.
      rule OPS1 an_a error {
        for m in manifests.own { if not as_truth(m.spec.a) { report m, "no a", at: "spec.a", fix: "true" } }
      }
      """
    let (report, sources) = try lint(
      yaml: head + before, selection: RuleSelection(select: ["OPS1"]), program: rule)
    let file = try #require(report.findings.first?.span?.file)
    let (bytes, _) = apply(report.findings.flatMap(\.fixes), to: sources[file].bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == head + after)
  }

  @Test("a member gets another name with the quotes that it has")
  func names() throws {
    let yaml = """
      apiVersion: v1
      kind: Service
      metadata:
        name: web
        annotations:
          "service.kubernetes.io/topology-mode": Auto
      spec: { ports: [{ port: 80 }] }
      """
    let (report, sources) = try lint(
      yaml: yaml, version: "1.26", selection: RuleSelection(select: ["DR203"]))
    let file = try #require(report.findings.first?.span?.file)
    let (bytes, _) = apply(report.findings.flatMap(\.fixes), to: sources[file].bytes)
    let mended = yaml.replacing("topology-mode", with: "topology-aware-hints")
    #expect(String(decoding: bytes, as: UTF8.self) == mended)
  }
}
