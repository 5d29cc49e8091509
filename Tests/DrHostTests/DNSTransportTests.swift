// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import DrActions
@testable import DrHost

/// Answers DNS on loopback, by UDP and TCP on one port, as it is told to.
private final class NameServer: Sendable {
  enum Manner { case answers, answersTheSecondTime, says(Int), cutsOff, garbage, silent }

  let port: Int
  let counts = Mutex((datagrams: 0, streams: 0))
  private let channels: [any Channel]

  init(_ manner: Manner) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    // Set below, before anybody knows the port.
    let handle = Handle()
    func bind() async throws -> [any Channel] {
      let datagrams = try await DatagramBootstrap(group: group)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(Datagrams(manner, handle))
          }
        }.bind(host: "127.0.0.1", port: 0).get()
      do {
        let streams = try await ServerBootstrap(group: group)
          .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
              try channel.pipeline.syncOperations.addHandler(Streams(manner, handle))
            }
          }.bind(host: "127.0.0.1", port: datagrams.localAddress?.port ?? 0).get()
        return [datagrams, streams]
      } catch {
        try await datagrams.close()
        throw error
      }
    }
    // A port that is free for UDP may be taken for TCP, above all beside tests with thousands of connections.
    var bound: [any Channel] = []
    var refusals = 0
    while bound.isEmpty {
      do {
        bound = try await bind()
      } catch {
        refusals += 1
        if refusals == 50 { throw error }
      }
    }
    channels = bound
    port = bound.first?.localAddress?.port ?? 0
    handle.server.withLock { $0 = self }
  }

  func stop() async throws { for channel in channels { try await channel.close() } }

  final class Handle: Sendable {
    let server = Mutex<NameServer?>(nil)
    func count(isStream: Bool) -> Int {
      server.withLock { server in
        server?.counts.withLock { counts in
          if isStream { counts.streams += 1 } else { counts.datagrams += 1 }
          return isStream ? counts.streams : counts.datagrams
        } ?? 0
      }
    }
  }

  static func reply(_ bytes: [UInt8], _ manner: Manner, number: Int, isStream: Bool) -> [UInt8]? {
    guard var reply = try? DNSReader.read(bytes).message else { return nil }
    reply.isResponse = true
    reply.isAuthoritative = true
    switch manner {
    case .answers: break
    case .answersTheSecondTime: if number == 1 { return nil }
    case .says(let count):
      let name = reply.questions.first?.name ?? .root
      reply.answers = (0..<count).map {
        .init(name: name, type: DNSType.a, data: [192, 0, UInt8($0 >> 8), UInt8($0 & 255)])
      }
      if !isStream, reply.wire.count > 512 {
        reply.answers = []
        reply.isTruncated = true
      }
    case .cutsOff: return Array(reply.wire.dropLast())
    case .garbage: return [1, 2, 3]
    case .silent: return nil
    }
    return reply.wire
  }

  private final class Datagrams: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>
    private let manner: Manner
    private let handle: Handle
    init(_ manner: Manner, _ handle: Handle) { (self.manner, self.handle) = (manner, handle) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let envelope = unwrapInboundIn(data)
      let number = handle.count(isStream: false)
      guard
        let reply = NameServer.reply(
          Array(buffer: envelope.data), manner, number: number, isStream: false)
      else { return }
      let back = AddressedEnvelope(
        remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: reply))
      context.writeAndFlush(wrapOutboundOut(back), promise: nil)
    }
  }

  private final class Streams: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let manner: Manner
    private let handle: Handle
    private var received = ByteBuffer()
    init(_ manner: Manner, _ handle: Handle) { (self.manner, self.handle) = (manner, handle) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var piece = unwrapInboundIn(data)
      received.writeBuffer(&piece)
      guard let length: UInt16 = received.getInteger(at: 0),
        let bytes = received.getBytes(at: 2, length: Int(length))
      else { return }
      let number = handle.count(isStream: true)
      guard let reply = NameServer.reply(bytes, manner, number: number, isStream: true) else {
        return
      }
      // In two pieces, as a network may deliver it.
      var all = ByteBuffer(integer: UInt16(reply.count))
      all.writeBytes(reply)
      let half = all.readSlice(length: all.readableBytes / 2) ?? ByteBuffer()
      context.writeAndFlush(wrapOutboundOut(half), promise: nil)
      context.writeAndFlush(wrapOutboundOut(all), promise: nil)
    }
  }
}

struct DNSTransportTests {
  private func request(
    _ port: Int, names: Int = 0, repeatable: Bool = true, timeout: Int64 = 60_000_000_000
  ) -> DNSRequest {
    let name = DNSName("chat.example.net") ?? .root
    var message = DNSMessage()
    message.questions = [.init(name: name, type: DNSType.a)]
    message.answers = (0..<names).map { _ in
      .init(name: name, type: DNSType.a, data: [192, 0, 2, 1])
    }
    return DNSRequest(
      server: "127.0.0.1", port: port, message: message, key: nil, isRepeatable: repeatable,
      timeoutNanoseconds: timeout)
  }

