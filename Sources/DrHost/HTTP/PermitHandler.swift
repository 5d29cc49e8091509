// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Synchronization

/// Stands right before a connection's socket and holds each piece of a request to the permit of the act that sends it. What is
/// refused is not written, and the connection is closed: half a request changes nothing.
///
/// Requests wait for a turn of their event loop, for a name to be looked up, for a connection; only here is there nothing left to
/// wait for.
final class PermitHandler: ChannelOutboundHandler, RemovableChannelHandler {
  typealias OutboundIn = HTTPClientRequestPart
  typealias OutboundOut = HTTPClientRequestPart

  struct Refused: Error, CustomStringConvertible {
    var description: String { "it was not certain any more that this run may act" }
  }

  /// A header that never leaves the process: the number of the request's permit.
  private static let header = "dr-permit"
  private static let permits = Mutex<(last: Int, open: [String: Permit])>((0, [:]))

  /// Of the request that is being written.
  private var permit: Permit?
  private var isRefused = false

  /// Has a request's pieces held to a permit. `close` is to be called once it is over.
  static func open(_ permit: Permit) -> (name: String, value: String) {
    permits.withLock { permits in
      permits.last += 1
      permits.open["\(permits.last)"] = permit
      return (header, "\(permits.last)")
    }
  }

  static func close(_ number: String) { permits.withLock { $0.open[number] = nil } }

  /// For the connections of a client.
  @Sendable static func install(_ channel: any Channel) -> EventLoopFuture<Void> {
    channel.eventLoop.submit {
      let pipeline = channel.pipeline.syncOperations
      let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
      try pipeline.addHandler(PermitHandler(), position: .after(encoder))
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    var part = unwrapOutboundIn(data)
    if case .head(var head) = part, let number = head.headers.first(name: Self.header) {
      head.headers.remove(name: Self.header)
      part = .head(head)
      permit = Self.permits.withLock { $0.open[number] }
    }
    switch part {
    case .head, .body:
      if permit?.allows() == false { refuse(context) }
    // What is before it is all that there is of most requests: it can no more be kept back.
    case .end: permit = nil
    }
    if isRefused { return promise?.fail(Refused()) ?? () }
    context.write(wrapOutboundOut(part), promise: promise)
  }

  private func refuse(_ context: ChannelHandlerContext) {
    guard !isRefused else { return }
    isRefused = true
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    // Who writes is not told in the midst of it.
    context.eventLoop.execute {
      bound.value.fireErrorCaught(Refused())
      bound.value.close(promise: nil)
    }
  }
}
