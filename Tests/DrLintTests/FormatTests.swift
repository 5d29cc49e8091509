// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrLint
import Testing

private let source = """
  cluster prod {
    control_plane { zones = [az1, az2] }
    region north { zone az1, zone az2 }
  }

  """

private func output(_ text: String) throws -> LintOutput {
  let (report, program) = try lint(text)
  var output = LintOutput()
  output.findings = LintFinding.all(
    report.findings, program.sources, name: { "env/prod 1/\($0)" }, path: { $0 })
  output.rules = program.rules.map { RulePage($0, in: program) }
  output.files = ["env/prod 1/main.dr"]
  output.version = "1.2.3"
  return output
}

@Suite struct FormatTests {
  @Test("SARIF has the rule, the place, the fingerprint and the help of a finding")
  func sarif() throws {
    let log = try JSON.parse(Array(try output(source).sarif.utf8))
    #expect(log["version"] == "2.1.0")
    let run = try #require(log["runs"]?.arrayValue?.first)
    let result = try #require(run["results"]?.arrayValue?.first)
    #expect(run["results"]?.arrayValue?.count == 1)
    #expect(result["ruleId"] == "DR107")
    #expect(result["level"] == "error")
    let place = result["locations"]?.arrayValue?.first?["physicalLocation"]
    #expect(place?["artifactLocation"]?["uri"] == "env/prod%201/main.dr")
    #expect(
      place?["region"] == ["startLine": 2, "startColumn": 27, "endLine": 2, "endColumn": 37])
    #expect(result["partialFingerprints"]?["drFinding/v1"]?.stringValue?.count == 32)
    let rules = try #require(run["tool"]?["driver"]?["rules"]?.arrayValue)
    let index = try #require(result["ruleIndex"]?.intValue)
    #expect(rules[Int(index)]["id"] == "DR107")
    #expect(rules[Int(index)]["help"]?["markdown"]?.stringValue?.contains("## Mended") == true)
    #expect(
      rules[Int(index)]["fullDescription"]?["text"]?.stringValue?.contains("## Example") == false)
  }

  @Test("GitHub gets a command for each finding, with what would end it escaped")
  func github() throws {
    #expect(
      try output(source).github
        == "::error file=env/prod 1/main.dr,line=2,col=27,endColumn=37,title=DR107 two-zone-quorum::"
        + "the control plane of prod stands in two zones and does not survive the loss of one. Help: "
        + "place a member in a third zone%3A a witness without GPUs is enough\n".replacing(
          "%3A", with: ":"))
  }

  @Test("GitLab gets an array of issues with fingerprints and severities of its own")
  func gitlab() throws {
    let issues = try JSON.parse(Array(try output(source).gitlab.utf8))
    let issue = try #require(issues.arrayValue?.first)
    #expect(issue["severity"] == "critical")
    #expect(issue["location"]?["path"] == "env/prod 1/main.dr")
    #expect(issue["location"]?["lines"]?["begin"] == 2)
    #expect(issue["check_name"] == "DR107 two-zone-quorum")
    #expect(try output("cluster prod { }\n").gitlab == "[]\n")
  }

  @Test("JUnit has a failed test for each finding, and a test that passed where there is none")
  func junit() throws {
    let bad = try output(source).junit
    #expect(bad.contains("<testsuites name=\"dr lint\" tests=\"1\" failures=\"1\" errors=\"0\">"))
    #expect(bad.contains("line=\"2\""))
    let good = try output("cluster prod { }\n").junit
    #expect(good.contains("<testsuites name=\"dr lint\" tests=\"1\" failures=\"0\" errors=\"0\">"))
    #expect(good.contains("<testcase name=\"no findings\" classname=\"env/prod 1/main.dr\"/>"))
  }
}

@Suite struct BaselineTests {
  @Test("a finding is known wherever its line moves, and a new one beside it is not")
  func moves() throws {
    let baseline = Baseline(try output(source).findings)
    let moved = try output("# A comment.\n\n" + source).findings
    #expect(moved.map { baseline.holds($0) } == [true])
    let more = source.replacing("az1, az2] }", with: "az1, az2] }  # quorum")
    #expect(try output(more).findings.map { baseline.holds($0) } == [false])
    let second =
      source
      + source.replacing("prod", with: "other").replacing("az", with: "oz")
      .replacing("north", with: "south")
    #expect(try output(second).findings.map { baseline.holds($0) } == [true, false])
    #expect(baseline.gone(in: []) == 1)
  }

  @Test("equal lines are told apart by their order")
  func equalLines() throws {
    let two =
      source
      + source.replacing("cluster prod", with: "cluster two")
      .replacing("north", with: "south").replacing("zone az", with: "zone bz")
    let fingerprints = try output(two).findings.map(\.fingerprint)
    #expect(fingerprints.count == 2)
    #expect(Set(fingerprints).count == 2)
  }

  @Test("it is written sorted, read back, and refused when it is something else")
  func file() throws {
    let findings = try output(source).findings
    let baseline = Baseline(findings)
    let read = try Baseline(Array(baseline.text.utf8))
    #expect(read.text == baseline.text)
    #expect(findings.map { read.holds($0) } == [true])
    #expect(throws: DataError.self) { try Baseline(Array("{}".utf8)) }
    #expect(throws: DataError.self) { try Baseline(Array("nothing".utf8)) }
  }
}
