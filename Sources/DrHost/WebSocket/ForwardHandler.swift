// SPDX-License-Identifier: Apache-2.0

import DrActions
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Makes of the WebSocket of a port-forward the bytes of a connection to the port, by the subprotocol
/// `v4.channel.k8s.io`: channel 0 is the connection, channel 1 says what went wrong, and each begins with the
/// port in two bytes (k8s.io/kubelet/pkg/cri/streaming/portforward).
final class ForwardHandler: ChannelDuplexHandler {
  typealias InboundIn = WebSocketFrame
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = WebSocketFrame

  static let subprotocols = "v4.channel.k8s.io"

  /// What the kubelet says went wrong.
  struct Refusal: Error, CustomStringConvertible {
    let description: String
    /// Whether the pod may have got the request.
    let isSent: Bool
  }

  private static let textMax = 500
  private static let pieceMax = 32 << 10
  private let answer: EventLoopPromise<Reply.Answer>
  /// Bytes of the port that are still to come, by channel.
  private var lead = [2, 2]

  private init(_ answer: EventLoopPromise<Reply.Answer>) { self.answer = answer }

  /// Sends one HTTP request to the port, and takes the answer.
  static func ask(
    _ request: HTTPRequest, _ address: PodAddress, _ channel: any Channel,
    _ answer: EventLoopPromise<Reply.Answer>
  ) throws {
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandlers([
      ForwardHandler(answer), HTTPRequestEncoder(),
      ByteToMessageHandler(HTTPResponseDecoder()),
      ResponseHandler(answer, wanted: request.wantedBytes ?? HTTPTransport.bodyLimit),
    ])
    var head = HTTPRequestHead(
      version: .http1_1, method: .init(rawValue: request.method.rawValue), uri: address.path)
    head.headers.add(name: "host", value: "localhost:\(address.port)")
    head.headers.add(name: "connection", value: "close")
    for header in request.headers { head.headers.add(name: header.name, value: header.value) }
    if !request.body.isEmpty || request.method != .get {
      head.headers.replaceOrAdd(name: "content-length", value: "\(request.body.count)")
    }
    channel.write(HTTPClientRequestPart.head(head), promise: nil)
    if !request.body.isEmpty {
      let body = ByteBuffer(bytes: request.body)
      channel.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil)
    }
    channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.opcode {
    case .binary, .text: take(frame.unmaskedData, context)
    case .ping:
      let pong = WebSocketFrame(
        fin: true, opcode: .pong, maskKey: .random(), data: frame.unmaskedData)
      context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
    case .connectionClose: context.close(promise: nil)
    case _: break  // open: pongs, and what later versions of the protocol may have
    }
  }

  private func take(_ message: ByteBuffer, _ context: ChannelHandlerContext) {
    var message = message
    guard let number = message.readInteger(as: UInt8.self), number < 2 else { return }
    let lead = min(self.lead[Int(number)], message.readableBytes)
    self.lead[Int(number)] -= lead
    message.moveReaderIndex(forwardBy: lead)
    guard message.readableBytes > 0 else { return }
    if number == 0 {
      context.fireChannelRead(wrapInboundOut(message))
    } else {
      let text = String(decoding: message.readableBytesView.prefix(Self.textMax), as: UTF8.self)
      answer.fail(Refusal(description: text, isSent: !text.contains("refused")))
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    var bytes = unwrapOutboundIn(data)
    while let piece = bytes.readSlice(length: min(bytes.readableBytes, Self.pieceMax)),
      piece.readableBytes > 0
    {
      var message = ByteBuffer(bytes: [0])
      message.writeImmutableBuffer(piece)
      let frame = WebSocketFrame(
        fin: true, opcode: .binary, maskKey: .random(), data: message)
      context.write(wrapOutboundOut(frame), promise: bytes.readableBytes == 0 ? promise : nil)
    }
  }
}
