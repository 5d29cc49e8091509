// SPDX-License-Identifier: Apache-2.0
//
// The examples of README.md and docs/*.md, as a test runs them. What a fenced block is follows from
// the words after its fence:
//
//     dr                 a program without mistakes, written as `dr fmt` writes it
//     dr error=E0201     a program with exactly these mistakes, in source order (E0101,E0202 for two)
//     dr fragment        a piece of a program: it stands where the context above it says `…`
//     dr file=a.dr       a program that later blocks `use` and later commands read
//     dr append=a.dr     goes on with that file
//     console            commands after `$ `, each with what it writes
//     yaml file=a.yaml   a file that later commands read
//     repl               a session at the prompt, which Tests/DrReplTests runs
//     ebnf, sh, text     shown only
//
// These words can stand together. In a program `let name = expression  #=> value` says the value.
// An HTML comment that begins with `<!-- dr context` holds the context of the fragments after it, one
// that begins with `<!-- dr file=a.dr` a file that readers need not see. `DR_BLESS=1 swift test` writes
// the output of commands and the format of programs anew.

import Foundation
import Testing

/// One fenced block or hidden comment.
struct Example {
  /// The word that says what the block is.
  let kind: String
  let words: [String]
  /// What stands inside, without the fences.
  var lines: [String]
  /// The number of the line with the fence, from 1.
  let line: Int
  let isHidden: Bool

  var text: String { lines.map { $0 + "\n" }.joined() }

  func has(_ word: String) -> Bool { words.contains(word) }

  /// What stands after `name=`.
  func value(_ name: String) -> String? {
    words.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
  }
}

/// A document: text and examples in turn.
struct Document: CustomTestStringConvertible {
  enum Part {
    case text(String)
    case example(Example)
  }

  let path: String
  var parts: [Part] = []

  var testDescription: String { path }

  static let all: [Document] = {
    let docs = (try? FileManager.default.subpathsOfDirectory(atPath: "\(root)/docs")) ?? []
    // The pages of diagnostics have a test of their own, stdlib.md is generated, and the outputs in
    // testing.md hold run times.
    let paths = docs.filter { $0.hasSuffix(".md") && !$0.hasPrefix("diagnostics/") }
      .filter { $0 != "testing.md" && $0 != "stdlib.md" }.sorted().map { "docs/\($0)" }
    return (["README.md"] + paths).map { Document(path: $0) }
  }()

  init(path: String) {
    self.path = path
    let bytes = FileManager.default.contents(atPath: "\(root)/\(path)") ?? Data()
    read(String(decoding: bytes, as: UTF8.self))
  }

  private mutating func read(_ text: String) {
    var open: (example: Example, end: String)?
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let line = String(line)
      if let block = open {
        if line == block.end {
          parts.append(.example(block.example))
          open = nil
        } else {
          open?.example.lines.append(line)
        }
        continue
      }
      let isHidden = line.hasPrefix("<!-- dr ")
      guard isHidden || line.hasPrefix("```") else {
        parts.append(.text(line))
        continue
      }
      let words = line.dropFirst(isHidden ? 5 : 3).split(separator: " ").map(String.init)
      open = (
        Example(
          kind: words.first ?? "", words: Array(words.dropFirst()), lines: [], line: index + 1,
          isHidden: isHidden), isHidden ? "-->" : "```"
      )
    }
    if let open { parts.append(.example(open.example)) }
  }

  /// The document as it stands in its file.
  var source: String {
    parts.map { part in
      switch part {
      case .text(let line): return line
      case .example(let example):
        let words = ([example.kind] + example.words).joined(separator: " ")
        let (start, end) = example.isHidden ? ("<!-- ", "-->") : ("```", "```")
        return ([start + words] + example.lines + [end]).joined(separator: "\n")
      }
    }.joined(separator: "\n")
  }
}
