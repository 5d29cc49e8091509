// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrSystem
import NIOCore
import NIOPosix

/// Carries a message to a name server and its answer back: by UDP, and by TCP where either is too
/// large for a datagram.
enum DNSTransport {
  /// The first time until a request that may be sent again is.
  private static let resend: TimeAmount = .milliseconds(700)

  static func send(_ request: DNSRequest, secret: [UInt8]) async -> Reply.Answer {
    guard request.server.isEmpty else { return await send(request, to: request.server, secret) }
    // One after the other, as resolv.conf(5) has it, while they are silent or say that they cannot tell.
    var answer = Reply.Answer.failure(.refused("/etc/resolv.conf names no nameserver"))
    for resolver in resolvers() {
      answer = await send(request, to: resolver, secret)
      if isTold(answer) { break }
    }
    return answer
  }

  private static func isTold(_ answer: Reply.Answer) -> Bool {
    guard case .message(let bytes) = answer, bytes.count > 3 else { return false }
    return ![2, 5].contains(bytes[3] & 15)  // SERVFAIL, REFUSED
  }

  private static func send(
    _ request: DNSRequest, to server: String, _ secret: [UInt8]
  ) async -> Reply.Answer {
    let conversation = DNSConversation(
      request, id: UInt16.random(in: 0 ... .max), secret: secret, seconds: seconds())
    let place = "\(server) port \(request.port)"
    let deadline = NIODeadline.now() + .nanoseconds(request.timeoutNanoseconds)
    var outcome = Outcome.truncated
    if conversation.bytes.count <= DNSConversation.datagramBytesMax {
      outcome = await exchange(conversation, request, server, place, deadline, isStream: false)
    }
    if outcome == .truncated {
      outcome = await exchange(conversation, request, server, place, deadline, isStream: true)
    }
    return outcome.answer ?? .failure(.lostAnswer("\(place): the answer is cut off"))
  }

  /// Those of this machine, three at most (resolv.conf(5)).
  private static func resolvers() -> [String] {
    guard case .success(let bytes) = readFile("/etc/resolv.conf") else { return [] }
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    let servers = lines.map { $0.split(whereSeparator: \.isWhitespace) }
      .filter { $0.count >= 2 && $0[0] == "nameserver" }
    return servers.prefix(3).map { String($0[1]) }
  }

  /// Since 1970 by this machine's clock.
  static func seconds() -> UInt64 { UInt64(max(0, WallClock.now().nanoseconds / 1_000_000_000)) }

  enum Outcome: Equatable {
    case over(Reply.Answer)
    case truncated

    var answer: Reply.Answer? {
      switch self {
      case .over(let answer): answer
      case .truncated: nil
      }
    }
  }

  private static func exchange(
    _ conversation: DNSConversation, _ request: DNSRequest, _ server: String, _ place: String,
    _ deadline: NIODeadline, isStream: Bool
  ) async -> Outcome {
    NameLookup.prepare()
    let loop = EventLoops.one
    let outcome = loop.makePromise(of: Outcome.self)
    let handler = { @Sendable (channel: any Channel) in
      channel.eventLoop.makeCompletedFuture {
        if !isStream { try channel.pipeline.syncOperations.addHandler(DatagramPayload()) }
        try channel.pipeline.syncOperations.addHandler(
          DNSAnswerHandler(
            conversation, place, isStream: isStream,
            resend: request.isRepeatable && !isStream ? resend : nil, deadline, outcome))
      }
    }
    return await withTaskCancellationHandler {
      let channel: any Channel
      do {
        channel =
          isStream
          ? try await ClientBootstrap(group: loop).channelInitializer(handler)
            .connectTimeout(max(.milliseconds(1), deadline - .now()))
            .connect(host: server, port: request.port).get()
          : try await DatagramBootstrap(group: loop).channelInitializer(handler)
            .connect(host: server, port: request.port).get()
      } catch {
        outcome.succeed(.over(.failure(.notSent("\(place): \(TransportText.reason(error))"))))
        return (try? await outcome.futureResult.get()) ?? .truncated
      }
      let result = try? await outcome.futureResult.get()
      try? await channel.close().get()
      return result ?? .truncated
    } onCancel: {
      outcome.succeed(.over(.failure(.lostAnswer("\(place): given up"))))
    }
  }
}

/// What is in datagrams of the one server that the channel is connected to.
private final class DatagramPayload: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias InboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.fireChannelRead(wrapInboundOut(unwrapInboundIn(data).data))
  }
}

/// Sends one request, and ends with what answers it or with why nothing does.
private final class DNSAnswerHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let conversation: DNSConversation
  private let place: String
  private let isStream: Bool
  private let resend: TimeAmount?
  private let deadline: NIODeadline
  private let outcome: EventLoopPromise<DNSTransport.Outcome>
  private var received = ByteBuffer()
  private var timers: [Scheduled<Void>] = []
  /// Why what came last was no answer.
  private var ignored: String?

  init(
    _ conversation: DNSConversation, _ place: String, isStream: Bool, resend: TimeAmount?,
    _ deadline: NIODeadline, _ outcome: EventLoopPromise<DNSTransport.Outcome>
  ) {
    self.conversation = conversation
    self.place = place
    self.isStream = isStream
    self.resend = resend
    self.deadline = deadline
    self.outcome = outcome
  }

  func channelActive(context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timers.append(
      context.eventLoop.scheduleTask(deadline: deadline) { bound.value.0.timedOut() })
    send(context, after: resend)
  }

  private func send(_ context: ChannelHandlerContext, after pause: TimeAmount?) {
    var buffer = ByteBuffer()
    if isStream { buffer.writeInteger(UInt16(clamping: conversation.bytes.count)) }
    buffer.writeBytes(conversation.bytes)
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    guard let pause else { return }
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timers.append(
      context.eventLoop.scheduleTask(in: pause) {
        bound.value.0.send(bound.value.1, after: pause * 2)
      })
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var piece = unwrapInboundIn(data)
    if isStream {
      received.writeBuffer(&piece)
      guard let length: UInt16 = received.getInteger(at: received.readerIndex),
        let bytes = received.getBytes(at: received.readerIndex + 2, length: Int(length))
      else { return }
      judge(bytes)
      if let ignored { finish(.failure(.lostAnswer("\(place): \(ignored)"))) }
    } else {
      judge(Array(buffer: piece))
    }
  }

  private func judge(_ bytes: [UInt8]) {
    switch conversation.judge(bytes, seconds: DNSTransport.seconds()) {
    case .answer(let bytes): finish(.message(bytes))
    case .truncated:
      if isStream {
        ignored = "the answer is cut off"
      } else {
        outcome.succeed(.truncated)
      }
    case .ignored(let reason): ignored = reason
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let text = "\(place): \(TransportText.reason(error))"
    // Nothing listens where a datagram is refused; a connection may have carried the request.
    finish(.failure(isStream ? .lostAnswer(text) : .notSent(text)))
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish(.failure(.lostAnswer("\(place) closed the connection")))
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    for timer in timers { timer.cancel() }
  }

  private func timedOut() {
    let reason = ignored ?? "no answer within the time allowed"
    finish(.failure(.lostAnswer("\(place): \(reason)")))
  }

  private func finish(_ answer: Reply.Answer) { outcome.succeed(.over(answer)) }
}
