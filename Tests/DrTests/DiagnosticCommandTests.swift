// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

private func write(_ text: String, _ path: String) throws {
  try text.write(toFile: path, atomically: true, encoding: .utf8)
}

@Suite("dr check, and what it tells")
struct DiagnosticCommandTests {
  @Test("it ends with how many mistakes there were, and where")
  func summary() throws {
    try inFolder { folder in
      try write("let a = 1 && 2\nlet b = nowhere\n", "\(folder)/a.dr")
      try write("let a = 1\n", "\(folder)/b.dr")
      try write("let a = nowhere\n", "\(folder)/c.dr")
      let two = try run(dr, ["check", "\(folder)/a.dr"])
      #expect(two.status == 1)
      #expect(two.errors.hasSuffix("\n2 errors in \(folder)/a.dr\n"))
      let one = try run(dr, ["check", "\(folder)/b.dr", "\(folder)/c.dr"])
      #expect(one.errors.hasSuffix("\n1 error in 2 files\n"))
      #expect(one.output == "")
      let none = try run(dr, ["check", "\(folder)/b.dr"])
      #expect(none.status == 0)
      #expect(none.output == "\(folder)/b.dr: no mistakes\n")
    }
  }

  @Test("a mistake in a file that several programs use is told once, by its path from here")
  func sharedModule() throws {
    try inFolder { folder in
      try write("let zones = nowhere\nlet more = 1 + 1s\n", "\(folder)/zones.dr")
      for name in ["a", "b"] {
        try write("use \"./zones.dr\"\nlet own = missing_\(name)\n", "\(folder)/\(name).dr")
      }
      let files = ["a", "zones", "b"].map { "\(folder)/\($0).dr" }
      let outcome = try run(dr, ["check"] + files)
      #expect(outcome.errors.components(separatedBy: "`nowhere`").count == 2)
      #expect(outcome.errors.components(separatedBy: "E0201").count == 2)
      #expect(outcome.errors.contains("missing_a") && outcome.errors.contains("missing_b"))
      #expect(outcome.errors.contains("--> \(folder)/zones.dr:1:13"))
      #expect(outcome.errors.hasSuffix("\n4 errors in 3 files\n"))
    }
  }

