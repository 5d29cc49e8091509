// SPDX-License-Identifier: Apache-2.0

import DrBase

/// One node of a tree, inner or leaf. Cheap to copy; equal when it is the same node of the same
/// tree.
package struct SyntaxNode: Sendable, Hashable {
  package let tree: SyntaxTree
  package let id: UInt32

  package init(tree: SyntaxTree, id: UInt32) {
    self.tree = tree
    self.id = id
  }

  package static func == (a: SyntaxNode, b: SyntaxNode) -> Bool {
    a.id == b.id && a.tree === b.tree
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(id) }

  /// The token of a leaf.
  package var tokenIndex: Int? {
    Int(id) < tree.kinds.count ? nil : Int(id) - tree.kinds.count
  }

  package var isLeaf: Bool { Int(id) >= tree.kinds.count }

  package var kind: NodeKind {
    guard let token = tokenIndex else { return tree.kinds[Int(id)] }
    return NodeKind(leaf: tree.tokens[token].kind)
  }

  /// The token kind of a leaf.
  package var tokenKind: TokenKind? { tokenIndex.map { tree.tokens[$0].kind } }

  /// The tokens that the node covers; empty for what is missing.
  package var tokenRange: Range<Int> {
    if let token = tokenIndex { return token..<token + 1 }
    let extent = tree.extents[Int(id)]
    return Int(extent.firstToken)..<Int(extent.endToken)
  }

  /// From its first token to its last; a point after the token before, when it covers none.
  package var span: Span {
    let range = tokenRange
    guard !range.isEmpty else {
      let point = range.lowerBound == 0 ? 0 : tree.tokens[range.lowerBound - 1].end
      return Span(tree.source.id, point, point)
    }
    return Span(
      tree.source.id, tree.tokens[range.lowerBound].start, tree.tokens[range.upperBound - 1].end)
  }

  /// The source text of the span.
  package var text: String { tree.source.text(span) }

  /// The children in source order, leaves included.
  package var children: ChildSequence { ChildSequence(self) }

  package var parent: SyntaxNode? {
    if let token = tokenIndex { return tree.parent(ofToken: token) }
    let parent = tree.extents[Int(id)].parent
    return parent == NodeExtent.none ? nil : SyntaxNode(tree: tree, id: parent)
  }
}

/// The children of one node, in source order.
package struct ChildSequence: Sequence, IteratorProtocol {
  private let tree: SyntaxTree
  private var token: Int
  private let end: Int
  private var child: UInt32

  init(_ node: SyntaxNode) {
    tree = node.tree
    guard !node.isLeaf else {
      (token, end, child) = (0, 0, NodeExtent.none)
      return
    }
    let extent = tree.extents[Int(node.id)]
    (token, end, child) = (Int(extent.firstToken), Int(extent.endToken), extent.firstChild)
  }

  package mutating func next() -> SyntaxNode? {
    if child != NodeExtent.none {
      let extent = tree.extents[Int(child)]
      if Int(extent.firstToken) <= token {
        defer { child = extent.nextSibling }
        token = Int(extent.endToken)
        return SyntaxNode(tree: tree, id: child)
      }
    }
    guard token < end else { return nil }
    defer { token += 1 }
    return tree.leaf(token)
  }
}

extension NodeKind {
  /// What the leaf of a token is.
  init(leaf token: TokenKind) {
    if token == .identifier {
      self = .name
    } else if token == .stringText {
      self = .stringSegment
    } else {
      self = .token
    }
  }
}

extension SyntaxNode {
  /// Tells the id and kind of each direct child, until that is enough. No child is made a node, which
  /// would hold the tree.
  @inline(__always)
  private func visitChildren(untilEnough visit: (UInt32, NodeKind) -> Bool) {
    guard !isLeaf else { return }
    let extent = tree.extents[Int(id)]
    var token = Int(extent.firstToken)
    var child = extent.firstChild
    while true {
      if child != NodeExtent.none {
        let extent = tree.extents[Int(child)]
        if Int(extent.firstToken) <= token {
          if visit(child, tree.kinds[Int(child)]) { return }
          token = Int(extent.endToken)
          child = extent.nextSibling
          continue
        }
      }
      guard token < Int(extent.endToken) else { return }
      let kind = NodeKind(leaf: tree.tokens[token].kind)
      if visit(UInt32(tree.kinds.count + token), kind) { return }
      token += 1
    }
  }

