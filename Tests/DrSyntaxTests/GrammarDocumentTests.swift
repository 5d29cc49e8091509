// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax
import Foundation
import Testing

/// docs/grammar.md and the parser say the same, and the goldens use all of it.
@Suite("The grammar's document") struct GrammarDocumentTests {
  /// The lines of its `ebnf` blocks.
  private static let lines: [String] = {
    let path = Sample.folder.appending(path: "../../../docs/grammar.md").standardizedFileURL
    let text = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
    var lines: [String] = []
    var isInside = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isInside = line == "```ebnf"
      } else if isInside {
        lines.append(String(line))
      }
    }
    return lines
  }()

  /// Words outside of quotes.
  private static func words(_ line: String) -> [String] {
    let plain = line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset.isMultiple(of: 2) }.map(\.element).joined(separator: " ")
    return plain.split { !$0.isLetter }.map(String.init)
  }

  private static let terminals: [String] = {
    var found: [String] = []
    for line in lines {
      let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
      for (index, part) in parts.enumerated()
      where !index.isMultiple(of: 2) && !found.contains(String(part)) {
        found.append(String(part))
      }
    }
    return found
  }()

  private static let innerKinds = NodeKind.allCases.filter { kind in
    ![.token, .name, .missing, .error, .stringSegment, .interpolation, .stringExpr, .literal]
      .contains(kind)
  }

  @Test("there are productions") func productions() {
    #expect(Self.lines.filter { $0.contains(" = ") }.count > 50)
    #expect(Self.terminals.count > 80)
  }

  @Test("names every kind of node") func kinds() {
    let words = Set(Self.lines.flatMap(Self.words))
    for kind in NodeKind.allCases
    where ![.token, .name, .missing, .error, .stringSegment, .interpolation].contains(kind) {
      #expect(words.contains(String(describing: kind)), "\(kind)")
    }
  }

  @Test("names no other kind of node") func noOtherKinds() {
    let kinds = Set(NodeKind.allCases.map { String(describing: $0) })
    let endings = ["Decl", "Expr", "Stmt", "Item", "Clause"]
    let productions = Set(
      Self.lines.filter { $0.first?.isLetter == true }.compactMap { Self.words($0).first })
    for line in Self.lines {
      for word in Self.words(line) where endings.contains(where: word.hasSuffix) {
        #expect(kinds.contains(word) || productions.contains(word), "\(word) in \(line)")
      }
    }
  }

  @Test("every word that it refers to is a production, a kind of node or a token") func references()
  {
    let kinds = Set(NodeKind.allCases.map { String(describing: $0) })
    var productions = Set(
      Self.lines.filter { $0.first?.isLetter == true }.compactMap { Self.words($0).first })
    // What the lexical rules of the document say.
    productions.formUnion([
      "name", "string", "number", "quantity", "SEP", "word", "runbook", "statement",
    ])
    for line in Self.lines {
      guard let start = line.firstRange(of: "= ") else { continue }
      let right = line[start.upperBound...].components(separatedBy: "   ").first ?? ""
      for word in Self.words(right) {
        #expect(productions.contains(word) || kinds.contains(word), "\(word) in \(line)")
      }
    }
  }

  @Test("every kind of node is in a golden", arguments: innerKinds) func used(_ kind: NodeKind) {
    #expect(Self.usedKinds.contains(kind))
  }

  @Test("every word and sign of it is in a golden") func terminals() {
    for terminal in Self.terminals {
      #expect(Self.usedTokens.contains(terminal), "\(terminal)")
    }
  }

  @Test("every reserved word and sign of the lexer is in it") func tokens() {
    let terminals = Set(Self.terminals)
    for kind in TokenKind.allCases {
      guard let spelling = kind.spelling?.description, kind != .semicolon,
        kind != .interpolationOpen,
        kind != .interpolationClose
      else { continue }
      #expect(terminals.contains(spelling), "\(spelling)")
    }
  }

  private static let usedKinds: Set<NodeKind> = Set(
    LostTokenTests.programs.flatMap { program in
      let tree = program.tree
      return (0..<UInt32(tree.nodeCount)).map { tree.node($0).kind }
    })

  private static let usedTokens: Set<String> = Set(
    LostTokenTests.programs.flatMap { program in
      let tree = program.tree
      return (0..<tree.tokenCount).map { tree.source.text(tree.tokenSpan($0)) }
    })
}
