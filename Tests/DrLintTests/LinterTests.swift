// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrLint
import Testing

private let twoZones = """
  cluster prod {
    control_plane { zones = [az1, az2] }
    region north { zone az1, zone az2 }
  }
  """

@Suite struct LinterTests {
  @Test("the program's own rules run, and take the place of the library's")
  func ownRules() throws {
    let own = """

      ## Names are short here.
      rule OPS1 long_name warning {
        for z in model.zones { if z.label != "az1" { report z, "\\(z) is not called az1" } }
      }

      ## Two zones are fine here.
      rule DR107 two_zone_quorum note {
      }
      """
    #expect(try codes(twoZones + own) == ["OPS1"])
  }

  @Test("rules of a module that the program uses run too")
  func usedModules() throws {
    let rules = "rule OPS1 any_zone note { for z in model.zones { report z, \"a zone\" } }\n"
    let (report, _) = try lint(
      "use \"./rules.dr\"\n" + twoZones, selection: RuleSelection(select: ["OPS"]),
      files: ["rules.dr": rules])
    #expect(report.findings.map(\.shownCode) == ["OPS1", "OPS1"])
  }

  @Test(
    "rules are selected by code, by how codes begin, and by name",
    arguments: [
      (["DR107"], [], true), (["DR1"], [], true), (["two-zone-quorum"], [], true),
      (["DR8"], [], false), ([], ["DR107"], false), (["DR1"], ["two-zone-quorum"], false),
    ])
  func selection(_ select: [String], _ ignore: [String], _ isFound: Bool) throws {
    let found = try codes(twoZones, selection: RuleSelection(select: select, ignore: ignore))
    #expect(found == (isFound ? ["DR107"] : []))
  }

  @Test(
    "a rule that does not end is stopped by its limit and named, and keeps no other from running")
  func runaway() throws {
    let endless = """

      rule OPS1 endless error {
        for a in 0..1000000 { for b in 0..1000000 { let c = a * b } }
      }
      """
    var limits = Linter.limits
    limits.fuel = 100_000
    let (report, _) = try lint(twoZones + endless, limits: limits)
    #expect(report.findings.map(\.shownCode) == ["DR107"])
    #expect(report.failures.map(\.code) == [.fuelExhausted])
    #expect(report.failures[0].notes.contains("in the rule OPS1 endless, which was stopped"))
    #expect(report.exitStatus() == 7)
  }

  @Test("two runs say the same")
  func deterministic() throws {
    let first = try lint(twoZones).report.diagnostics
    #expect(try lint(twoZones).report.diagnostics == first)
  }

  @Test(
    "a warning decides the status only when that is asked for",
    arguments: [("error", 1, 1), ("warning", 0, 1), ("note", 0, 0)] as [(String, Int32, Int32)])
  func status(_ severity: String, _ plain: Int32, _ strict: Int32) throws {
    let text = """
      cluster prod { region north { zone az1 } }
      rule OPS1 any_zone \(severity) { for z in model.zones { report z, "a zone" } }
      """
    let report = try lint(text).report
    #expect(report.exitStatus() == plain)
    #expect(report.exitStatus(failOn: .warning) == strict)
  }
}

@Suite struct SuppressionTests {
  private func codes(_ comment: String, above: Bool = false) throws -> [String] {
    let line = "  control_plane { zones = [az1, az2] }"
    return try DrLintTests.codes(
      "cluster prod {\n" + (above ? "\(comment)\n\(line)" : "\(line)  \(comment)")
        + "\n  region north { zone az1, zone az2 }\n}\n")
  }

  @Test("a comment with a reason allows a finding on its line or the next one")
  func allowed() throws {
    #expect(try codes("# dr:allow DR107 a laboratory") == [])
    #expect(try codes("# dr:allow two-zone-quorum a laboratory") == [])
    #expect(try codes("# dr:allow DR107 a laboratory", above: true) == [])
    #expect(try codes("# dr:allow DR107 a laboratory\n# and more about it", above: true) == [])
  }

  @Test("it allows the rule and the line that it is about, and nothing else")
  func others() throws {
    #expect(try codes("# dr:allow DR101 another rule").sorted() == ["DR107", "E0704"])
    #expect(try codes("## dr:allow DR107 a doc comment") == ["DR107"])
    #expect(try codes("# dr:allowed DR107 another word") == ["DR107"])
  }

  @Test("a comment without a reason, or of no rule, is a finding of its own")
  func mistakes() throws {
    #expect(try codes("# dr:allow DR107") == ["E0702"])
    #expect(try codes("# dr:allow DR107 --") == ["E0702"])
    #expect(Set(try codes("# dr:allow DR9999 reason")) == ["DR107", "E0703"])
    #expect(Set(try codes("# dr:allow")) == ["DR107", "E0703"])
  }

  @Test("one comment may name several rules, each of which must find something")
  func several() throws {
    #expect(try codes("# dr:allow DR107, DR101 a laboratory") == ["E0704"])
  }
}