  private func count(_ answer: Reply.Answer) throws -> Int? {
    guard case .message(let bytes) = answer else { return nil }
    return try DNSReader.read(bytes).message.answers.count
  }

  @Test("a small answer comes in a datagram, a large one by TCP, in pieces")
  func sizes() async throws {
    let server = try await NameServer(.says(2))
    #expect(try count(await DNSTransport.send(request(server.port), secret: [])) == 2)
    #expect(server.counts.withLock { $0.streams } == 0)
    try await server.stop()
    let large = try await NameServer(.says(400))
    #expect(try count(await DNSTransport.send(request(large.port), secret: [])) == 400)
    // A datagram that a busy machine is late to answer is sent again.
    #expect(large.counts.withLock { $0.datagrams > 0 && $0.streams == 1 })
    try await large.stop()
  }

  @Test("what is larger than a datagram goes by TCP from the beginning")
  func largeRequest() async throws {
    let server = try await NameServer(.answers)
    let answer = await DNSTransport.send(request(server.port, names: 40), secret: [])
    #expect(try count(answer) == 40)
    #expect(server.counts.withLock { $0 == (0, 1) })
    try await server.stop()
  }

  @Test("a question is sent again, a change is not")
  func repeats() async throws {
    let server = try await NameServer(.answersTheSecondTime)
    #expect(try count(await DNSTransport.send(request(server.port), secret: [])) == 0)
    try await server.stop()
    let silent = try await NameServer(.silent)
    let place = "127.0.0.1 port \(silent.port)"
    #expect(
      await DNSTransport.send(
        request(silent.port, repeatable: false, timeout: 2_000_000_000), secret: [])
        == .failure(.lostAnswer("\(place): no answer within the time allowed")))
    #expect(silent.counts.withLock { $0 == (1, 0) })
    try await silent.stop()
  }

  @Test("what is no answer is not taken for one, and the reason is told")
  func hostile() async throws {
    for (manner, reason) in [
      (NameServer.Manner.garbage, "what came is no message of DNS: it is cut off"),
      (.cutsOff, "what came is no message of DNS: it is cut off"),
    ] {
      let server = try await NameServer(manner)
      for names in [0, 40] {
        #expect(
          await DNSTransport.send(
            request(server.port, names: names, repeatable: false, timeout: 1_000_000_000),
            secret: [])
            == .failure(.lostAnswer("127.0.0.1 port \(server.port): \(reason)")))
      }
      try await server.stop()
    }
  }

  @Test("where nothing listens nothing was sent")
  func refused() async throws {
    // A port that was free a moment ago may be another test's now; nobody listens on this one.
    for names in [0, 40] {
      #expect(
        await DNSTransport.send(request(1, names: names), secret: [])
          == .failure(.notSent("127.0.0.1 port 1: connection refused")))
    }
  }

  @Test("a call that is given up ends at once")
  func cancelled() async throws {
    let server = try await NameServer(.silent)
    let request = request(server.port, timeout: 3_600_000_000_000)
    let task = Task { await DNSTransport.send(request, secret: []) }
    while server.counts.withLock({ $0.datagrams }) == 0 {
      try await Task.sleep(for: .milliseconds(5))
    }
    task.cancel()
    #expect(
      await task.value == .failure(.lostAnswer("127.0.0.1 port \(server.port): given up")))
    try await server.stop()
  }

  @Test("a secret comes from the environment or a file, and is never told")
  func secrets() throws {
    let folder = try TestFolder()
    let path = "\(folder.path)/dr.key"
    let statement = "key \"dr\" {\n\talgorithm hmac-sha256;\n\tsecret \"c2VjcmV0\";\n};\n"
    for (text, bytes) in [(statement, "secret"), ("c2VjcmV0\n", "secret")] {
      let file = try #require(fopen(path, "w"))
      fputs(text, file)
      fclose(file)
      #expect(try SecretSource.bytes("file:\(path)") == Array(bytes.utf8))
    }
    setenv("DR_TEST_DNS", "not base 64!", 1)
    for (reference, reason) in [
      ("env:DR_TEST_DNS", "what is in env:DR_TEST_DNS is no secret in Base64"),
      ("env:DR_TEST_NONE", "the environment has no DR_TEST_NONE"),
      ("file:\(path).none", "\(path).none: there is no such file"),
      ("c2VjcmV0", "a secret is named by env:NAME or file:/path"),
    ] {
      let failure = #expect(throws: SecretSource.Unusable.self) {
        try SecretSource.bytes(reference)
      }
      #expect(failure?.reason == reason)
    }
  }
}
