// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Hides the secrets of this process's environment in what servers and programs say, which a journal and reports keep: what
/// `env:NAME` stood for, and the values of variables that are called like secrets.
struct SecretMask: Sendable {
  private let secrets: [[UInt8]]

  private static let shown = Array("•••".utf8)
  /// Shorter values are words, which would be hidden everywhere.
  private static let bytesMin = 8
  private static let words = [
    "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "PRIVATE_KEY", "API_KEY", "ACCESS_KEY",
    "WEBHOOK",
  ]

  /// `named` are values that a request was given from the environment.
  init(_ environment: [(name: String, value: String)], named: [String] = []) {
    var values = named
    for (name, value) in environment where Self.words.contains(where: name.uppercased().contains) {
      values.append(value)
    }
    // A server that was asked under a secret address tells its path, without the host.
    for value in values {
      guard let mark = value.firstRange(of: "://") else { continue }
      let path = value[mark.upperBound...].drop { $0 != "/" }
      values.append(String(path))
    }
    secrets = Set(values).map { Array($0.utf8) }.filter { $0.count >= Self.bytesMin }
      .sorted { $0.count == $1.count ? $0.lexicographicallyPrecedes($1) : $0.count > $1.count }
  }

  /// The environment of this process.
  static var environment: [(name: String, value: String)] {
    var variables: [(String, String)] = []
    var entry = environ
    while let line = entry.pointee {
      let text = String(cString: line)
      let mark = text.firstIndex(of: "=") ?? text.endIndex
      variables.append((String(text[..<mark]), String(text[mark...].dropFirst())))
      entry += 1
    }
    return variables
  }

  /// The text with every secret hidden.
  func mask(_ text: [UInt8]) -> [UInt8] {
    secrets.reduce(text) { Self.hide($1, in: $0) }
  }

  private static func hide(_ secret: [UInt8], in text: [UInt8]) -> [UInt8] {
    guard text.count >= secret.count else { return text }
    var hidden: [UInt8] = []
    var start = 0
    var index = 0
    let last = text.count - secret.count
    while index <= last {
      guard text[index] == secret[0], text[index..<index + secret.count].elementsEqual(secret)
      else {
        index += 1
        continue
      }
      hidden += text[start..<index]
      hidden += shown
      index += secret.count
      start = index
    }
    return start == 0 ? text : hidden + text[start...]
  }
}
