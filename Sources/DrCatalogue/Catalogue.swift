// SPDX-License-Identifier: Apache-2.0
//
// DrCatalogue: the page of each diagnostic code, embedded in the program, and how it is shown on a
// terminal. Only `dr explain` reads it.

import CCatalogue
import DrBase

package enum Catalogue {
  /// Codes that have a page, sorted: `E0201`.
  package static let codes: [String] = (0..<dr_catalogue_count()).map { index in
    String(cString: dr_catalogue_pages()[index].code)
  }

  /// The Markdown text of a code's page; `nil` when there is none.
  package static func page(_ code: String) -> String? {
    guard let index = codes.firstIndex(of: code) else { return nil }
    let page = dr_catalogue_pages()[index]
    return String(
      decoding: UnsafeBufferPointer(start: page.bytes, count: page.count), as: UTF8.self)
  }

  /// The code that a user means by `E0201`, `e0201`, `0201` or `unit-mismatch`.
  package static func code(_ word: String) -> DiagnosticCode? {
    let word = word.lowercased()
    return DiagnosticCode.allCases.first {
      let number = $0.rawValue.lowercased()
      return word == number || word == number.dropFirst() || word == $0.name
        || word == "\(number) \($0.name)"
    }
  }

  /// What a code means, in the first sentence of its page.
  package static func summary(_ code: DiagnosticCode) -> String {
    guard let page = page(code.rawValue) else { return "" }
    let paragraph =
      Page.blocks(of: page).lazy.compactMap { block in
        if case .paragraph(let text) = block { text } else { nil }
      }.first ?? ""
    guard let end = paragraph.firstRange(of: ". ") else { return paragraph }
    return String(paragraph[..<end.upperBound].dropLast())
  }
}
