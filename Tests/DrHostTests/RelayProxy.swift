// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization

/// A proxy on loopback that takes CONNECT and SOCKS5, and goes where it is told.
final class RelayProxy: Sendable {
  private let channel: any Channel
  let port: Int
  private let log: Log

  final class Log: Sendable { let targets = Mutex<[String]>([]) }

  /// `host:port` of each connection that was asked for.
  var targets: [String] { log.targets.withLock { $0 } }

  init() async throws {
    let log = Log()
    self.log = log
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Greeter(log))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  func stop() async { try? await channel.close() }

  private final class Greeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let log: Log
    private var received: [UInt8] = []
    private var other: (any Channel)?

    init(_ log: Log) { self.log = log }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      if let other {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
        return
      }
      received += Array(unwrapInboundIn(data).readableBytesView)
      let text = String(decoding: received, as: UTF8.self)
      if received.first == 5 {
        if received == [5, 1, 0] { return answer([5, 0], context) }
        guard received.count >= 8, received.count == 10 + Int(received[7]) else { return }
        let host = String(decoding: received[8..<received.count - 2], as: UTF8.self)
        let port = Int(received[received.count - 2]) << 8 + Int(received[received.count - 1])
        connect(host, port, [5, 0, 0, 1, 0, 0, 0, 0, 0, 0], context)
      } else if text.hasSuffix("\r\n\r\n") {
        let authority = text.split(separator: " ")[1].split(separator: ":")
        connect(
          String(authority[0]), Int(authority[1]) ?? 0,
          Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8), context)
      }
    }

    private func connect(
      _ host: String, _ port: Int, _ reply: [UInt8], _ context: ChannelHandlerContext
    ) {
      log.targets.withLock { $0.append("\(host):\(port)") }
      let back = context.channel
      let loop = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      ClientBootstrap(group: context.eventLoop)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(Returner(back))
          }
        }
        .connect(host: host, port: port).whenSuccess { channel in
          let (greeter, context) = loop.value
          greeter.other = channel
          greeter.answer(reply, context)
        }
    }

    private func answer(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
      context.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { other?.close(promise: nil) }
  }

  private final class Returner: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let back: any Channel

    init(_ back: any Channel) { self.back = back }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      back.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { back.close(promise: nil) }
  }
}
