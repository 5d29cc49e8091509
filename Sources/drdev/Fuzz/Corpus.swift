// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax
import Foundation

/// Programs to begin from: the golden cases, the standard library, the examples, and every input
/// that ever broke something.
struct Corpus {
  /// Where inputs that broke something are kept, from the repository's root.
  static let regressions = "Tests/Corpus"

  private(set) var programs: [[UInt8]] = []
  /// Spellings of the tokens in them, each once, in the order of the files.
  private(set) var tokens: [[UInt8]] = []

  init(root: String) throws {
    for folder in ["Tests/Golden", Self.regressions, "stdlib", "examples"] {
      let path = "\(root)/\(folder)"
      guard FileManager.default.fileExists(atPath: path) else { continue }
      let files = try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
      for file in files where file.hasSuffix(".dr") {
        guard let bytes = FileManager.default.contents(atPath: "\(path)/\(file)") else { continue }
        programs.append(Array(bytes))
      }
    }
    var seen: Set<[UInt8]> = []
    for program in programs where program.count < 1 << 16 {
      let tree = parse(SourceFile(id: FileID(0), name: "corpus.dr", bytes: program))
      for token in 0..<tree.tokenCount {
        let spelling = Array(program[tree.tokenSpan(token).range])
        if seen.insert(spelling).inserted { tokens.append(spelling) }
      }
    }
  }

  /// The input of a seed: a program with a few changes, or a heap of tokens or bytes.
  func input(seed: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    switch random.below(20) {
    case 0: return (0..<random.below(300)).flatMap { _ in pick(tokens, &random) + [0x20] }
    case 1: return (0..<random.below(300)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    default:  // open: most inputs are nearly programs, since those get furthest
      var program = pick(programs, &random)
      for _ in 0...random.below(6) { change(&program, &random) }
      return program
    }
  }

  private func change(_ program: inout [UInt8], _ random: inout SeededRandom) {
    let kind = random.below(12)
    if kind < 7 {
      changeToken(&program, kind, &random)
    } else if kind == 7 {
      changeByte(&program, &random)
    } else if kind == 8 {
      splice(&program, &random)
    } else if kind == 9 {
      removeBracket(&program, &random)
    } else if kind == 10 {
      insertLines(&program, &random)
    } else {
      repeatPart(&program, &random)
    }
  }

  private func changeToken(_ program: inout [UInt8], _ kind: Int64, _ random: inout SeededRandom) {
    let tree = parse(SourceFile(id: FileID(0), name: "x.dr", bytes: program))
    guard tree.tokenCount > 0 else { return }
    let span = tree.tokenSpan(Int(random.below(Int64(tree.tokenCount))))
    let range = span.range
    switch kind {
    case 0: program.removeSubrange(range)
    case 1: program.insert(contentsOf: [0x20] + program[range] + [0x20], at: range.upperBound)
    case 2: program.insert(contentsOf: pick(tokens, &random) + [0x20], at: range.lowerBound)
    default: program.replaceSubrange(range, with: pick(tokens, &random))  // open: the likeliest
    }
  }

  private func changeByte(_ program: inout [UInt8], _ random: inout SeededRandom) {
    guard !program.isEmpty else { return }
    let index = Int(random.below(Int64(program.count)))
    let byte = UInt8(truncatingIfNeeded: random.next())
    switch random.below(3) {
    case 0: program[index] = byte
    case 1: program.remove(at: index)
    default: program.insert(byte, at: index)  // open: the third of three
    }
  }

  /// Loses a bracket, quote or comma.
  private func removeBracket(_ program: inout [UInt8], _ random: inout SeededRandom) {
    let places = program.indices.filter { "{}()[]\",".utf8.contains(program[$0]) }
    guard !places.isEmpty else { return }
    program.remove(at: places[Int(random.below(Int64(places.count)))])
  }

  /// Puts some lines of another program between two lines.
  private func insertLines(_ program: inout [UInt8], _ random: inout SeededRandom) {
    let others = pick(programs, &random).split(separator: 0x0A, omittingEmptySubsequences: false)
    var lines = program.split(separator: 0x0A, omittingEmptySubsequences: false)
    let start = Int(random.below(Int64(others.count)))
    let end = min(others.count, start + 1 + Int(random.below(8)))
    lines.insert(contentsOf: others[start..<end], at: Int(random.below(Int64(lines.count + 1))))
    program = Array(lines.joined(separator: [0x0A]))
  }

  /// Goes on in another program from some point.
  private func splice(_ program: inout [UInt8], _ random: inout SeededRandom) {
    let other = pick(programs, &random)
    let here = Int(random.below(Int64(program.count + 1)))
    let there = Int(random.below(Int64(other.count + 1)))
    program = Array(program[..<here] + other[there...])
  }

  /// Writes a part of the program many times, for depth and length.
  private func repeatPart(_ program: inout [UInt8], _ random: inout SeededRandom) {
    let start = Int(random.below(Int64(program.count + 1)))
    let length = Int(random.below(Int64(min(40, program.count - start) + 1)))
    let part = program[start..<start + length]
    let times = Int(random.below(300))
    program.insert(contentsOf: (0..<times).flatMap { _ in part }, at: start)
  }

  private func pick(_ list: [[UInt8]], _ random: inout SeededRandom) -> [UInt8] {
    list.isEmpty ? [] : list[Int(random.below(Int64(list.count)))]
  }
}

extension Span {
  /// Its bytes in the file.
  var range: Range<Int> { Int(start)..<Int(end) }
}
