// SPDX-License-Identifier: Apache-2.0

import DrBase
import Testing

@testable import DrActions

struct DNSMessageTests {
  private func name(_ text: String) -> DNSName { DNSName(text) ?? .root }

  private func message() -> DNSMessage {
    var message = DNSMessage()
    message.id = 0xbeef
    message.opcode = DNSOpcode.update
    message.questions = [.init(name: name("example.net"), type: DNSType.soa)]
    message.answers = [
      .init(name: name("chat.example.net"), type: DNSType.a, data: [192, 0, 2, 10]),
      .init(name: name("chat.example.net"), type: DNSType.aaaa, kind: DNSClass.none),
    ]
    message.authorities = [
      .init(name: name("Chat.Example.net"), type: DNSType.a, ttl: 30, data: [192, 0, 2, 20])
    ]
    return message
  }

  @Test("what is written is read again")
  func roundTrip() throws {
    let read = try DNSReader.read(message().wire)
    #expect(read.message == message())
    #expect(read.message.authorities[0].name.text == "chat.example.net")
  }

  @Test("names may be compressed, backwards only")
  func compression() throws {
    let head: [UInt8] = [0, 1, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0]
    let question: [UInt8] = name("chat.example.net").wire + [0, 1, 0, 1]
    let record: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 192, 0, 2, 10]
    let read = try DNSReader.read(head + question + record).message
    #expect(read.answers.map(\.name.text) == ["chat.example.net"])
    #expect(read.isAuthoritative)
    // To itself, forwards, and to one another.
    for bad in [[0xc0, 34], [0xc0, 60], [3, 0x61, 0x61, 0x61, 0xc0, 34]] as [[UInt8]] {
      let bytes = head + question + bad + record[2...]
      #expect(throws: DNSReader.Malformed(reason: "a name leads to itself")) {
        try DNSReader.read(bytes)
      }
    }
  }

  @Test("no bytes make it crash or hang")
  func hostile() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    var whole = 0
    for round in 0..<20_000 {
      var bytes = message().wire
      if round % 2 == 0 { bytes.removeLast(Int(random.below(Int64(bytes.count)))) }
      for _ in 0..<random.below(6) where !bytes.isEmpty {
        let place = Int(random.below(Int64(bytes.count)))
        bytes[place] = random.below(3) == 0 ? 0xc0 : UInt8(truncatingIfNeeded: random.next())
      }
      // What is understood says the same when it is written and read again.
      guard let read = try? DNSReader.read(bytes).message else { continue }
      whole += 1
      #expect((try? DNSReader.read(read.wire).message) == read, "seed \(seed), round \(round)")
    }
    #expect(whole > 100, "seed \(seed): hardly anything was understood")
  }

  @Test("a message that is cut off anywhere is refused")
  func cut() {
    let bytes = message().wire
    for count in 0..<bytes.count {
      #expect(throws: DNSReader.Malformed.self) { try DNSReader.read(Array(bytes[..<count])) }
    }
  }

  @Test("addresses are read and written as people do")
  func addresses() {
    for (text, written) in [
      ("192.0.2.10", "192.0.2.10"), ("2001:DB8::10", "2001:db8::10"), ("::", "::"),
      ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("::ffff:192.0.2.1", "::ffff:c000:201"),
      ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
    ] { #expect(IPAddress(text)?.text == written) }
    for text in [
      "192.0.2", "192.0.2.256", "1::2::3", "12345::", ":1", "", "1:2:3:4:5:6:7:8:9", "a.b.c.d",
    ] {
      #expect(IPAddress(text) == nil, "\(text)")
    }
  }
}

struct TSIGTests {
  private let secret = Array("0123456789abcdef0123456789abcdef".utf8)
  private let key = TSIGKey(
    name: DNSName("dr") ?? .root, algorithm: .sha256, secret: "env:DR_KEY")

  private func request(_ key: TSIGKey?) -> DNSRequest {
    var message = DNSMessage()
    message.opcode = DNSOpcode.update
    message.questions = [.init(name: DNSName("example.net") ?? .root, type: DNSType.soa)]
    return DNSRequest(
      server: "192.0.2.53", port: 53, message: message, key: key, isRepeatable: false,
      timeoutNanoseconds: 1)
  }

