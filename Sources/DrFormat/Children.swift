// SPDX-License-Identifier: Apache-2.0

import DrSyntax

/// A child of an inner node, by its number: a token that no inner node below covers, or such a node.
enum Child {
  case token(Int)
  case node(Int)
}

/// The children of one node, in source order.
struct Children {
  private var token: UInt32
  private let end: UInt32
  private var node: UInt32

  @inline(__always)
  init(of node: Int, in columns: TreeColumns) {
    let extent = columns.extents[node]
    (token, end, self.node) = (extent.firstToken, extent.endToken, extent.firstChild)
  }

  @inline(__always)
  mutating func next(in columns: TreeColumns) -> Child? {
    if node != NodeExtent.none {
      let extent = columns.extents[Int(node)]
      if extent.firstToken <= token {
        defer { node = extent.nextSibling }
        token = extent.endToken
        return .node(Int(node))
      }
    }
    guard token < end else { return nil }
    defer { token += 1 }
    return .token(Int(token))
  }
}

extension TreeColumns {
  @inline(__always)
  func tokens(of node: Int) -> Range<Int> {
    Int(extents[node].firstToken)..<Int(extents[node].endToken)
  }

  /// The first token of a kind that a node has directly.
  func token(_ kind: TokenKind, of node: Int) -> Int? {
    var children = Children(of: node, in: self)
    while let child = children.next(in: self) {
      if case .token(let token) = child, tokens[token].kind == kind { return token }
    }
    return nil
  }
}
