// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema
import DrStdlib
import DrSyntax
import Foundation

extension Bench {
  /// Reading programs: parser, formatter, checker, and what they keep in memory.
  func syntax() throws -> [Figure] {
    let bytes = Array(Inputs.program(tiers: 2_100).utf8)
    let megabytes = Double(bytes.count) / 1e6
    // First, while nothing that was freed can be used again.
    let memory = try memory(bytes)
    return [
      try parsing(bytes, megabytes), try formatting(bytes, megabytes), try checking(), memory,
    ]
  }

  private func parsing(_ bytes: [UInt8], _ megabytes: Double) throws -> Figure {
    var sources = SourceMap()
    let file = sources.add(name: "program.dr", bytes: bytes)
    var times: [Double] = []
    var contest = Contest(countsProcessor: countsProcessor)
    let lua = Inputs.lua(bytes: bytes.count)
    contest.add("luac5.4 -p", Peers.program("luac5.4"), ["-p", try self.file("program.lua", lua)])
    var theirs: [Double] = []
    for round in 0...rounds {
      let start = threadMilliseconds()
      _ = parse(sources[file], limits: Limits())
      let time = threadMilliseconds() - start
      let luac = try contest.medians(rounds: 1)[0].run?.milliseconds
      guard round > 0 else { continue }
      times.append(time)
      if let luac { theirs.append(luac) }
    }
    let ours = megabytes / median(times) * 1e3
    let peer = theirs.isEmpty ? nil : Double(lua.utf8.count) / 1e6 / median(theirs) * 1e3
    return Figure(
      name: "lexing and parsing", ours: ours, unit: "MB/s", peers: [("luac5.4 -p", peer)],
      bar: "as fast as luac5.4 -p", holds: peer.map { ours >= $0 })
  }

  private func formatting(_ bytes: [UInt8], _ megabytes: Double) throws -> Figure {
    let path = try file("format.dr", String(decoding: bytes, as: UTF8.self))
    _ = try Contest.run([dr, "fmt", path])
    var contest = Contest(countsProcessor: countsProcessor)
    contest.add("dr fmt --check", dr, ["fmt", "--check", path])
    let found = try contest.medians(rounds: rounds)[0].run?.milliseconds ?? .infinity
    let ours = megabytes / found * 1e3
    return Figure(
      name: "dr fmt --check, whole process", ours: ours, unit: "MB/s",
      bar: "38 MB/s, 10 x opa fmt", holds: ours >= 38)
  }

  private func checking() throws -> Figure {
    let program = Inputs.program(lines: 10_000)
    var contest = Contest(countsProcessor: countsProcessor)
    contest.add("dr check", dr, ["check", try file("check.dr", program)])
    let ours = try contest.medians(rounds: rounds)[0].run?.milliseconds ?? .infinity
    return Figure(
      name: "dr check of 10,000 lines", ours: ours, unit: "ms", bar: "60 ms", holds: ours < 60)
  }

  /// What the tree and the checked program keep, by how much the process grows.
  private func memory(_ bytes: [UInt8]) throws -> Figure {
    let checker = Checker(loader: Library(file: bytes))
    let before = try Self.residentBytes()
    checker.check(path: "program.dr")
    let grown = try Self.residentBytes() - before
    let ours = withExtendedLifetime(checker) { Double(grown) / Double(bytes.count) }
    return Figure(
      name: "memory per source byte, tree and types", ours: ours, unit: "bytes", bar: "40 bytes",
      holds: ours < 40)
  }

  private static func residentBytes() throws -> Int {
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(
      separator: " ")
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE))
  }
}

/// The embedded modules and one file.
struct Library: ModuleLoader {
  let file: [UInt8]
  var standardModules: [String] { StandardLibrary.modules }
  func standardModule(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
  func file(_ path: String) -> Result<[UInt8], LoadFailure> { .success(file) }
}
