// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What one of the standard streams is connected to.
package struct Terminal: Sendable, Equatable {
  package enum Stream: Int32, Sendable {
    case input = 0
    case output = 1
    case error = 2
  }

  /// Whether a person may be at the other end.
  package let isTerminal: Bool
  /// Whether colours and cursor movements are understood and wanted (no-color.org).
  package let allowsStyle: Bool
  /// Columns; 80 where unknown.
  package let width: Int
  /// Rows; 24 where unknown.
  package let height: Int

  package init(_ stream: Stream) {
    isTerminal = isatty(stream.rawValue) == 1
    let type = Environment.variable("TERM") ?? ""
    let isPlain = Environment.variable("NO_COLOR").map { !$0.isEmpty } ?? false
    allowsStyle = isTerminal && !isPlain && type != "dumb" && !type.isEmpty
    var size = winsize()
    let known = isTerminal && ioctl(stream.rawValue, UInt(TIOCGWINSZ), &size) == 0
    width = known && size.ws_col > 0 ? Int(size.ws_col) : 80
    height = known && size.ws_row > 0 ? Int(size.ws_row) : 24
  }

  /// Whether this process may draw and read there: no other one has the terminal now.
  package static func isInForeground(_ stream: Stream) -> Bool {
    let group = tcgetpgrp(stream.rawValue)
    return group < 0 || group == getpgrp()
  }

  /// Whether the terminal obeys cursor movements, colours wanted or not.
  package var allowsMovement: Bool {
    let type = Environment.variable("TERM") ?? ""
    return isTerminal && type != "dumb" && !type.isEmpty
  }
}

extension Terminal {
  /// Whether the locale has it show ASCII only. Where no variable names a locale, as in many containers, it is taken to
  /// show all; `C`, `POSIX` and other character sets than UTF-8 are believed where somebody has named them.
  package static let isASCIIOnly: Bool = {
    let name = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(Environment.variable)
      .first { !$0.isEmpty }
    guard let name = name?.lowercased() else { return false }
    return !name.contains("utf-8") && !name.contains("utf8")
  }()
}

/// Variables of the environment.
package enum Environment {
  /// `nil` where it is not set.
  package static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
