// SPDX-License-Identifier: Apache-2.0

import DrSyntax

/// Colours for what is being typed.
enum Highlighter {
  /// By the index of the character; what is not there is plain.
  static func styles(_ characters: [Character]) -> [Int: Style] {
    let text = String(characters)
    guard !text.isEmpty, !text.hasPrefix(":") else { return [:] }
    let tree = InputShape.tree(text)
    var byBytes: [(start: Int, end: Int, style: Style)] = []
    for token in 0..<tree.tokenCount {
      guard let style = style(tree.tokenKind(token)) else { continue }
      let span = tree.tokenSpan(token)
      byBytes.append((Int(span.start), Int(span.end), style))
    }
    var styles: [Int: Style] = [:]
    var next = 0
    var offset = 0
    for (index, character) in characters.enumerated() {
      while next < byBytes.count, byBytes[next].end <= offset { next += 1 }
      if next < byBytes.count, byBytes[next].start <= offset { styles[index] = byBytes[next].style }
      offset += character.utf8.count
    }
    return styles
  }

  private static func style(_ kind: TokenKind) -> Style? {
    switch kind {
    case .stringOpen, .stringText, .stringClose, .rawString: .string
    case .integer, .float, .quantity: .number
    case _ where kind.isKeyword: .keyword
    default: nil  // open: names and punctuation are plain
    }
  }
}
