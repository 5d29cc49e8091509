// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// The way to a server: through a proxy where there is one, with TLS where the server has it.
struct Route: Sendable {
  /// Of the server; IPv6 addresses without brackets.
  let host: String
  let port: Int
  let proxy: HTTPTransport.Proxy?
  /// `nil` for none.
  let tls: NIOSSLContext?
  /// Whom the certificate must be for.
  let name: String
  var connectNanoseconds: Int64 = 5_000_000_000
  /// False where the proxy is told with each request whom it is for.
  var isTunnel = true

  /// A channel over which the server is spoken to. `opened` is told of it first of all, so that it can be closed.
  func open(
    on loop: any EventLoop, _ opened: @escaping @Sendable (any Channel) -> Void
  ) -> EventLoopFuture<any Channel> {
    NameLookup.prepare()
    return connect(on: loop).flatMap { channel in
      opened(channel)
      let ready = loop.makePromise(of: Void.self)
      greet(channel).flatMap { encrypt(channel) }.cascade(to: ready)
      // A server that takes the connection and then says nothing holds nobody up.
      let alarm = loop.scheduleTask(in: .nanoseconds(connectNanoseconds)) {
        ready.fail(HTTPFailure.noConnection)
      }
      ready.futureResult.whenComplete { _ in alarm.cancel() }
      return ready.futureResult.map { channel }.flatMapError { error in
        channel.close(promise: nil)
        return loop.makeFailedFuture(error)
      }
    }
  }

  private func connect(on loop: any EventLoop) -> EventLoopFuture<any Channel> {
    let first: (host: String, port: Int) =
      switch proxy {
      case nil: (host, port)
      case .http(let host, let port, _, _), .socks5(let host, let port): (host, port)
      }
    let bootstrap = ClientBootstrap(group: loop)
      .connectTimeout(.nanoseconds(connectNanoseconds))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
    // An address needs no thread that looks it up.
    if let address = try? SocketAddress(ipAddress: first.host, port: first.port) {
      return bootstrap.connect(to: address)
    }
    return bootstrap.connect(host: first.host, port: first.port)
  }

  private func greet(_ channel: any Channel) -> EventLoopFuture<Void> {
    guard isTunnel, let greeting = ProxyGreeting(proxy, host: host, port: port) else {
      return channel.eventLoop.makeSucceededVoidFuture()
    }
    return ProxyHandler.greet(greeting, on: channel)
  }

  private func encrypt(_ channel: any Channel) -> EventLoopFuture<Void> {
    guard let tls else { return channel.eventLoop.makeSucceededVoidFuture() }
    return HandshakeHandler.encrypt(channel, tls, name)
  }
}

/// Waits until there is a TLS session.
private final class HandshakeHandler: OpeningHandler {
  typealias InboundIn = ByteBuffer
  let done: EventLoopPromise<Void>

  init(_ done: EventLoopPromise<Void>) { self.done = done }

  static func encrypt(
    _ channel: any Channel, _ context: NIOSSLContext, _ name: String
  ) -> EventLoopFuture<Void> {
    // An address is no name to ask for; it is held against the certificate as it is.
    let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
    return channel.open { channel, done in
      try channel.pipeline.syncOperations.addHandlers([
        try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : name),
        HandshakeHandler(done),
      ])
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent {
      leave(context)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func told(_ error: any Error, _ context: ChannelHandlerContext) -> any Error {
    guard TransportText.isUntrusted(error),
      let tls = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self),
      let certificate = tls.peerCertificate
    else { return error }
    return CertificateFault(certificate, at: DNSTransport.seconds()) ?? error
  }
}
