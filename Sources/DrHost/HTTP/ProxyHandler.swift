// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Speaks to a proxy until it has connected.
final class ProxyHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  struct Refusal: Error, CustomStringConvertible { let description: String }

  private var greeting: ProxyGreeting
  private let done: EventLoopPromise<Void>

  private init(_ greeting: ProxyGreeting, _ done: EventLoopPromise<Void>) {
    self.greeting = greeting
    self.done = done
  }

  static func greet(_ greeting: ProxyGreeting, on channel: any Channel) -> EventLoopFuture<Void> {
    channel.eventLoop.flatSubmit {
      let done = channel.eventLoop.makePromise(of: Void.self)
      do {
        try channel.pipeline.syncOperations.addHandler(ProxyHandler(greeting, done))
        channel.writeAndFlush(ByteBuffer(bytes: greeting.opening), promise: nil)
      } catch {
        done.fail(error)
      }
      return done.futureResult
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch greeting.next(Array(unwrapInboundIn(data).readableBytesView)) {
    case .wait: break
    case .send(let bytes):
      context.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
    case .connected: context.pipeline.syncOperations.removeHandler(self).cascade(to: done)
    case .refused(let why): done.fail(Refusal(description: why))
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
