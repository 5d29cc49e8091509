// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Does one thing on the way to a server, before anything is asked of it, and leaves the pipeline then. What goes wrong
/// meanwhile ends the way.
protocol OpeningHandler: ChannelInboundHandler, RemovableChannelHandler {
  /// Told once how it ended.
  var done: EventLoopPromise<Void> { get }
  /// The error as it is told.
  func told(_ error: any Error, _ context: ChannelHandlerContext) -> any Error
}

extension OpeningHandler {
  func told(_ error: any Error, _ context: ChannelHandlerContext) -> any Error { error }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    done.fail(told(error, context))
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    done.fail(ChannelError.eof)
    context.fireChannelInactive()
  }

  /// It is done, and has nothing more to say.
  func leave(_ context: ChannelHandlerContext) {
    context.pipeline.syncOperations.removeHandler(self).cascade(to: done)
  }
}

extension Channel {
  /// Waits for a handler that `start` puts into the pipeline with the promise that it has to keep.
  func open(
    _ start: @escaping @Sendable (any Channel, EventLoopPromise<Void>) throws -> Void
  ) -> EventLoopFuture<Void> {
    eventLoop.flatSubmit { [self] in
      let done = eventLoop.makePromise(of: Void.self)
      do {
        try start(self, done)
      } catch {
        done.fail(error)
      }
      return done.futureResult
    }
  }
}