  /// The first direct child of a kind, after so many others of it.
  package func first(_ kind: NodeKind, after count: Int = 0) -> SyntaxNode? {
    var found: SyntaxNode?
    var rest = count
    visitChildren { id, other in
      guard other == kind else { return false }
      rest -= 1
      if rest < 0 { found = SyntaxNode(tree: tree, id: id) }
      return rest < 0
    }
    return found
  }

  /// Whether a node of that kind lies inside, however deep.
  package func contains(_ kind: NodeKind) -> Bool {
    children.contains { $0.kind == kind || $0.contains(kind) }
  }

  /// All direct children of a kind.
  package func all(_ kind: NodeKind) -> [SyntaxNode] {
    var found: [SyntaxNode] = []
    visitChildren { id, other in
      if other == kind { found.append(SyntaxNode(tree: tree, id: id)) }
      return false
    }
    return found
  }

  /// The direct children that are expressions.
  package var expressions: [SyntaxNode] { children.filter { $0.kind.isExpression } }

  /// The first direct child that is an expression.
  package var expression: SyntaxNode? {
    var found: SyntaxNode?
    visitChildren { id, kind in
      if kind.isExpression { found = SyntaxNode(tree: tree, id: id) }
      return kind.isExpression
    }
    return found
  }

  /// The first direct child that is a type.
  package var type: SyntaxNode? {
    for child in children where child.kind.isType { return child }
    return nil
  }

  /// The direct children that are types.
  package var types: [SyntaxNode] { children.filter { $0.kind.isType } }

  /// The first direct leaf with a token kind.
  package func token(_ kind: TokenKind) -> SyntaxNode? {
    for child in children where child.tokenKind == kind { return child }
    return nil
  }

  /// The first direct leaf that is this word of the grammar or name: `detector.word("lasting")`.
  package func word(_ text: String) -> SyntaxNode? {
    for child in children where child.isLeaf && child.spells(text) { return child }
    return nil
  }

  /// The first direct expression after this word or keyword: `fault.expression(after: "for")`.
  package func expression(after text: String) -> SyntaxNode? {
    var seen = false
    for child in children {
      if seen, child.kind.isExpression { return child }
      if child.isLeaf, child.spells(text) { seen = true }
    }
    return nil
  }

  /// The text of the first direct name.
  package var name: String? { first(.name)?.text }

  /// The direct names.
  package var names: [SyntaxNode] { all(.name) }

  /// The second direct name: of a block, what it is called.
  package var secondName: SyntaxNode? { first(.name, after: 1) }

  /// Whether a byte occurs in the source text of the span.
  package func holds(_ byte: UInt8) -> Bool {
    let span = span
    return tree.source.bytes[Int(span.start)..<Int(span.end)].contains(byte)
  }

  /// Whether the source text of the span is this.
  package func spells(_ text: String) -> Bool {
    let span = span
    let length = text.utf8.count
    guard Int(span.end - span.start) == length else { return false }
    return tree.source.bytes[Int(span.start)..<Int(span.end)].elementsEqual(text.utf8)
  }
}

extension SyntaxTree {
  /// The inner node that has a token as its leaf.
  func parent(ofToken token: Int) -> SyntaxNode? {
    // In post-order ends never fall, so the first node that ends after the token is in the token's
    // neighbourhood.
    var low = 0
    var high = extents.count
    while low < high {
      let middle = (low + high) / 2
      if Int(extents[middle].endToken) <= token { low = middle + 1 } else { high = middle }
    }
    guard low < extents.count else { return kinds.isEmpty ? nil : root }
    var id = UInt32(low)
    while Int(extents[Int(id)].firstToken) > token, extents[Int(id)].parent != NodeExtent.none {
      id = extents[Int(id)].parent
    }
    return SyntaxNode(tree: self, id: id)
  }

  /// The smallest node that holds a byte offset: a leaf, or the inner node whose trivia is there.
  package func node(at offset: UInt32) -> SyntaxNode {
    let index = tokenIndex(at: offset)
    if index < tokenCount, tokens[index].start <= offset { return leaf(index) }
    var node = index < tokenCount ? leaf(index).parent ?? root : root
    while let parent = node.parent, node.span.start > offset || node.span.end <= offset {
      node = parent
    }
    return node
  }
}
