// SPDX-License-Identifier: Apache-2.0

import DrActions
import NIOCore
import NIOHTTP1

/// Takes one HTTP answer, of whose body it keeps the first `wanted` bytes.
final class ResponseHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart

  private let answer: EventLoopPromise<Reply.Answer>
  private let wanted: Int
  private var head: HTTPResponseHead?
  private var body: [UInt8] = []
  private var received = 0

  init(_ answer: EventLoopPromise<Reply.Answer>, wanted: Int) {
    self.answer = answer
    self.wanted = wanted
  }

  /// Reads the answer to a GET that was sent already.
  static func read(
    _ channel: any Channel, _ answer: EventLoopPromise<Reply.Answer>, wanted: Int
  ) throws {
    try channel.pipeline.syncOperations.addHandlers([
      RequestSink(), ByteToMessageHandler(HTTPResponseDecoder()),
      ResponseHandler(answer, wanted: wanted),
    ])
    // The decoder takes no answer to what it has not seen.
    let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
    channel.write(HTTPClientRequestPart.head(head), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body(let bytes):
      received += bytes.readableBytes
      guard received <= HTTPTransport.bodyLimit else {
        answer.fail(HTTPFailure.tooLarge(limit: HTTPTransport.bodyLimit))
        context.close(promise: nil)
        return
      }
      body.append(contentsOf: bytes.readableBytesView.prefix(max(0, wanted - body.count)))
    case .end:
      guard let head else { return }
      answer.succeed(
        .response(
          status: Int(head.status.code),
          headers: head.headers.map { .init($0.name.lowercased(), $0.value) }, body: body))
    }
  }
}

/// Ends what is written.
private final class RequestSink: ChannelOutboundHandler {
  typealias OutboundIn = HTTPClientRequestPart

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    promise?.succeed()
  }
}
