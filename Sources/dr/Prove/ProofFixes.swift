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
    if let present = change.present {
      return Fix(change.title, replacing: present, with: change.value)
    }
    let text = change.rest.contains(" ") ? change.value : "\(change.rest) = \(change.value)"
    guard !change.rest.contains("."), let end = lastBrace(of: change.around) else { return nil }
    return Fix(
      change.title, replacing: Span(source.id, end, end),
      with: "\(isOnOneLine(end) ? ", " : "")\(text)\n")
  }

  /// Where the brace stands that closes the body of a block: the first body from its name on.
  private func lastBrace(of block: Span) -> UInt32? {
    var depth = 0
    for token in tree.tokenIndex(at: block.start)..<tree.tokenCount {
      switch tree.tokenKind(token) {
      case .leftBrace: depth += 1
      case .rightBrace:
        depth -= 1
        if depth == 0 { return tree.tokenSpan(token).start }
        if depth < 0 { return nil }
      case _: continue  // open: only braces count
      }
    }
    return nil
  }

  /// Whether something stands before the brace on its line.
  private func isOnOneLine(_ brace: UInt32) -> Bool {
    let line = source.bytes[..<Int(brace)].reversed().prefix { $0 != UInt8(ascii: "\n") }
    return line.contains { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
  }
}
