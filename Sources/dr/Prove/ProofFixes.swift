// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrProve
import DrSyntax

/// Changes that a proof asks for, as edits of the program's first file.
struct ProofFixes {
  let source: SourceFile
  private let tree: SyntaxTree

  init(_ source: SourceFile) {
    self.source = source
    tree = parse(source)
  }

  /// The edit of a change; `nil` where what is to change is written elsewhere or computed.
  func fix(_ change: ProofChange) -> Fix? {
    guard change.around.file == source.id else { return nil }
    // What only a person can write has no value.
    guard !change.value.isEmpty else { return nil }
    if change.field == ProofChange.clause { return bound(change) }
    if let present = change.present {
      return Fix(change.title, replacing: present, with: change.value)
    }
    let text = change.rest.contains(" ") ? change.value : "\(change.rest) = \(change.value)"
    guard !change.rest.contains("."), let end = lastBrace(of: change.around) else { return nil }
    return Fix(
      change.title, replacing: Span(source.id, end, end),
      with: "\(isOnOneLine(end) ? ", " : "")\(text)\n")
  }

  /// A statement's `within`: another value for the literal that stands there, or the clause where
  /// there is none, after a title or else before the clauses that follow.
  private func bound(_ change: ProofChange) -> Fix? {
    let line = change.around
    var tokens: [Int] = []
    var token = tree.tokenIndex(at: line.start)
    while token < tree.tokenCount, tree.tokenSpan(token).start < line.end {
      switch tree.tokenKind(token) {
      case .space, .newline, .comment, .docComment: break
      case _: tokens.append(token)  // open: what is not written for people
      }
      token += 1
    }
    func text(_ token: Int) -> String { source.text(tree.tokenSpan(token)) }
    if let place = tokens.firstIndex(where: { text($0) == ProofChange.clause }),
      place + 1 < tokens.count
    {
      guard tree.tokenKind(tokens[place + 1]) == .quantity else { return nil }
      return Fix(change.title, replacing: tree.tokenSpan(tokens[place + 1]), with: change.value)
    }
    guard let first = tokens.first else { return nil }
    let isTitled = ["step", "approve"].contains(text(first))
    let before = tokens.first { isTitled ? false : ["every", "else"].contains(text($0)) }
    let title = tokens.first { tree.tokenKind($0) == .stringClose }
    let after = isTitled ? title : tokens.last { $0 < before ?? .max }
    guard let after else { return nil }
    let end = tree.tokenSpan(after).end
    let isFollowed = isTitled && text(tokens.first { $0 > after } ?? after) == "retry"
    return Fix(
      change.title, replacing: Span(source.id, end, end),
      with: " \(ProofChange.clause) \(change.value)\(isFollowed ? "," : "")")
  }

  /// Where the brace stands that closes the body of a block.
  private func lastBrace(of block: Span) -> UInt32? {
    tree.body(from: block.start).map { tree.tokenSpan($0.close).start }
  }

  /// Whether something stands before the brace on its line.
  private func isOnOneLine(_ brace: UInt32) -> Bool {
    let line = source.bytes[..<Int(brace)].reversed().prefix { $0 != UInt8(ascii: "\n") }
    return line.contains { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
  }
}
