// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// The way to a server for a connection that will not stay HTTP: through a proxy where there is one, with TLS
/// where the server has it.
struct Route: Sendable {
  /// Of the server; IPv6 addresses without brackets.
  let host: String
  let port: Int
  let proxy: HTTPTransport.Proxy?
  /// `nil` for none.
  let tls: TLSConfiguration?
  /// Whom the certificate must be for.
  let name: String

  private static let connectTimeout = TimeAmount.seconds(5)

  /// A channel over which the server is spoken to. `opened` is told of it first of all, so that it can be closed.
  func open(_ opened: @Sendable (any Channel) -> Void) async throws -> any Channel {
    NameLookup.prepare()
    let first: (host: String, port: Int) =
      switch proxy {
      case nil: (host, port)
      case .http(let host, let port, _, _), .socks5(let host, let port): (host, port)
      }
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(Self.connectTimeout)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connect(host: first.host, port: first.port).get()
    opened(channel)
    do {
      if let greeting = ProxyGreeting(proxy, host: host, port: port) {
        try await ProxyHandler.greet(greeting, on: channel)
      }
      if let tls {
        try await HandshakeHandler.encrypt(channel, try NIOSSLContext(configuration: tls), name)
      }
      return channel
    } catch {
      channel.close(promise: nil)
      throw error
    }
  }
}

/// Waits until there is a TLS session.
private final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  private let done: EventLoopPromise<Void>

  init(_ done: EventLoopPromise<Void>) { self.done = done }

  static func encrypt(
    _ channel: any Channel, _ context: NIOSSLContext, _ name: String
  ) async throws {
    // An address is no name to ask for; it is held against the certificate as it is.
    let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
    try await channel.eventLoop.flatSubmit {
      let done = channel.eventLoop.makePromise(of: Void.self)
      do {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([
          try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : name),
          HandshakeHandler(done),
        ])
      } catch {
        done.fail(error)
      }
      return done.futureResult
    }.get()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent {
      context.pipeline.syncOperations.removeHandler(self).cascade(to: done)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    done.fail(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    done.fail(ChannelError.eof)
    context.fireChannelInactive()
  }
}
