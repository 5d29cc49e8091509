// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("dr test")
struct TestCommandTests {
  private let mixed = """
    input wanted: Int = 2
    test "sums" { assert 1 + 1 == wanted }
    test "lists" { assert len([1]) == wanted }
    test "more sums" { assert wanted > 0 }

    """

  private func write(_ text: String, _ path: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  @Test("runs all tests in source order, tells the failing one with its values, and exits with 1")
  func failing() throws {
    try inFolder { folder in
      try write(mixed, "\(folder)/a.dr")
      let outcome = try run(dr, ["test", "\(folder)/a.dr"])
      #expect(outcome.status == 1)
      #expect(outcome.output.contains("wanted   is 2"))
      #expect(outcome.output.hasSuffix("3 tests in 1 file: 2 hold, 1 fails\n"))
      let places = ["✓ sums", "✗ lists", "✓ more sums"].compactMap {
        outcome.output.range(of: $0)?.lowerBound
      }
      #expect(places.count == 3)
      #expect(places == places.sorted())
    }
  }

  @Test("finds the tests below a folder, leaves out hidden folders, and lists them by file")
  func folders() throws {
    try inFolder { folder in
      let manager = FileManager.default
      for name in ["b", ".hidden"] {
        try manager.createDirectory(
          atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        try write("test \"in \(name)\" { assert true }\n", "\(folder)/\(name)/x.dr")
      }
      try write("test \"first\" { assert true }\n", "\(folder)/a.dr")
      try write("let none = 1\n", "\(folder)/c.dr")
      let outcome = try run(dr, ["test", "--list", folder])
      #expect(outcome.output == "\(folder)/a.dr:1  first\n\(folder)/b/x.dr:1  in b\n")
      #expect(outcome.status == 0)
    }
  }

  @Test("takes only the tests that are asked for, and inputs")
  func filter() throws {
    try inFolder { folder in
      try write(mixed, "\(folder)/a.dr")
      let outcome = try run(
        dr, ["test", "\(folder)/a.dr", "--filter", "lists", "--set", "wanted=1"])
      #expect(outcome.output.contains("1 test in 1 file: it holds"))
      #expect(outcome.status == 0)
      let none = try run(dr, ["test", "\(folder)/a.dr", "--filter", "nothing like it"])
      #expect(none.status == 2)
      #expect(none.errors.contains("no test has \"nothing like it\" in its name"))
      let unknown = try run(dr, ["test", "\(folder)/a.dr", "--set", "wnated=1"])
      #expect(unknown.status == 2)
    }
  }

  @Test("a file with mistakes could not be evaluated: 7, and the others still run")
  func mistakes() throws {
    try inFolder { folder in
      try write("test \"a\" { assert 5m > 3 }\n", "\(folder)/a.dr")
      try write("test \"b\" { assert true }\n", "\(folder)/b.dr")
      let outcome = try run(dr, ["test", folder])
      #expect(outcome.status == 7)
      #expect(outcome.output.contains("E0201"))
      #expect(outcome.output.contains("✓ b"))
    }
  }

  @Test("writes JUnit beside what it prints")
  func junit() throws {
    try inFolder { folder in
      try write(mixed, "\(folder)/a.dr")
      let file = "\(folder)/results.xml"
      #expect(
        try run(dr, ["test", "\(folder)/a.dr", "--junit", file, "--color", "always"]).status == 1)
      let text = try String(contentsOfFile: file, encoding: .utf8)
      #expect(text.contains("tests=\"3\" failures=\"1\" errors=\"0\""))
      #expect(!text.contains("\u{1B}"))
      let nowhere = try run(dr, ["test", "\(folder)/a.dr", "--junit", "\(folder)/no/results.xml"])
      #expect(nowhere.status == 2)
      #expect(nowhere.errors.contains("cannot be written"))
    }
  }

  @Test("the example keeps its promise in the simulated world")
  func example() throws {
    let outcome = try run(dr, ["test", scenario])
    #expect(outcome.output.contains("✓ losing az1 keeps the promise"))
    #expect(outcome.status == 0)
  }

  @Test("wrong usage exits with 2", arguments: [["test", "--nope"], ["test", "--filter"]])
  func usage(_ arguments: [String]) throws {
    #expect(try run(dr, arguments).status == 2)
  }
}
