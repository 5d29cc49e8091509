// SPDX-License-Identifier: Apache-2.0

import DrActions
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOWebSocket
import Synchronization

/// One request that becomes a WebSocket (RFC 6455), from the connection to the end.
///
/// What fails before the request is written has certainly not been sent; what fails later may have been
/// taken. The connection is closed in every case.
final class WebSocketCall: Sendable {
  struct Opening: Sendable {
    let route: Route
    /// The server as people read it.
    let target: String
    /// With the query.
    let path: String
    var headers: [HTTPRequest.Header]
    let timeoutNanoseconds: Int64
    /// Whether the request itself may make something happen, and not only what is said after it.
    let isAct: Bool
  }
  /// What came of it.
  struct End: Sendable {
    let answer: Reply.Answer
    /// False where the server answered something else.
    let isUpgraded: Bool
  }
  /// Adds what speaks over the WebSocket, which completes the promise.
  typealias Speaker = @Sendable (any Channel, EventLoopPromise<Reply.Answer>) throws -> Void

  private struct State {
    var channel: (any Channel)?
    var why: String?
    var isSent = false
    var isUpgraded = false
  }
  /// Of one message.
  private static let messageMax = 1 << 20
  private static let piecesMax = 1 << 12
  /// Of the answer of a server that does not take the upgrade.
  private static let refusalMax = 64 << 10

  private let opening: Opening
  private let state = Mutex(State())

  init(_ opening: Opening) { self.opening = opening }

  /// What the speaker makes of it, or the answer of a server that does not take the upgrade. A cancelled
  /// task gives it up.
  func run(_ speak: @escaping Speaker) async -> End {
    let answer = await answer(speak)
    return End(answer: answer, isUpgraded: state.withLock { $0.isUpgraded })
  }

  private func answer(_ speak: @escaping Speaker) async -> Reply.Answer {
    let deadline = NIODeadline.now() + .nanoseconds(opening.timeoutNanoseconds)
    return await withTaskCancellationHandler {
      do {
        let channel = try await opening.route.open(on: EventLoops.one) { [self] channel in
          channel.eventLoop.scheduleTask(deadline: deadline) { [weak self] in
            self?.end("no end within the time allowed")
          }
          adopt(channel)
        }.get()
        defer { channel.close(promise: nil) }
        if opening.isAct { state.withLock { $0.isSent = true } }
        return try await upgrade(channel, speak).get()
      } catch {
        return .failure(failure(error))
      }
    } onCancel: {
      end("given up")
    }
  }

  /// Closes the connection, now or as soon as there is one.
  private func end(_ why: String) {
    let channel = state.withLock { state in
      if state.why == nil { state.why = why }
      return state.channel
    }
    channel?.close(promise: nil)
  }

  private func adopt(_ channel: any Channel) {
    let isEnded = state.withLock { state in
      state.channel = channel
      return state.why != nil
    }
    if isEnded { channel.close(promise: nil) }
  }

  private func failure(_ error: any Error) -> TransportFailure {
    let (why, isSent) = state.withLock { ($0.why, $0.isSent) }
    let text = "\(opening.target): \(why ?? Self.reason(error))"
    if let refusal = error as? ForwardHandler.Refusal, !refusal.isSent { return .notSent(text) }
    if isSent { return .lostAnswer(text) }
    return why == nil && TransportText.isUntrusted(error) ? .refused(text) : .notSent(text)
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as ProxyHandler.Refusal: error.description
    case let error as ForwardHandler.Refusal: error.description
    case NIOSSLError.uncleanShutdown: "the connection was closed"
    case is NIOWebSocketError, is UpgradeHandler.NoWebSocket, is NIOWebSocketFrameAggregator.Error:
      "what the server sends is no WebSocket"
    case let error: TransportText.reason(error)
    }
  }

  private func upgrade(
    _ channel: any Channel, _ speak: @escaping Speaker
  ) -> EventLoopFuture<Reply.Answer> {
    let opening = opening
    return channel.eventLoop.flatSubmit {
      let answer = channel.eventLoop.makePromise(of: Reply.Answer.self)
      let key = NIOWebSocketClientUpgrader.randomRequestKey()
      let handshake = UpgradeHandler(key: key) { channel, isUpgraded in
        let pipeline = channel.pipeline.syncOperations
        if isUpgraded {
          self.state.withLock {
            $0.isSent = true
            $0.isUpgraded = true
          }
          try pipeline.addHandlers([
            WebSocketFrameEncoder(),
            ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: Self.messageMax)),
            WebSocketProtocolErrorHandler(isServer: false),
            NIOWebSocketFrameAggregator(
              minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: Self.piecesMax,
              maxAccumulatedFrameSize: Self.messageMax),
          ])
          try speak(channel, answer)
        } else {
          try ResponseHandler.read(channel, answer, wanted: Self.refusalMax)
        }
        try pipeline.addHandler(EndHandler(answer))
      }
      do {
        try channel.pipeline.syncOperations.addHandlers([handshake, EndHandler(answer)])
        let request = try UpgradeHandler.request(opening.path, opening.headers, key: key)
        channel.writeAndFlush(ByteBuffer(bytes: request), promise: nil)
      } catch {
        answer.fail(error)
      }
      return answer.futureResult
    }
  }
}

/// Takes errors and the end of the connection.
private final class EndHandler: ChannelInboundHandler {
  typealias InboundIn = NIOAny
  private let answer: EventLoopPromise<Reply.Answer>

  init(_ answer: EventLoopPromise<Reply.Answer>) { self.answer = answer }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    answer.fail(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    context.fireChannelInactive()
    answer.fail(ChannelError.eof)
  }
}
