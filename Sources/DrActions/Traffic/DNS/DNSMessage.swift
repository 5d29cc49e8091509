// SPDX-License-Identifier: Apache-2.0

/// A message of DNS (RFC 1035, section 4), as far as updates and reading them back need it.
struct DNSMessage: Equatable {
  struct Question: Equatable {
    var name: DNSName
    var type: UInt16
  }

  struct Record: Equatable {
    var name: DNSName
    var type: UInt16
    var kind: UInt16 = DNSClass.internet
    var ttl: UInt32 = 0
    /// Names in it are not compressed.
    var data: [UInt8] = []
  }

  var id: UInt16 = 0
  var isResponse = false
  var opcode: UInt8 = 0
  var isAuthoritative = false
  var isTruncated = false
  /// Asks a resolver, which asks others.
  var wantsRecursion = false
  var code: UInt8 = 0
  /// The zone of an update.
  var questions: [Question] = []
  /// The prerequisites of an update.
  var answers: [Record] = []
  /// The changes of an update.
  var authorities: [Record] = []
  var additionals: [Record] = []

  /// What it is on the wire; nothing is compressed.
  var wire: [UInt8] {
    var flags = UInt16(opcode & 15) << 11 | UInt16(code & 15)
    if isResponse { flags |= 0x8000 }
    if isAuthoritative { flags |= 0x0400 }
    if isTruncated { flags |= 0x0200 }
    if wantsRecursion { flags |= 0x0100 }
    var bytes: [UInt8] = []
    for word in [
      id, flags, UInt16(questions.count), UInt16(answers.count), UInt16(authorities.count),
      UInt16(additionals.count),
    ] { bytes += DNSWire.bytes(word) }
    for question in questions {
      bytes += question.name.wire + DNSWire.bytes(question.type)
      bytes += DNSWire.bytes(DNSClass.internet)
    }
    for record in answers + authorities + additionals { bytes += record.wire }
    return bytes
  }
}

extension DNSMessage.Record {
  var wire: [UInt8] {
    name.wire + DNSWire.bytes(type) + DNSWire.bytes(kind) + DNSWire.bytes(ttl)
      + DNSWire.bytes(UInt16(data.count)) + data
  }
}

enum DNSType {
  static let a: UInt16 = 1
  static let ns: UInt16 = 2
  static let cname: UInt16 = 5
  static let soa: UInt16 = 6
  static let aaaa: UInt16 = 28
  static let tsig: UInt16 = 250
}

enum DNSClass {
  static let internet: UInt16 = 1
  static let none: UInt16 = 254
  static let any: UInt16 = 255
}

enum DNSOpcode {
  static let query: UInt8 = 0
  static let update: UInt8 = 5
}

/// Response codes (RFC 1035, RFC 2136).
enum DNSCode {
  static let noError: UInt8 = 0
  static let formatError: UInt8 = 1
  static let serverFailure: UInt8 = 2
  static let noSuchName: UInt8 = 3
  static let notImplemented: UInt8 = 4
  static let refused: UInt8 = 5
  static let nameExists: UInt8 = 6
  static let recordsExist: UInt8 = 7
  static let recordsDiffer: UInt8 = 8
  static let notAuthoritative: UInt8 = 9
  static let notInZone: UInt8 = 10

  static func text(_ code: UInt8) -> String {
    switch code {
    case noError: "NOERROR"
    case formatError: "FORMERR"
    case serverFailure: "SERVFAIL"
    case noSuchName: "NXDOMAIN"
    case notImplemented: "NOTIMP"
    case refused: "REFUSED"
    case nameExists: "YXDOMAIN"
    case recordsExist: "YXRRSET"
    case recordsDiffer: "NXRRSET"
    case notAuthoritative: "NOTAUTH"
    case notInZone: "NOTZONE"
    case _: "code \(code)"
    }
  }
}

enum DNSWire {
  static func bytes(_ value: UInt16) -> [UInt8] {
    [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
  }

  static func bytes(_ value: UInt32) -> [UInt8] {
    bytes(UInt16(value >> 16)) + bytes(UInt16(truncatingIfNeeded: value))
  }

  /// The low 48 bits.
  static func bytes48(_ value: UInt64) -> [UInt8] {
    bytes(UInt16(truncatingIfNeeded: value >> 32)) + bytes(UInt32(truncatingIfNeeded: value))
  }
}
