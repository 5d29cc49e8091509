// SPDX-License-Identifier: Apache-2.0

/// A message authentication code with a shared secret (RFC 2104).
package enum HMAC {
  package enum Hash: Sendable {
    case sha256, sha512

    fileprivate var blockByteCount: Int { self == .sha256 ? 64 : SHA512.blockByteCount }

    fileprivate func digest(_ bytes: [UInt8]) -> [UInt8] {
      self == .sha256 ? SHA256.digest(bytes) : SHA512.digest(bytes)
    }
  }

  package static func code(_ hash: Hash, key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var block = key.count > hash.blockByteCount ? hash.digest(key) : key
    block += [UInt8](repeating: 0, count: hash.blockByteCount - block.count)
    return hash.digest(
      block.map { $0 ^ 0x5c } + hash.digest(block.map { $0 ^ 0x36 } + message))
  }

  /// Whether two codes are the same; takes as long wherever they differ.
  package static func isSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && zip(a, b).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
