// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One connection to a server, on which one exchange follows another. It lives on the event loop.
final class HTTPConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart

  private let channel: any Channel
  private weak var pool: HTTPConnectionPool?
  private var exchange: HTTPExchange?
  /// Exchanges that are over.
  private var served = 0
  /// The head of the answer that is coming.
  private var head: HTTPResponseHead?
  /// Whether a body is still being written.
  private var isWriting = false
  private var lastRead = NIODeadline.distantPast
  /// Until when it is kept without being used.
  private var restEnd: NIODeadline?
  private var alarm: (task: Scheduled<Void>, at: NIODeadline)?

  /// Adds itself to the channel.
  init(_ channel: any Channel, pool: HTTPConnectionPool) throws {
    self.channel = channel
    self.pool = pool
    guard channel.isActive else { throw HTTPFailure.closed }
    // All headers are as they should be already.
    var encoding = HTTPRequestEncoder.Configuration()
    encoding.automaticallySetFramingHeaders = false
    try channel.pipeline.syncOperations.addHandlers([
      HTTPRequestEncoder(configuration: encoding), ByteToMessageHandler(HTTPResponseDecoder()),
      self,
    ])
  }

  func begin(_ exchange: HTTPExchange) {
    // All of it is written in this turn, so there is nothing left to wait for.
    if exchange.permit?.allows() == false {
      exchange.end(HTTPFailure.notPermitted)
      pool?.takeBack(self)
      return
    }
    self.exchange = exchange
    restEnd = nil
    head = nil
    lastRead = .now()
    exchange.isWritten { [weak self] _ in self?.abandon() }
    watch()
    channel.write(HTTPClientRequestPart.head(exchange.head), promise: nil)
    guard !exchange.body.isEmpty else {
      return channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }
    isWriting = true
    let body = ByteBuffer(bytes: exchange.body)
    channel.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil)
    channel.writeAndFlush(HTTPClientRequestPart.end(nil)).assumeIsolated().whenComplete {
      [weak self] _ in self?.isWriting = false
    }
  }

  /// It is kept until then.
  func rest(until end: NIODeadline) {
    restEnd = end
    watch()
  }

  func close() { channel.close(promise: nil) }

  private func abandon() {
    exchange = nil
    close()
  }

  // MARK: What comes

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let exchange else { return }
    if exchange.silence != nil { lastRead = .now() }
    do {
      switch unwrapInboundIn(data) {
      case .head(let head):
        self.head = head
        try exchange.take(head: head)
      case .body(let bytes): try exchange.take(body: bytes)
      case .end: finish(exchange)
      }
    } catch {
      fail(error)
    }
  }

  private func finish(_ exchange: HTTPExchange) {
    self.exchange = nil
    served += 1
    // What is still being written then belongs to nobody.
    if let head, head.isKeepAlive, head.status != .switchingProtocols, !isWriting,
      channel.isActive, let pool
    {
      pool.takeBack(self)
    } else {
      close()
    }
    exchange.end(nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    alarm?.task.cancel()
    alarm = nil
    pool?.closed(self)
    fail(HTTPFailure.closed)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // An answer that says how long it is needs no farewell of TLS; what is missing of it is found out.
    if error as? NIOSSLError == .uncleanShutdown, isMeasured { return }
    if error as? HTTPParserError == .invalidEOFState { return fail(HTTPFailure.closed) }
    fail(error)
  }

  private var isMeasured: Bool {
    guard let head else { return true }
    return head.headers.contains(name: "content-length")
      || head.headers.contains(name: "transfer-encoding")
  }

  private func fail(_ error: any Error) {
    let exchange = exchange
    self.exchange = nil
    close()
    guard let exchange else { return }
    // The server may have closed the connection while it rested, before it saw the request.
    let isStale = served > 0 && head == nil && (error is IOError || error is HTTPFailure)
    if isStale, exchange.isRepeatable, let pool {
      exchange.willBeRepeated()
      pool.begin(exchange, overNewConnection: true)
    } else {
      exchange.end(error)
    }
  }

  // MARK: What does not come

  /// When something must have happened.
  private var due: NIODeadline? {
    guard let exchange else { return restEnd }
    return exchange.silence.map { min(exchange.deadline, lastRead + $0) } ?? exchange.deadline
  }

  /// Sees to it that the clock is looked at in time. An alarm that rings too early is cheaper than one for
  /// each exchange.
  private func watch() {
    guard let due else { return }
    if let alarm {
      if alarm.at <= due { return }
      alarm.task.cancel()
    }
    let task = channel.eventLoop.assumeIsolated().scheduleTask(deadline: due) { [weak self] in
      if let self { ring() }
    }
    alarm = (task, due)
  }

  private func ring() {
    alarm = nil
    guard let due else { return }
    guard due <= .now() else { return watch() }
    if let exchange { exchange.giveUp(HTTPFailure.noAnswer) } else { close() }
  }
}
