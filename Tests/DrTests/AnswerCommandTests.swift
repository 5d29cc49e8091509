// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("dr eval --why and --profile, dr test --coverage")
struct AnswerCommandTests {
  private let program = """
    input size: Int = 2
    let half = size / 2
    fn twice(n: Int) -> Int = n * 2
    let all = [for i in 0..100: twice(i) + half]
    test "twice" { assert twice(2) == 4 }

    """

  private func inProgram(_ body: (String) throws -> Void) throws {
    try inFolder { folder in
      try program.write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      try body("\(folder)/a.dr")
    }
  }

  @Test("a block that stands for another says so, as it was written")
  func blockOfAnother() throws {
    try inFolder { folder in
      let file = "\(folder)/rota.dr"
      try """
      type Team declares team { size: Int = 1 }
      type Page declares page { subject team: Team, after: Duration = 5m }
      team oncall "On call"
      page escalate for oncall { after = 10m }
      """.write(toFile: file, atomically: true, encoding: .utf8)
      let outcome = try run(dr, ["eval", file, "escalate"])
      #expect(outcome.output == "page escalate \"escalate\" for oncall {\n  after = 10m\n}\n")
    }
  }

  @Test("--why follows a value to its input")
  func why() throws {
    try inProgram { file in
      let outcome = try run(dr, ["eval", file, "--why", "half", "--set", "size=8"])
      #expect(outcome.status == 0)
      #expect(
        outcome.output == """
          half = 4      \(file):2   computed: size / 2
          └─ size = 8   \(file):1   given by --set, instead of the default 2

          """)
      let json = try run(dr, ["eval", file, "--why", "half", "--json"])
      let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
      let sources = (object as? [String: Any])?["sources"] as? [[String: Any]]
      #expect(sources?.first?["from"] as? String == "input default")
      let coloured = try run(dr, ["eval", file, "--why", "half", "--color", "always"])
      #expect(coloured.output.contains("\u{1B}[1m1\u{1B}[0m"))
    }
  }

  @Test("--why says what is wrong with its question")
  func wrongQuestions() throws {
    try inProgram { file in
      let unknown = try run(dr, ["eval", file, "--why", "hlaf"])
      #expect(unknown.status == 1)
      #expect(unknown.errors.contains("`half`"))
      #expect(try run(dr, ["eval", "1 + 1", "--why", "half"]).status == 2)
      #expect(try run(dr, ["eval", file, "half", "--why", "half"]).status == 2)
      #expect(try run(dr, ["eval", file, "--why", "half", "--depth", "99"]).status == 2)
    }
  }

  @Test("--profile counts the same steps each time, and --flame draws them")
  func profile() throws {
    try inProgram { file in
      let outcome = try run(dr, ["eval", file, "len(all)", "--profile"])
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("twice"))
      let picture = "\(file).svg"
      for _ in 0..<2 {
        let drawn = try run(dr, ["eval", file, "all", "--flame", picture])
        #expect(drawn.status == 0 && drawn.output.isEmpty)
      }
      let svg = try String(contentsOfFile: picture, encoding: .utf8)
      #expect(svg.contains("called 100 times"))
      let json = try run(dr, ["eval", file, "len(all)", "--profile", "--json"])
      let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
      let total = (object as? [String: Any])?["total"] as? [String: Any]
      #expect(total?["steps"] as? Int == 204)
      let whole = try run(dr, ["eval", file, "--profile"])
      #expect(whole.status == 0 && whole.output.contains("for going through all values"))
      #expect(try run(dr, ["eval", "1 + 1", "--profile"]).status == 2)
      #expect(try run(dr, ["eval", file, "all", "--flame", "/nowhere/x.svg"]).status == 2)
    }
  }

  @Test("a profile of what fails is told, with the failure")
  func failingProfile() throws {
    try inFolder { folder in
      let file = "\(folder)/a.dr"
      try "fn f(n: Int) -> Int = if n == 0 { 1 / n } else { f(n - 1) }\nlet x = f(9)\n"
        .write(toFile: file, atomically: true, encoding: .utf8)
      let outcome = try run(dr, ["eval", file, "x", "--profile"])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("E0404"))
      #expect(outcome.output.contains("10"))
    }
  }

  @Test("--coverage tells lines, writes lcov, and fails below --min")
  func coverage() throws {
    try inProgram { file in
      let lcov = "\(file).info"
      let outcome = try run(dr, ["test", file, "--coverage", "--lcov", lcov, "--min", "30%"])
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("33.3%  1/3  not reached: 2, 4"))
      let written = try String(contentsOfFile: lcov, encoding: .utf8)
      #expect(written.contains("DA:3,1\n") && written.contains("LF:3\nLH:1\n"))
      let below = try run(dr, ["test", file, "--coverage", "--min", "80%"])
      #expect(below.status == 1)
      #expect(below.errors == "the tests reach 33.3% of the lines, less than 80%\n")
      #expect(try run(dr, ["test", file, "--coverage", "--min", "101%"]).status == 2)
      #expect(try run(dr, ["test", file]).output.contains("coverage") == false)
    }
  }

  @Test("files without tests count where a folder is asked about")
  func folders() throws {
    try inProgram { file in
      let folder = String(file.dropLast("/a.dr".count))
      try "fn lonely() -> Int = 1 + 1\n"
        .write(toFile: "\(folder)/b.dr", atomically: true, encoding: .utf8)
      let outcome = try run(dr, ["test", folder, "--coverage"])
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("0.0%  0/1  not reached: 1"))
      #expect(outcome.output.contains("all lines"))
      #expect(outcome.output.contains("1 test in 1 file"))
    }
  }
}
