// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSystem
import Glibc

/// Where a secret is: `env:NAME` or `file:/path`; that of a key with the Base64 text, or with the `key`
/// statement that `tsig-keygen` writes.
enum SecretSource {
  struct Unusable: Error { let reason: String }

  static func bytes(_ reference: String) throws(Unusable) -> [UInt8] {
    let text = try text(reference)
    let quoted = text.firstRange(of: "secret \"").map { mark in
      String(text[mark.upperBound...].prefix { $0 != "\"" })
    }
    guard let bytes = Base64.decode(quoted ?? text), !bytes.isEmpty else {
      throw Unusable(reason: "what is in \(reference) is no secret in Base64")
    }
    return bytes
  }

  static func text(_ reference: String) throws(Unusable) -> String {
    if reference.hasPrefix("env:") {
      let name = String(reference.dropFirst(4))
      guard let value = getenv(name), value.pointee != 0 else {
        throw Unusable(reason: "the environment has no \(name)")
      }
      return String(cString: value)
    }
    guard reference.hasPrefix("file:/") else {
      throw Unusable(reason: "a secret is named by env:NAME or file:/path")
    }
    switch readFile(String(reference.dropFirst(5))) {
    case .success(let bytes): return String(decoding: bytes, as: UTF8.self)
    case .failure(let failure):
      throw Unusable(reason: "\(reference.dropFirst(5)): \(failure.reason)")
    }
  }
}
