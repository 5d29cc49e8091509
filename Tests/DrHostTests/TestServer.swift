// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server on loopback that answers as a test says, also with what no server should.
final class TestServer: Sendable {
  enum Behaviour: Sendable {
    case answer(status: Int, headers: [String], body: [UInt8])
    /// Bytes as they are; the connection stays open.
    case raw([UInt8])
    case close
    /// Bytes as they are, then the end.
    case cut([UInt8])
    case hang
    /// An endless body.
    case flood
  }

  struct Seen: Sendable {
    let head: String
    let body: String
  }

  private let channel: any Channel
  let port: Int
  private let log: Log

  final class Log: Sendable {
    let requests = Mutex<[Seen]>([])
    let connections = Mutex(0)
  }

  var requests: [Seen] { log.requests.withLock { $0 } }
  var connections: Int { log.connections.withLock { $0 } }

  init(
    tls: TLSConfiguration? = nil, _ behave: @escaping @Sendable (Seen) -> Behaviour
  ) async throws {
    let log = Log()
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        log.connections.withLock { $0 += 1 }
        return channel.eventLoop.makeCompletedFuture {
          if let context {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
          }
          try channel.pipeline.syncOperations.addHandler(Handler(log: log, behave: behave))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
    self.log = log
  }

  func stop() async { try? await channel.close() }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let log: Log
    private let behave: @Sendable (Seen) -> Behaviour
    private var text = ""

    init(log: Log, behave: @escaping @Sendable (Seen) -> Behaviour) {
      self.log = log
      self.behave = behave
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      text += String(buffer: unwrapInboundIn(data))
      while let end = text.firstRange(of: "\r\n\r\n") {
        let head = String(text[..<end.lowerBound])
        let length =
          head.lowercased().split(separator: "\r\n")
          .first { $0.hasPrefix("content-length:") }
          .flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
        let rest = text[end.upperBound...]
        guard rest.utf8.count >= length else { return }
        let body = String(decoding: rest.utf8.prefix(length), as: UTF8.self)
        text = String(decoding: rest.utf8.dropFirst(length), as: UTF8.self)
        let seen = Seen(head: head, body: body)
        log.requests.withLock { $0.append(seen) }
        act(behave(seen), context)
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }

    private func act(_ behaviour: Behaviour, _ context: ChannelHandlerContext) {
      switch behaviour {
      case .answer(let status, let headers, let body):
        var head = "HTTP/1.1 \(status) x\r\ncontent-length: \(body.count)\r\n"
        for header in headers { head += header + "\r\n" }
        send(Array((head + "\r\n").utf8) + body, context)
      case .raw(let bytes): send(bytes, context)
      case .close: context.close(promise: nil)
      case .cut(let bytes):
        send(bytes, context)
        context.close(promise: nil)
      case .hang: break
      case .flood:
        send(Array("HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n".utf8), context)
        flood(context)
      }
    }

    private func flood(_ context: ChannelHandlerContext) {
      let size = 1 << 20
      let chunk = Array("100000\r\n".utf8) + [UInt8](repeating: 0x61, count: size) + [13, 10]
      let loop = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: chunk))).whenSuccess {
        loop.value.0.flood(loop.value.1)
      }
    }

    private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }
  }
}
