// SPDX-License-Identifier: Apache-2.0

import DrSema

/// Which rules run: all, those that `select` names, less those that `ignore` names.
package struct RuleSelection: Sendable {
  private let selected: [String]
  private let ignored: [String]

  /// Each word is a code (`DR107`), how codes begin (`DR1`), or a rule's name (`two-zone-quorum`).
  package init(select: [String] = [], ignore: [String] = []) {
    selected = select
    ignored = ignore
  }

  package func includes(_ rule: Rule) -> Bool {
    (selected.isEmpty || selected.contains { Self.matches($0, rule) })
      && !ignored.contains { Self.matches($0, rule) }
  }

  /// The first word that means none of some rules.
  package func unknown(among rules: [Rule]) -> String? {
    (selected + ignored).first { word in !rules.contains { Self.matches(word, $0) } }
  }

  static func matches(_ word: String, _ rule: Rule) -> Bool {
    word == rule.name || !word.isEmpty && rule.code.hasPrefix(word)
  }
}
