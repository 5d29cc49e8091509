// SPDX-License-Identifier: Apache-2.0

import DrActions
import NIOCore
import NIOWebSocket

/// Gathers what a program in a container writes, by the subprotocols `v4.channel.k8s.io` and `v5.channel.k8s.io`,
/// which are the same where nothing is sent to the program: the first byte of a message is its channel
/// (k8s.io/apimachinery/pkg/util/remotecommand).
final class ExecHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  /// The newest that is offered first.
  static let subprotocols = "v5.channel.k8s.io, v4.channel.k8s.io"
  private static let statusMax = 64 << 10

  private let answer: EventLoopPromise<Reply.Answer>
  private var execution = Reply.Execution()

  init(_ answer: EventLoopPromise<Reply.Answer>) { self.answer = answer }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.opcode {
    case .binary, .text: take(frame.unmaskedData)
    case .ping:
      let pong = WebSocketFrame(
        fin: true, opcode: .pong, maskKey: .random(), data: frame.unmaskedData)
      context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
    case .connectionClose: context.close(promise: nil)
    case _: break  // open: pongs, and what later versions of the protocol may have
    }
  }

  private func take(_ message: ByteBuffer) {
    var message = message
    switch message.readInteger(as: UInt8.self) {
    case 1: keep(message.readableBytesView, \.output)
    case 2: keep(message.readableBytesView, \.errors)
    case 3:
      // An empty message opens the channel.
      guard message.readableBytes > 0 else { return }
      execution.status = Array(message.readableBytesView.prefix(Self.statusMax))
      answer.succeed(.executed(execution))
    case _: break  // open: what is sent to a program, and the size of a terminal, have channels too
    }
  }

  private func keep(
    _ bytes: ByteBufferView, _ stream: WritableKeyPath<Reply.Execution, [UInt8]>
  ) {
    let room = Reply.Execution.streamMax - execution[keyPath: stream].count
    execution[keyPath: stream].append(contentsOf: bytes.prefix(room))
    execution.dropped += max(0, bytes.count - room)
  }
}