  /// What a server that knows the secret answers.
  private func answer(
    to conversation: DNSConversation, seconds: UInt64,
    _ change: (inout DNSMessage) -> Void = { _ in }
  ) throws -> [UInt8] {
    let asked = try DNSReader.read(conversation.bytes).message
    let code = asked.additionals.last.flatMap { TSIG($0) }?.code ?? []
    var reply = asked
    reply.isResponse = true
    reply.additionals = []
    change(&reply)
    var signature = TSIG(key, id: reply.id, seconds: seconds)
    signature.code = signature.code(over: reply.wire, key, secret, request: code)
    reply.additionals.append(signature.record(key))
    return reply.wire
  }

  @Test("codes are those of RFC 4231, digests those of FIPS 180-4")
  func vectors() {
    let message = Array("what do ya want for nothing?".utf8)
    #expect(
      SHA256.hex(HMAC.code(.sha256, key: Array("Jefe".utf8), message))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      SHA256.hex(HMAC.code(.sha512, key: Array("Jefe".utf8), message))
        == "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        + "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737")
    let long = [UInt8](repeating: 0xaa, count: 131)
    let text = Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
    #expect(
      SHA256.hex(HMAC.code(.sha512, key: long, text)).hasPrefix("80b24263c7c1a3ebb71493c1dd7be8b4"))
    #expect(
      SHA256.hex(SHA512.digest(Array("abc".utf8))).hasPrefix("ddaf35a193617abacc417349ae204131"))
    // One byte before, at and after the place where the length goes into another block.
    let ends = [111, 112, 120].map {
      SHA256.hex(SHA512.digest([UInt8](repeating: 0x61, count: $0))).prefix(16)
    }
    #expect(ends == ["fa9121c7b32b9e01", "c01d080efd492776", "f241de612b01aa2f"])
  }

  @Test("an answer counts only where it is signed by who knows the secret, for this request, now")
  func judges() throws {
    let now: UInt64 = 1_800_000_000
    let conversation = DNSConversation(request(key), id: 7, secret: secret, seconds: now)
    let good = try answer(to: conversation, seconds: now)
    #expect(conversation.judge(good, seconds: now + 299) == .answer(good))
    #expect(
      conversation.judge(good, seconds: now + 301)
        == .ignored("the answer was signed 301 s away from now"))
    for place in good.indices {
      var bad = good
      bad[place] ^= 0x01
      #expect(conversation.judge(bad, seconds: now) != .answer(bad), "byte \(place)")
    }
    let another = DNSConversation(request(key), id: 7, secret: secret, seconds: now + 1)
    #expect(another.judge(good, seconds: now) == .ignored("the answer's signature is wrong"))
    let stranger = DNSConversation(request(key), id: 7, secret: secret + [1], seconds: now)
    #expect(
      stranger.judge(try answer(to: stranger, seconds: now), seconds: now)
        == .ignored("the answer's signature is wrong"))
  }

  @Test("a yes must be signed, a no need not be")
  func unsigned() throws {
    let conversation = DNSConversation(request(key), id: 7, secret: secret, seconds: 0)
    var reply = request(key).message
    reply.id = 7
    reply.isResponse = true
    #expect(conversation.judge(reply.wire, seconds: 0) == .ignored("the answer is not signed"))
    reply.code = DNSCode.refused
    #expect(conversation.judge(reply.wire, seconds: 0) == .answer(reply.wire))
    reply.id = 8
    #expect(
      conversation.judge(reply.wire, seconds: 0) == .ignored("what came answers something else"))
    let plain = DNSConversation(request(nil), id: 8, secret: [], seconds: 0)
    reply.code = DNSCode.noError
    #expect(plain.judge(reply.wire, seconds: 0) == .answer(reply.wire))
    reply.isTruncated = true
    #expect(plain.judge(reply.wire, seconds: 0) == .truncated)
  }
}
