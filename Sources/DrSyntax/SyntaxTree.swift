// SPDX-License-Identifier: Apache-2.0
//
// DrSyntax: from bytes to a lossless tree, and nothing else: no names, no types, no files.
//
// One pass over the bytes makes a column of significant tokens; the text between two tokens is
// trivia. A recursive-descent parser, with operator precedence in one loop, appends inner nodes in
// post-order to a second column. A node says which tokens it covers, which inner node is its first
// child, and which is its next sibling. Leaves are not stored: they are the tokens of a node that
// none of its children covers. So the leaves and the trivia add up to the file by construction, and
// a mistake can lose nothing: what could not be understood lies in an `error` node, and what should
// be there is a `missing` node of length zero.
//
// Parsing never fails, never recurses deeper than `Limits.nestingDepth` allows, and takes linear
// time.

import DrBase

/// The syntax of one file: immutable, and with every byte of the file in it.
package final class SyntaxTree: Sendable {
  package let source: SourceFile
  /// What is wrong with the syntax, in source order; the tree can be walked all the same.
  package let diagnostics: [Diagnostic]

  let tokens: [Token]
  let kinds: [NodeKind]
  let extents: [NodeExtent]

  init(source: SourceFile, diagnostics: [Diagnostic], tokens: [Token], nodes: NodeColumns) {
    self.source = source
    self.diagnostics = diagnostics
    self.tokens = tokens
    kinds = nodes.kinds
    extents = nodes.extents
  }

  package var columns: TreeColumns { TreeColumns(tokens: tokens, kinds: kinds, extents: extents) }

  /// The node of kind `file`.
  package var root: SyntaxNode { SyntaxNode(tree: self, id: UInt32(kinds.count - 1)) }

  /// Inner nodes; their ids are `0 ..< nodeCount`, children before parents, and the root is the
  /// last.
  package var nodeCount: Int { kinds.count }

  /// Tokens, the one at the end of the file not counted.
  package var tokenCount: Int { tokens.count - 1 }

  /// One more than the largest id: the leaf of token `t` has the id `nodeCount + t`. For tables by
  /// id.
  package var idCount: Int { kinds.count + tokens.count }

  package func tokenKind(_ token: Int) -> TokenKind { tokens[token].kind }

  package func tokenSpan(_ token: Int) -> Span {
    Span(source.id, tokens[token].start, tokens[token].end)
  }

  /// The node with an id that was taken from a node of this tree.
  package func node(_ id: UInt32) -> SyntaxNode { SyntaxNode(tree: self, id: id) }

  /// The leaf of a token.
  package func leaf(_ token: Int) -> SyntaxNode {
    SyntaxNode(tree: self, id: UInt32(kinds.count + token))
  }

  /// The token that holds a byte offset, or the next one after it; `tokenCount` when there is none.
  package func tokenIndex(at offset: UInt32) -> Int {
    var low = 0
    var high = tokenCount
    while low < high {
      let middle = (low + high) / 2
      if tokens[middle].end <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// Where an inner node lies: the tokens `firstToken ..< endToken`, and its place among the others.
package struct NodeExtent: Sendable {
  package static var none: UInt32 { .max }

  package var firstToken: UInt32
  package var endToken: UInt32
  package var firstChild: UInt32
  package var nextSibling: UInt32
  var parent: UInt32
}

/// A tree as columns of numbers, for a walk over all of it: a `SyntaxNode` for every child holds the tree, and
/// counting that takes longer than such a walk.
package struct TreeColumns: Sendable {
  package let tokens: [Token]
  package let kinds: [NodeKind]
  package let extents: [NodeExtent]
}

/// The inner nodes while they are being appended.
struct NodeColumns: Sendable {
  private(set) var kinds: [NodeKind] = []
  private(set) var extents: [NodeExtent] = []

  var count: Int { kinds.count }

  mutating func reserve(_ capacity: Int) {
    kinds.reserveCapacity(capacity)
    extents.reserveCapacity(capacity)
  }

  /// Appends a node whose children are all the nodes since `start` that have no parent yet.
  ///
  /// Until a node has a parent, its `nextSibling` holds the id of the first node below it, so that
  /// its elder sibling is the node before that one.
  mutating func append(_ kind: NodeKind, since start: Int, tokens range: Range<Int>) {
    let id = UInt32(kinds.count)
    var end = kinds.count
    var next = NodeExtent.none
    while end > start {
      let child = end - 1
      end = Int(extents[child].nextSibling)
      extents[child].nextSibling = next
      extents[child].parent = id
      next = UInt32(child)
    }
    kinds.append(kind)
    extents.append(
      NodeExtent(
        firstToken: UInt32(range.lowerBound), endToken: UInt32(range.upperBound), firstChild: next,
        nextSibling: UInt32(start), parent: NodeExtent.none))
  }

  /// Gives the tokens other numbers: token `t` is now `index[t]`.
  mutating func renumberTokens(_ index: [UInt32]) {
    for node in extents.indices {
      extents[node].firstToken = index[Int(extents[node].firstToken)]
      extents[node].endToken = index[Int(extents[node].endToken)]
    }
  }

  mutating func finishRoot() {
    guard let last = extents.indices.last else { return }
    extents[last].nextSibling = NodeExtent.none
  }
}
