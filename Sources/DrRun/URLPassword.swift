// SPDX-License-Identifier: Apache-2.0

/// What stands before the `@` of a URL: it would be in plans, journals and reports.
package enum URLPassword {
  /// Does not repeat it.
  package static let refusal =
    "a URL with a name or password before its host would stand in journals and reports: "
    + "put it into a header, such as authorization: \"Basic env:NAME\""

  /// Whether a text has a URL `scheme://user@host`, or one with a password.
  package static func isIn(_ text: String) -> Bool {
    var rest = text[...]
    while let mark = rest.firstRange(of: "://") {
      rest = rest[mark.upperBound...]
      let authority = rest.prefix { !"/?#\" \n".contains($0) }
      if authority.contains("@") { return true }
    }
    return false
  }
}
