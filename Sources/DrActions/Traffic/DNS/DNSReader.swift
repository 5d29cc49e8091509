// SPDX-License-Identifier: Apache-2.0

/// Takes a message apart that anybody may have sent. It ends on every input: a pointer leads backwards
/// only, a name has 255 bytes at most, and every record takes some of the message.
struct DNSReader {
  /// Why bytes are no message.
  struct Malformed: Error, Equatable { let reason: String }

  private let bytes: [UInt8]
  private(set) var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The message, and where its last additional record begins: there TSIG stands.
  static func read(
    _ bytes: [UInt8]
  ) throws(Malformed) -> (message: DNSMessage, lastRecord: Int) {
    var reader = DNSReader(bytes)
    var message = DNSMessage()
    message.id = try reader.word()
    let flags = try reader.word()
    message.isResponse = flags & 0x8000 != 0
    message.opcode = UInt8(flags >> 11 & 15)
    message.isAuthoritative = flags & 0x0400 != 0
    message.isTruncated = flags & 0x0200 != 0
    message.code = UInt8(flags & 15)
    let counts = (
      try reader.word(), try reader.word(), try reader.word(), try reader.word()
    )
    for _ in 0..<counts.0 {
      let name = try reader.name()
      message.questions.append(.init(name: name, type: try reader.word()))
      _ = try reader.word()
    }
    var last = reader.offset
    message.answers = try reader.records(counts.1, &last)
    message.authorities = try reader.records(counts.2, &last)
    message.additionals = try reader.records(counts.3, &last)
    guard reader.offset == bytes.count else {
      throw Malformed(reason: "there are bytes after its end")
    }
    return (message, last)
  }

  mutating func byte() throws(Malformed) -> UInt8 {
    guard offset < bytes.count else { throw Malformed(reason: "it is cut off") }
    defer { offset += 1 }
    return bytes[offset]
  }

  mutating func word() throws(Malformed) -> UInt16 {
    UInt16(try byte()) << 8 | UInt16(try byte())
  }

  mutating func long() throws(Malformed) -> UInt32 {
    UInt32(try word()) << 16 | UInt32(try word())
  }

  mutating func bytes(_ count: Int) throws(Malformed) -> [UInt8] {
    guard count <= bytes.count - offset else { throw Malformed(reason: "it is cut off") }
    defer { offset += count }
    return Array(bytes[offset..<offset + count])
  }

  mutating func name() throws(Malformed) -> DNSName {
    var labels: [[UInt8]] = []
    var size = 1
    var end: Int?
    var limit = offset
    while true {
      let length = try byte()
      switch length >> 6 {
      case 0:
        if length == 0 {
          if let end { offset = end }
          guard let name = DNSName(labels) else { throw Malformed(reason: "a name is too long") }
          return name
        }
        size += Int(length) + 1
        guard size <= 255 else { throw Malformed(reason: "a name is too long") }
        labels.append(try bytes(Int(length)))
      case 3:
        let target = Int(length & 63) << 8 | Int(try byte())
        if end == nil { end = offset }
        // Each pointer leads before the one before it, so there are no loops.
        guard target < limit else { throw Malformed(reason: "a name leads to itself") }
        limit = target
        offset = target
      case _:
        throw Malformed(reason: "a label is of an unknown kind")
      }
    }
  }

  private mutating func records(
    _ count: UInt16, _ last: inout Int
  ) throws(Malformed) -> [DNSMessage.Record] {
    var records: [DNSMessage.Record] = []
    for _ in 0..<count {
      last = offset
      records.append(try record())
    }
    return records
  }

  private mutating func record() throws(Malformed) -> DNSMessage.Record {
    let name = try name()
    let (type, kind, ttl) = (try word(), try word(), try long())
    let length = Int(try word())
    let end = offset + length
    let data: [UInt8]
    switch type {
    case DNSType.ns where length > 0, DNSType.cname where length > 0:
      data = try self.name().wire
    case DNSType.soa where length > 0:
      data = try self.name().wire + self.name().wire + bytes(20)
    case _: data = try bytes(length)
    }
    guard offset == end else { throw Malformed(reason: "a record's length is wrong") }
    return .init(name: name, type: type, kind: kind, ttl: ttl, data: data)
  }
}

extension DNSMessage.Record {
  /// Of a SOA the primary server (MNAME), of an NS the server.
  var server: DNSName? {
    guard type == DNSType.soa || type == DNSType.ns, !data.isEmpty else { return nil }
    var reader = DNSReader(data)
    return try? reader.name()
  }

  /// Of a SOA: the zone's serial.
  var serial: UInt32? {
    guard type == DNSType.soa, data.count >= 22 else { return nil }
    var reader = DNSReader(Array(data[(data.count - 20)...]))
    return try? reader.long()
  }
}
