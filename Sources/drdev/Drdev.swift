// SPDX-License-Identifier: Apache-2.0
//
// drdev: tools for those who work on `dr`; never shipped. Run from the repository's root.

import Foundation

@main
struct Drdev {
  static let usage = """
    usage: drdev generate          rewrites what is generated from stdlib
           drdev schemas DIR       schemas/kubernetes.bin from published schemas
           drdev tidy              layers, banned calls, stale files
           drdev fuzz [OPTIONS]    mutated programs through everything (--help)
           drdev coverage FILE     LLVM's coverage JSON against the bars
           drdev prove-cases [--cases N] [--seed S] [--reasons] | --replay FILE…
                                   simulated losses against their proofs
           drdev bench [OPTIONS]   speed beside peers, in a release build (--help)
    """

  static func main() throws {
    let root = FileManager.default.currentDirectoryPath
    let arguments = Array(CommandLine.arguments.dropFirst())
    let rest = Array(arguments.dropFirst())
    switch (arguments.first, rest.count) {
    case ("generate", 0): try Generate.run(root: root, write: true)
    case ("schemas", 1): try Schemas.run(folder: rest[0], root: root)
    case ("tidy", 0): exit(try tidy(root))
    case ("coverage", 1): exit(try Coverage.run(file: rest[0]))
    case ("prove-cases", _): exit(try proveCases(rest))
    case ("bench", _): exit(try Bench.run(rest))
    case ("fuzz", _): exit(try Fuzz.run(rest, root: root))
    default:  // open: any other word is wrong usage
      print(usage)
      exit(2)
    }
  }

  private static func proveCases(_ words: [String]) throws -> Int32 {
    func number(after word: String) -> UInt64? {
      words.firstIndex(of: word).flatMap { $0 + 1 < words.count ? UInt64(words[$0 + 1]) : nil }
    }
    var cases = ProveCases(seed: number(after: "--seed") ?? 1)
    if let place = words.firstIndex(of: "--replay"), place + 1 < words.count {
      for path in words[(place + 1)...] {
        let isWhole = try cases.replay(String(contentsOfFile: path, encoding: .utf8))
        if !isWhole { print("\(path) names losses that it does not have") }
      }
      for complaint in cases.complaints { print(complaint) }
      print(cases.summary)
      return cases.complaints.isEmpty ? 0 : 1
    }
    try cases.run(Int(number(after: "--cases") ?? 1_000)) {
      print("\($0)\n")
      fflush(nil)
    }
    print(cases.summary)
    let reasons = cases.reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(15)
    if words.contains("--reasons") { for (why, count) in reasons { print("\(count) \(why)") } }
    print(
      cases.complaints.isEmpty ? "all within their proofs" : "\(cases.complaints.count) are not")
    return cases.complaints.isEmpty ? 0 : 1
  }

  private static func tidy(_ root: String) throws -> Int32 {
    let findings = try Tidy.findings(root: root)
    for finding in findings { print(finding) }
    return findings.isEmpty ? 0 : 1
  }
}
