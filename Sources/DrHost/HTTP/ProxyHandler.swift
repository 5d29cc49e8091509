// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Speaks to a proxy until it has connected.
final class ProxyHandler: OpeningHandler {
  typealias InboundIn = ByteBuffer
  struct Refusal: Error, CustomStringConvertible { let description: String }

  private var greeting: ProxyGreeting
  let done: EventLoopPromise<Void>

  private init(_ greeting: ProxyGreeting, _ done: EventLoopPromise<Void>) {
    self.greeting = greeting
    self.done = done
  }

  static func greet(_ greeting: ProxyGreeting, on channel: any Channel) -> EventLoopFuture<Void> {
    channel.open { channel, done in
      try channel.pipeline.syncOperations.addHandler(ProxyHandler(greeting, done))
      channel.writeAndFlush(ByteBuffer(bytes: greeting.opening), promise: nil)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch greeting.next(Array(unwrapInboundIn(data).readableBytesView)) {
    case .wait: break
    case .send(let bytes):
      context.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
    case .connected: leave(context)
    case .refused(let why): done.fail(Refusal(description: why))
    }
  }
}
