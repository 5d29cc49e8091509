// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// Which of the modules that every program sees are read.
package enum Prelude: Sendable {
  /// All of them.
  case whole
  /// Those of which the program, or this expression, names something. A program without mistakes means
  /// the same with these alone; what is told of one with mistakes may speak of the others too.
  case named(expression: String?)
}

extension ModuleGraph {
  /// All names by which another module can come to something that a module declares.
  package static func names(declaredBy tree: SyntaxTree) -> Set<String> {
    var names: Set<String> = []
    func visit(_ node: SyntaxNode) {
      for child in node.children where !child.isLeaf {
        switch child.kind {
        case .block:
          names.formUnion(child.names.map(\.text))
          visit(child)
        case .blockBody: visit(child)
        default: continue  // open: nothing else holds declarations
        }
      }
    }
    visit(tree.root)
    for node in tree.root.children where !node.isLeaf && node.kind != .moduleDecl {
      names.formUnion(node.names.map(\.text))
    }
    return names
  }
}

extension ModuleGraphBuilder {
  /// Programs of more bytes are not searched for names: what is not read would hardly count beside them.
  private static let largestSearched = 1 << 14

  /// Loads those modules of the prelude of which a module that was loaded, or an expression, names
  /// something. Gives what it loaded, in the prelude's order.
  mutating func loadNamedPrelude(_ expression: String?) -> [Int] {
    var waiting: [String: Set<String>] = [:]
    for path in ModuleGraph.prelude {
      if let names = loader.names(ofStandardModule: path) {
        waiting[path] = names
      } else {
        _ = loadStandard(path)
      }
    }
    if let expression {
      let source = SourceFile(id: FileID(.max), name: "", bytes: Array(expression.utf8))
      load(&waiting, namedIn: parseExpression(source, limits: limits))
    }
    // Those that are loaded here name others in turn.
    var next = 0
    while next < graph.modules.count, !waiting.isEmpty {
      load(&waiting, namedIn: graph.modules[next].tree)
      next += 1
    }
    return ModuleGraph.prelude.compactMap { loadedStandard($0) }
  }

  private mutating func load(_ waiting: inout [String: Set<String>], namedIn tree: SyntaxTree) {
    let words = Self.namesItsUses(tree) ? tree.words : nil
    for path in ModuleGraph.prelude {
      guard let names = waiting[path] else { continue }
      guard words.map({ !names.isDisjoint(with: $0) }) ?? true else { continue }
      waiting[path] = nil
      _ = loadStandard(path)
    }
  }

  /// Whether a file uses other modules by names alone. What becomes of a policy or a drill is said by no name,
  /// and a name in a text is looked up for a warning.
  private static func namesItsUses(_ tree: SyntaxTree) -> Bool {
    let bytes = tree.source.bytes
    guard bytes.count <= largestSearched else { return false }
    for (index, byte) in bytes.enumerated().dropLast()
    where byte == UInt8(ascii: "$") && bytes[index + 1] == UInt8(ascii: "{") {
      return false
    }
    return tree.root.children.allSatisfy { node in
      switch node.kind {
      case .moduleDecl, .useDecl, .letDecl, .inputDecl, .typeDecl, .fnDecl, .runbookDecl, .block,
        .exprStmt:
        true
      default: node.isLeaf || node.kind.isExpression  // open: every other declaration
      }
    }
  }
}

extension SyntaxTree {
  /// The names in a file, and the words that could be names.
  fileprivate var words: Set<String> {
    var words: Set<String> = []
    for token in 0..<tokenCount where tokenKind(token) == .identifier || tokenKind(token) == .word {
      words.insert(source.text(tokenSpan(token)))
    }
    return words
  }
}