  @Test("of many mistakes the first 50 are shown, --all shows all, and JSON has them all")
  func many() throws {
    try inFolder { folder in
      let file = "\(folder)/a.dr"
      try write((0..<73).map { "let a\($0) = nowhere\($0)\n" }.joined(), file)
      let some = try run(dr, ["check", file]).errors
      #expect(some.components(separatedBy: "error[").count == 51)
      #expect(some.hasSuffix("\n… and 23 more; --all shows them\n73 errors in \(file)\n"))
      #expect(
        try run(dr, ["check", file, "--all"]).errors.components(separatedBy: "error[").count == 74)
      let lines = try run(dr, ["check", file, "--format", "json"]).output.split(separator: "\n")
      #expect(lines.count == 73)
    }
  }

  @Test("JSON is one object a line on standard output, and nothing else is written")
  func json() throws {
    try inFolder { folder in
      try write("let a = 1 && 2\nlet b = nowhere\n", "\(folder)/a.dr")
      let outcome = try run(dr, ["check", "\(folder)/a.dr", "--format", "json"])
      #expect(outcome.status == 1)
      #expect(outcome.errors == "")
      let codes = try outcome.output.split(separator: "\n").map { line in
        let value = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return value?["code"] as? String
      }
      #expect(codes == ["E0001", "E0101"])
      let compile = try run(dr, ["compile", "\(folder)/a.dr", "--diagnostics", "json"])
      #expect(compile.output == "")
      #expect(compile.errors == outcome.output)
    }
  }

  @Test("--fix applies what is safe, keeps permissions and links, and is done after once")
  func fix() throws {
    try inFolder { folder in
      let file = "\(folder)/a.dr"
      try write(
        "#!/usr/bin/env dr\nlet a = true && !false\nlet b = 'text'\nlet c = replcas\nlet replicas = null\n",
        file)
      let manager = FileManager.default
      try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
      let link = "\(folder)/link.dr"
      try manager.createSymbolicLink(atPath: link, withDestinationPath: file)
      let before = try String(contentsOfFile: file, encoding: .utf8)

      let shown = try run(dr, ["check", "--fix", "--diff", link])
      #expect(shown.status == 1)
      #expect(shown.output.contains("+let a = true and not false\n"))
      #expect(try String(contentsOfFile: file, encoding: .utf8) == before)

      let outcome = try run(dr, ["check", "--fix", link])
      #expect(outcome.status == 1)
      #expect(outcome.output.contains("\(link):3: fixed: write `\"`\n"))
      #expect(
        try String(contentsOfFile: file, encoding: .utf8)
          == "#!/usr/bin/env dr\nlet a = true and not false\nlet b = \"text\"\nlet c = replcas\nlet replicas = nil\n"
      )
      #expect(try manager.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o755)
      #expect(try manager.destinationOfSymbolicLink(atPath: link) == file)
      #expect(try manager.contentsOfDirectory(atPath: folder).sorted() == ["a.dr", "link.dr"])
      // What is left is for people.
      #expect(outcome.errors.contains("did you mean `replicas`?"))
      #expect(try run(dr, ["check", "--fix", link]).output == "")
    }
  }

  @Test("--diff without --fix is wrong usage")
  func usage() throws {
    #expect(try run(dr, ["check", "--diff", scenario]).status == 2)
  }

  @Test("explain shows a page by code and by name, lists all, and proposes the nearest")
  func explain() throws {
    let page = try run(dr, ["explain", "E0201"])
    #expect(page.status == 0)
    #expect(page.output.hasPrefix("E0201 unit-mismatch\n\n"))
    #expect(!page.output.contains("\u{1B}"))
    #expect(try run(dr, ["explain", "unit-mismatch"]).output == page.output)
    let list = try run(dr, ["explain"]).output.split(separator: "\n")
    #expect(list.count > 40)
    #expect(list.allSatisfy { ($0.hasPrefix("E0") || $0.hasPrefix("DR")) && $0.hasSuffix(".") })
    let unknown = try run(dr, ["explain", "unit-mismtch"])
    #expect(unknown.status == 2)
    #expect(unknown.errors.contains("did you mean unit-mismatch?"))
    #expect(try run(dr, ["explain", "E0299"]).errors.contains("did you mean E0208 may-be-nil?"))
    #expect(try run(dr, ["explain", "E99999999999999999999"]).status == 2)
  }

  @Test("explain knows the rules of a program, and of the programs in its folder")
  func explainOwnRule() throws {
    try inFolder { folder in
      try FileManager.default.createDirectory(
        atPath: "\(folder)/rules", withIntermediateDirectories: false)
      try "## Somebody answers for it.\nrule OPS1 no_owner warning { }\n".write(
        toFile: "\(folder)/rules/own.dr", atomically: true, encoding: .utf8)
      try "use \"./rules/own.dr\"\n\n## Twice is once too many.\nrule OPS2 twice error { }\n".write(
        toFile: "\(folder)/main.dr", atomically: true, encoding: .utf8)
      let near = try run(dr, ["explain", "twice"], in: folder)
      #expect(near.output == "OPS2 twice (error)\n\nTwice is once too many.\n", "\(near)")
      let used = try run(dr, ["explain", "OPS1", "main.dr"], in: folder)
      #expect(used.output == "OPS1 no-owner (warning)\n\nSomebody answers for it.\n", "\(used)")
      #expect(try run(dr, ["explain", "OPS1"], in: folder).status == 2)
      #expect(try run(dr, ["explain", "OPS1", "other.dr"], in: folder).status == 2)
    }
  }
}
