// SPDX-License-Identifier: Apache-2.0

/// Text as XML and HTML take it.
package enum XML {
  /// ` name="value"` for each, in order.
  package static func attributes(_ pairs: [(String, String)]) -> String {
    pairs.map { " \($0)=\"\(escaped($1, isAttribute: true))\"" }.joined()
  }

  /// XML 1.0 has no way to write most control characters; they are replaced.
  package static func escaped(_ text: String, isAttribute: Bool = false) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += isAttribute ? "&quot;" : "\""
      case "\n", "\t", "\r":
        if isAttribute || scalar == "\r" {
          result += "&#\(scalar.value);"
        } else {
          result.unicodeScalars.append(scalar)
        }
      case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)  // open: all others stand for themselves
      }
    }
    return result
  }

  /// With three digits after the point, rounded, as JUnit's `time` has them.
  package static func seconds(_ nanoseconds: Int64) -> String {
    let thousandths = (nanoseconds + 500_000) / 1_000_000
    let rest = String(thousandths % 1000)
    return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
  }
}
