// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What is no ordinary file is refused at once: a program is never waited for, nor read without end.
@Suite("dr, given what is no program") struct HostileFileTests {
  private func check(_ file: String, in folder: String) throws -> (status: Int32, text: String) {
    let outcome = try run(
      "/usr/bin/timeout",
      ["\(Int(patience))", "/bin/sh", "-c", "exec 2>&1; '\(dr)' check \(file)"], in: folder)
    return (outcome.status, outcome.output)
  }

  @Test("a pipe, a folder, a link to itself and a device are refused") func odd() throws {
    try inFolder { folder in
      try #require(mkfifo("\(folder)/pipe.dr", 0o600) == 0)
      try FileManager.default.createDirectory(
        atPath: "\(folder)/folder.dr", withIntermediateDirectories: false)
      for (link, target) in [("loop.dr", "loop.dr"), ("zero.dr", "/dev/zero")] {
        try FileManager.default.createSymbolicLink(
          atPath: "\(folder)/\(link)", withDestinationPath: target)
      }
      for name in ["pipe.dr", "folder.dr", "loop.dr", "zero.dr"] {
        let alone = try check(name, in: folder)
        // A folder stands for the programs in it, of which this one has none.
        let isFolder = name == "folder.dr"
        let why = isFolder ? "there is no program in folder.dr" : "E0110"
        #expect(alone.status == (isFolder ? 2 : 1) && alone.text.contains(why), "\(name): \(alone)")
        try "use \"./\(name)\"\n".write(
          toFile: "\(folder)/main.dr", atomically: true, encoding: .utf8)
        let used = try check("main.dr", in: folder)
        #expect(used.status == 1, "\(name): \(used)")
        #expect(used.text.contains("[E01"), "\(name): \(used)")
      }
    }
  }

  @Test("ten thousand mistakes are counted, not listed") func many() throws {
    try inFolder { folder in
      let text = String(repeating: "let a = = 1\n", count: 10_000)
      try text.write(toFile: "\(folder)/many.dr", atomically: true, encoding: .utf8)
      let outcome = try check("many.dr", in: folder)
      #expect(outcome.status == 1)
      #expect(outcome.text.utf8.count < 100_000)
      #expect(outcome.text.contains("more; --all shows them"))
    }
  }

  @Test(
    "odd bytes are told with their place",
    arguments: [
      ("nul.dr", [UInt8]("let a = \0 1\n".utf8), "E0003"),
      ("bytes.dr", [UInt8]("let a = \"".utf8) + [0xFF, 0xFE] + [UInt8]("\"\n".utf8), "E0005"),
      ("utf16.dr", [0xFF, 0xFE, 0x61, 0x00], "E0005"),
      ("return.dr", [UInt8]("let a = 1\rlet b = 2\r".utf8), "E0001"),
    ])
  func bytes(_ name: String, _ bytes: [UInt8], _ code: String) throws {
    try inFolder { folder in
      try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
      let outcome = try check(name, in: folder)
      #expect(outcome.status == 1)
      #expect(outcome.text.components(separatedBy: "error[").count == 2, "\(outcome.text)")
      #expect(outcome.text.contains(code), "\(outcome.text)")
    }
  }

  @Test("a byte order mark and lines that end in CR LF are taken") func taken() throws {
    try inFolder { folder in
      try "\u{FEFF}let a = 1\r\nlet b = a\r\n".write(
        toFile: "\(folder)/windows.dr", atomically: true, encoding: .utf8)
      #expect(try check("windows.dr", in: folder).status == 0)
    }
  }
}
