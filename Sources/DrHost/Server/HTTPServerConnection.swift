// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// One connection of a server. The pipeline lets the next request in when the answer before is out.
final class HTTPServerConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private enum State {
    /// For a request.
    case waits
    case reads(HTTPRequestHead, body: [UInt8])
    case answers(isLast: Bool)
    /// Was told no, and may not have noticed yet.
    case refused
  }

  private let table: ConnectionTable
  private let screen: HTTPServer.Screen
  private let handler: HTTPServer.Handler
  private var state = State.waits
  /// Bytes that the table keeps room for.
  private var reserved = 0
  /// Bytes that came after a refusal.
  private var drained = 0
  private var patience: Scheduled<Void>?

  init(
    _ table: ConnectionTable, _ screen: @escaping HTTPServer.Screen,
    _ handler: @escaping HTTPServer.Handler
  ) {
    self.table = table
    self.screen = screen
    self.handler = handler
  }

  private var limits: HTTPServer.Limits { table.limits }

  // MARK: Life

  func channelActive(context: ChannelHandlerContext) {
    guard table.admit(context.channel) else { return context.close(promise: nil) }
    wait(limits.transferNanoseconds, context.channel)
  }

  func channelInactive(context: ChannelHandlerContext) {
    patience?.cancel()
    table.remove(context.channel)
    // What is being answered is held until it is.
    if case .answers = state { return }
    release()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .inputClosed? = event as? ChannelEvent else { return }
    // The peer sends no more. It may still wait for the answer to what it sent.
    if case .answers = state { state = .answers(isLast: true) } else { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
    switch state {
    case .waits, .reads:
      refuse(
        error == .headerOverflow
          ? HTTPServer.Response(431, "the head of the request is too large\n")
          : HTTPServer.Response(400, "this is no HTTP/1.1 request\n"),
        nil, context.channel)
    case .answers, .refused: context.close(promise: nil)
    }
  }

  /// Closes the connection unless something comes of it in time.
  private func wait(_ nanoseconds: Int64, _ channel: any Channel) {
    patience?.cancel()
    patience = channel.eventLoop.scheduleTask(in: .nanoseconds(nanoseconds)) {
      channel.close(promise: nil)
    }
  }

  private func release() {
    table.release(reserved)
    reserved = 0
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch (unwrapInboundIn(data), state) {
    case (.head(let head), .waits): begin(head, context.channel)
    case (.body(let part), .reads(let head, let body)):
      state = .waits  // So that the body has one owner and is not copied.
      take(part, head, body, context.channel)
    case (.end, .reads(let head, let body)): answer(head, body, context.channel)
    case (.body(let part), .refused):
      drained += part.readableBytes
      if drained > limits.bodyBytes { context.close(promise: nil) }
    case (_, .waits), (_, .reads), (_, .answers), (_, .refused): break
    }
  }

  private func begin(_ head: HTTPRequestHead, _ channel: any Channel) {
    if let response = screen(Self.request(head, [])) { return refuse(response, head, channel) }
    let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
    guard length <= limits.bodyBytes else { return refuse(tooLarge, head, channel) }
    wait(limits.transferNanoseconds, channel)
    state = .reads(head, body: [])
  }

  private func take(
    _ part: ByteBuffer, _ head: HTTPRequestHead, _ body: consuming [UInt8], _ channel: any Channel
  ) {
    guard body.count + part.readableBytes <= limits.bodyBytes else {
      return refuse(tooLarge, head, channel)
    }
    guard table.reserve(part.readableBytes) else {
      return refuse(
        HTTPServer.Response(503, "too much is sent at once; send it again\n"), head, channel)
    }
    reserved += part.readableBytes
    body += part.readableBytesView
    state = .reads(head, body: body)
  }

  private var tooLarge: HTTPServer.Response {
    HTTPServer.Response(413, "the body is larger than \(limits.bodyBytes) bytes\n")
  }

  private static func request(_ head: HTTPRequestHead, _ body: [UInt8]) -> HTTPServer.Request {
    let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    return HTTPServer.Request(
      method: head.method.rawValue, path: parts.first.map(String.init) ?? "/",
      query: parts.count == 2 ? String(parts[1]) : "",
      authorization: head.headers.first(name: "authorization"), body: body)
  }

  // MARK: Answers

  private func answer(_ head: HTTPRequestHead, _ body: [UInt8], _ channel: any Channel) {
    patience?.cancel()
    state = .answers(isLast: !head.isKeepAlive)
    table.answers(channel)
    let (handler, request) = (handler, Self.request(head, body))
    let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
    channel.eventLoop.makeFutureWithTask { await handler(request) }
      .whenSuccess { bound.value.finish($0, head, channel) }
  }

  private func finish(
    _ response: HTTPServer.Response, _ head: HTTPRequestHead, _ channel: any Channel
  ) {
    release()
    guard channel.isActive, case .answers(let isLast) = state else { return }
    wait(limits.transferNanoseconds, channel)
    let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
    // Its end, which lets the next request in, waits until the peer has taken the rest: so whoever asks and asks
    // and never reads is not kept answers for.
    Self.write(response, head, isLast: isLast, channel).whenSuccess {
      bound.value.end(channel)
    }
  }

  private func end(_ channel: any Channel) {
    guard case .answers(let isLast) = state else { return }
    if isLast { return channel.close(promise: nil) }
    table.waits(channel)
    wait(limits.idleNanoseconds, channel)
    state = .waits
    channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
  }

  /// An answer to a request of which more may come. Whoever closes a connection on which bytes wait takes the
  /// answer back with it, so what comes is thrown away for a while.
  private func refuse(
    _ response: HTTPServer.Response, _ head: HTTPRequestHead?, _ channel: any Channel
  ) {
    release()
    state = .refused
    wait(limits.lingerNanoseconds, channel)
    let head = head ?? HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
    Self.write(response, head, isLast: true, channel).whenSuccess {
      channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
      channel.close(mode: .output, promise: nil)
    }
  }

  /// Writes all but the end.
  private static func write(
    _ response: HTTPServer.Response, _ head: HTTPRequestHead, isLast: Bool, _ channel: any Channel
  ) -> EventLoopFuture<Void> {
    var headers = HTTPHeaders([
      ("content-type", response.contentType), ("content-length", "\(response.body.utf8.count)"),
    ])
    for header in response.headers { headers.add(name: header.name, value: header.value) }
    if isLast { headers.add(name: "connection", value: "close") }
    let status = HTTPResponseStatus(statusCode: response.status)
    let start = HTTPServerResponsePart.head(
      HTTPResponseHead(version: head.version, status: status, headers: headers))
    guard head.method != .HEAD else { return channel.writeAndFlush(start) }
    channel.write(start, promise: nil)
    return channel.writeAndFlush(
      HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: response.body))))
  }
}
