// SPDX-License-Identifier: Apache-2.0

/// What stands before the `@` of a URL: it would be in plans, journals and reports.
package enum URLPassword {
  /// Does not repeat it.
  package static let refusal =
    "a URL with a name or password before its host would stand in journals and reports: "
    + "put it into a header, such as authorization: \"Basic env:NAME\""

  /// A URL without it.
  package static func removed(from url: String) -> String {
    guard isIn(url), let mark = url.firstRange(of: "://") else { return url }
    let rest = url[mark.upperBound...]
    let authority = rest.prefix { !"/?#".contains($0) }
    let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    return "\(url[..<mark.upperBound])\(host)\(rest.dropFirst(authority.count))"
  }

  /// Whether a text has a URL `scheme://user@host`, or one with a password.
  package static func isIn(_ text: String) -> Bool {
    // Byte by byte: every request for the web comes here.
    var rest = text.utf8[...]
    while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
      rest = rest[rest.index(after: colon)...]
      guard rest.starts(with: "//".utf8) else { continue }
      let authority = rest.dropFirst(2).prefix { !authorityEnds.contains($0) }
      if authority.contains(UInt8(ascii: "@")) { return true }
    }
    return false
  }

  private static let authorityEnds = Array("/?#\" \n".utf8)
}
