// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrLint
import Testing

private func settings(_ text: String) -> (LintSettings, SourceMap) {
  var sources = SourceMap()
  let id = sources.add(name: "dr.toml", bytes: Array(text.utf8))
  return (LintSettings(sources[id]), sources)
}

@Suite struct SettingsTests {
  @Test("a project says which rules run, how bad they are, and what fails")
  func all() {
    let (settings, _) = settings(
      """
      # How this project is linted.
      [lint]
      select = ["DR1", "DR4"]  # the rest is for later
      fail_on = "warning"
      baseline = "lint-baseline.json"

      [lint.severity]
      DR114 = "error"
      latest-tag = "info"

      [lint.ignore]
      DR117 = "the zones are small"
      """)
    #expect(settings.problems == [])
    #expect(settings.select == ["DR1", "DR4"])
    #expect(settings.ignore == ["DR117"])
    #expect(settings.failOn == .warning)
    #expect(settings.baseline == "lint-baseline.json")
    #expect(settings.severities.map(\.rule) == ["DR114", "latest-tag"])
    #expect(settings.severities.map(\.severity) == [.error, .note])
  }

  @Test(
    "what means nothing is a mistake with its place",
    arguments: [
      ("[lint]\nfailon = \"error\"", 2, "the key `failon` has no meaning here"),
      ("[lints]\n", 1, "the table [lints] has no meaning here"),
      ("fail_on = \"error\"", 1, "the key `fail_on` has no meaning here"),
      ("[lint]\nfail_on = \"bad\"", 2, "this is not how bad something is"),
      ("[lint]\nselect = \"DR1\"", 2, "`select` is a list of rules"),
      ("[lint]\nignore = [\"DR1\"]", 2, "a rule is ignored with the reason for it"),
      ("[lint.ignore]\nDR1 = \"\"", 2, "this does not say why DR1 is ignored"),
      ("[lint]\nselect = [\"DR1\"", 2, "`,` or `]` is missing"),
      ("[lint]\nselect = [\"DR1]", 2, "this text has no end on its line"),
      ("[lint]\n[lint]", 2, "the table [lint] is given twice"),
      ("[lint]\nbaseline = \"a\"\nbaseline = \"b\"", 3, "`baseline` is given twice"),
      (
        "[lint]\nfail_on = yes", 2,
        "a value is a \"text\", a whole number, true, false or [an array]"
      ),
      ("[lint] x", 1, "the line should end here"),
    ] as [(String, Int, String)])
  func mistakes(_ text: String, _ line: Int, _ message: String) throws {
    let (settings, sources) = settings(text)
    try #require(settings.problems.count == 1)
    #expect(settings.problems[0].message == message)
    #expect(settings.problems[0].code == .invalidSetting)
    let span = try #require(settings.problems[0].span)
    #expect(sources.location(span) == "dr.toml:\(line)")
    #expect(settings.problems[0].help != nil)
  }

  @Test("a rule that there is not is a mistake; one that is there gets its severity")
  func rules() throws {
    let twoZones = """
      cluster prod {
        control_plane { zones = [az1, az2] }
        region north { zone az1, zone az2 }
      }
      """
    let (known, _) = settings("[lint.severity]\nDR107 = \"warning\"")
    let (report, program) = try lint(twoZones, settings: known)
    #expect(report.findings.map(\.severity) == [.warning])
    #expect(known.unknown(among: program.rules) == [])
    let (unknown, _) = settings("[lint.severity]\nDR9107 = \"warning\"")
    #expect(unknown.unknown(among: program.rules).map(\.message) == ["there is no rule `DR9107`"])
  }

  @Test("texts of both kinds, numbers, truths and arrays over several lines are read")
  func toml() throws {
    let text =
      "[a.\"b c\"]\nx = 'c:\\d' # note\ny = [1, -2,\n  3_000, # more\n]\nz = true\nw = \"\\\"q\\\"\"\n"
    let tables = try TOML(Array(text.utf8)).tables
    #expect(tables.map(\.name) == ["", "a.b c"])
    #expect(tables[1].entries.map(\.key) == ["x", "y", "z", "w"])
    #expect(
      tables[1].entries.map(\.value) == [
        .string("c:\\d"), .array([.int(1), .int(-2), .int(3000)]), .bool(true), .string("\"q\""),
      ])
  }
}
