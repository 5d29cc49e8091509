// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix

/// A small HTTP/1.1 server: whole requests in, whole answers out, one at a time on a connection.
package final class HTTPServer: Sendable {
  package struct Request: Sendable {
    package let method: String
    /// Without the query.
    package let path: String
    /// What follows `?`, as sent; empty without one.
    package let query: String
    /// Of the header `Authorization`.
    package let authorization: String?
    package let body: [UInt8]
  }

  package struct Response: Sendable {
    package let status: Int
    package let contentType: String
    package let body: String

    package init(_ status: Int, _ body: String, contentType: String = "text/plain; charset=utf-8") {
      self.status = status
      self.body = body
      self.contentType = contentType
    }
  }

  package typealias Handler = @Sendable (Request) async -> Response

  /// Why it cannot listen.
  package struct Failure: Error {
    package let message: String
  }

  /// Bytes of a request's body at most.
  package static let bodyLimit = 4 << 20
  /// A connection that says nothing for so long is closed.
  private static let idleSeconds: Int64 = 60

  private let channel: any Channel
  package let port: Int

  /// Listens from now on. Port 0 takes a free one.
  package init(host: String, port: Int, handler: @escaping Handler) async throws(Failure) {
    NameLookup.prepare()
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 64)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(IdleStateHandler(allTimeout: .seconds(Self.idleSeconds)))
          try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
          try pipeline.addHandler(Connection(handler))
        }
      }
    do {
      channel = try await bootstrap.bind(host: host, port: port).get()
    } catch {
      throw Failure(message: "cannot listen on \(host):\(port): \(TransportText.reason(error))")
    }
    self.port = channel.localAddress?.port ?? port
  }

  package func stop() async { try? await channel.close() }
}

/// One connection. The pipeline lets the next request in when the answer before is out.
private final class Connection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let handler: HTTPServer.Handler
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []
  private var isTooLarge = false

  init(_ handler: @escaping HTTPServer.Handler) { self.handler = handler }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = []
      isTooLarge = false
    case .body(let part):
      guard !isTooLarge else { return }
      isTooLarge = body.count + part.readableBytes > HTTPServer.bodyLimit
      if isTooLarge { body = [] } else { body += part.readableBytesView }
    case .end:
      guard let head else { return }
      self.head = nil
      answer(head, context.channel)
    }
  }

  private func answer(_ head: HTTPRequestHead, _ channel: any Channel) {
    guard !isTooLarge else {
      let text = "the body is larger than \(HTTPServer.bodyLimit >> 20) MiB\n"
      return Self.send(HTTPServer.Response(413, text), head, channel)
    }
    let parts = head.uri.split(
      separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let request = HTTPServer.Request(
      method: head.method.rawValue, path: parts.first.map(String.init) ?? "/",
      query: parts.count == 2 ? String(parts[1]) : "",
      authorization: head.headers.first(name: "authorization"), body: body)
    body = []
    let handler = handler
    channel.eventLoop.makeFutureWithTask { await handler(request) }
      .whenSuccess { Self.send($0, head, channel) }
  }

  private static func send(
    _ response: HTTPServer.Response, _ head: HTTPRequestHead, _ channel: any Channel
  ) {
    var headers = HTTPHeaders([
      ("content-type", response.contentType), ("content-length", "\(response.body.utf8.count)"),
    ])
    if !head.isKeepAlive { headers.add(name: "connection", value: "close") }
    channel.write(
      HTTPServerResponsePart.head(
        HTTPResponseHead(
          version: head.version, status: HTTPResponseStatus(statusCode: response.status),
          headers: headers)), promise: nil)
    if head.method != .HEAD {
      channel.write(
        HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: response.body))), promise: nil)
    }
    let isLast = !head.isKeepAlive
    channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in
      if isLast { channel.close(promise: nil) }
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  /// What is no HTTP was answered with 400 by the pipeline; a broken connection needs no answer.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
