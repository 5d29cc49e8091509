// SPDX-License-Identifier: Apache-2.0

import DrBase

/// A key that requests to a name server are signed with (RFC 8945). Its secret is the host's matter.
package struct TSIGKey: Sendable, Equatable {
  package enum Algorithm: String, Sendable {
    case sha256 = "hmac-sha256"
    case sha512 = "hmac-sha512"

    var hash: HMAC.Hash { self == .sha256 ? .sha256 : .sha512 }
  }

  let name: DNSName
  package let algorithm: Algorithm
  /// Where the secret is: `env:NAME` or `file:/path`.
  package let secret: String

  /// For messages.
  package var text: String { name.text }
}

/// The record that signs a message (RFC 8945, section 4.2).
struct TSIG: Equatable {
  /// Errors beside the codes of DNS.
  enum Problem {
    static let signature: UInt16 = 16
    static let key: UInt16 = 17
    static let time: UInt16 = 18
  }

  static let fudge: UInt16 = 300

  var algorithm: DNSName
  var seconds: UInt64
  var fudge = TSIG.fudge
  var code: [UInt8] = []
  var originalID: UInt16
  var problem: UInt16 = 0
  /// The server's clock, where that is the problem.
  var other: [UInt8] = []

  init?(_ record: DNSMessage.Record) {
    guard record.type == DNSType.tsig, record.kind == DNSClass.any, record.ttl == 0 else {
      return nil
    }
    var reader = DNSReader(record.data)
    do throws(DNSReader.Malformed) {
      algorithm = try reader.name()
      seconds = UInt64(try reader.word()) << 32 | UInt64(try reader.long())
      fudge = try reader.word()
      code = try reader.bytes(Int(try reader.word()))
      originalID = try reader.word()
      problem = try reader.word()
      other = try reader.bytes(Int(try reader.word()))
    } catch {
      return nil
    }
    guard reader.offset == record.data.count else { return nil }
  }

  init(_ key: TSIGKey, id: UInt16, seconds: UInt64) {
    // Both names are of known good labels.
    algorithm = DNSName(key.algorithm.rawValue) ?? .root
    self.seconds = seconds
    originalID = id
  }

  /// As the last record of a message.
  func record(_ key: TSIGKey) -> DNSMessage.Record {
    let data =
      algorithm.wire + DNSWire.bytes48(seconds) + DNSWire.bytes(fudge)
      + DNSWire.bytes(UInt16(code.count)) + code + DNSWire.bytes(originalID)
      + DNSWire.bytes(problem) + DNSWire.bytes(UInt16(other.count)) + other
    return .init(name: key.name, type: DNSType.tsig, kind: DNSClass.any, data: data)
  }

  /// The code over a message without this record (section 4.3); `request` is the code of what is answered.
  func code(
    over message: [UInt8], _ key: TSIGKey, _ secret: [UInt8], request: [UInt8] = []
  ) -> [UInt8] {
    var digested = request.isEmpty ? [] : DNSWire.bytes(UInt16(request.count)) + request
    digested += message
    digested += key.name.wire + DNSWire.bytes(DNSClass.any) + DNSWire.bytes(UInt32(0))
    digested += algorithm.wire + DNSWire.bytes48(seconds) + DNSWire.bytes(fudge)
    digested += DNSWire.bytes(problem) + DNSWire.bytes(UInt16(other.count)) + other
    return HMAC.code(key.algorithm.hash, key: secret, digested)
  }

  /// What the server's clock says, in seconds since 1970, where the clocks were the problem.
  var serverSeconds: UInt64? {
    other.count == 6 ? other.reduce(0) { $0 << 8 | UInt64($1) } : nil
  }
}
