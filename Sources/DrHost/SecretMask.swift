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
  ].map { Array($0.utf8) }

  init(_ environment: [(name: String, value: String)]) {
    self.init(
      Self.secrets(
        in: environment.filter { Self.soundsSecret($0.name) }.map(\.value)))
  }

  /// Byte by byte, since every process with a world asks that of its whole environment.
  private static func soundsSecret(_ name: String) -> Bool {
    let name = Array(name.uppercased().utf8)
    return name.indices.contains { start in
      words.contains { name[start...].starts(with: $0) }
    }
  }

  /// The longest first, so that none is hidden in part.
  private init(_ secrets: [[UInt8]]) {
    self.secrets = Set(secrets).sorted {
      $0.count == $1.count ? $0.lexicographicallyPrecedes($1) : $0.count > $1.count
    }
  }

  private static func secrets(in values: [String]) -> [[UInt8]] {
    // A server that was asked under a secret address tells its path, without the host.
    let paths = values.compactMap { value in
      value.firstRange(of: "://").map { mark in
        String(value[mark.upperBound...].drop { $0 != "/" })
      }
    }
    return (values + paths).map { Array($0.utf8) }.filter { $0.count >= bytesMin }
  }

  /// Of this process's environment, which does not change.
  static let own = SecretMask(environment)

  /// The same, of values too that a request was given.
  func hiding(_ named: [String]) -> SecretMask {
    named.isEmpty ? self : SecretMask(secrets + Self.secrets(in: named))
  }

  /// The environment of this process.
  static var environment: [(name: String, value: String)] {
    var variables: [(String, String)] = []
    var entry = environ
    while let line = entry.pointee {
      let text = String(cString: line)
      let mark = text.utf8.firstIndex(of: UInt8(ascii: "=")) ?? text.endIndex
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
