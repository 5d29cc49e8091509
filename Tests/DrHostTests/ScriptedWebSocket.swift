// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import Synchronization

/// A server on loopback that takes WebSockets as the API server does, and says over them what a test says.
final class ScriptedWebSocket: Sendable {
  enum Line: Sendable {
    /// A message on a channel.
    case message(UInt8, [UInt8])
    /// Bytes as they are, where frames belong.
    case raw([UInt8])
    /// A message in so many fragments.
    case fragments(UInt8, [UInt8], Int)
    case ping
    /// Goes on once the client has sent something.
    case listen
    /// Ends the connection without a word.
    case cut
    /// Says nothing more.
    case silence
  }

  private let channel: any Channel
  let port: Int
  /// Requests that were upgraded.
  let heads: Heads

  final class Heads: Sendable {
    let all = Mutex<[HTTPRequestHead]>([])
    /// Messages that came from the client.
    let messages = Mutex<[[UInt8]]>([])
  }

  var messages: [[UInt8]] { heads.messages.withLock { $0 } }
  var requests: [HTTPRequestHead] { heads.all.withLock { $0 } }

  init(
    tls: TLSConfiguration? = nil, subprotocol: String = "v5.channel.k8s.io", _ script: [Line]
  ) async throws {
    let heads = Heads()
    self.heads = heads
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        let upgrader = NIOWebSocketServerUpgrader(
          shouldUpgrade: { channel, head in
            heads.all.withLock { $0.append(head) }
            return channel.eventLoop.makeSucceededFuture(
              ["Sec-WebSocket-Protocol": subprotocol])
          },
          upgradePipelineHandler: { channel, _ in
            channel.eventLoop.makeCompletedFuture {
              try channel.pipeline.syncOperations.addHandler(Speaker(script, heads))
            }
          })
        return channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let context { try pipeline.addHandler(NIOSSLServerHandler(context: context)) }
          try pipeline.configureHTTPServerPipeline(
            withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in }))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  func stop() async { try? await channel.close() }

  private final class Speaker: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame
    private var left: ArraySlice<Line>
    private let heads: Heads

    init(_ script: [Line], _ heads: Heads) {
      left = script[...]
      self.heads = heads
    }

    func handlerAdded(context: ChannelHandlerContext) {
      let loop = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      // Once the answer to the upgrade has gone out.
      context.eventLoop.execute {
        let (speaker, context) = loop.value
        speaker.goOn(context)
      }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let frame = unwrapInboundIn(data)
      guard frame.opcode == .binary else { return }
      defer { goOn(context) }
      heads.messages.withLock { $0.append(Array(frame.unmaskedData.readableBytesView)) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }

    private func goOn(_ context: ChannelHandlerContext) {
      while let line = left.popFirst() {
        if case .listen = line { return }
        say(line, context)
      }
    }

    private func say(_ line: Line, _ context: ChannelHandlerContext) {
      func write(_ opcode: WebSocketOpcode, _ bytes: [UInt8], fin: Bool = true) {
        let frame = WebSocketFrame(fin: fin, opcode: opcode, data: ByteBuffer(bytes: bytes))
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
      }
      switch line {
      case .message(let number, let bytes): write(.binary, [number] + bytes)
      case .fragments(let number, let bytes, let count):
        let all = [number] + bytes
        for index in 0..<count {
          let part = all[all.count * index / count..<all.count * (index + 1) / count]
          write(index == 0 ? .binary : .continuation, Array(part), fin: index == count - 1)
        }
      case .raw(let bytes):
        // Past the encoder, which is the first of the pipeline but for TLS.
        context.channel.pipeline.context(handlerType: WebSocketFrameEncoder.self)
          .assumeIsolated()
          .whenSuccess { $0.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil) }
      case .ping: write(.ping, Array("are you there".utf8))
      case .cut: context.close(promise: nil)
      case .silence, .listen: break
      }
    }
  }
}
