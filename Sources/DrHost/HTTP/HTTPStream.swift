// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import DrActions
import NIOCore
import NIOHTTP1
import Synchronization

/// How an answer that comes bit by bit ended.
package enum StreamEnd: Sendable, Equatable {
  /// By the server, after a good beginning.
  case closed
  /// With another status than 200; the first bytes of its body.
  case status(Int, [UInt8])
  /// On the way, also by silence.
  case failed(String)
}

extension HTTPTransport {
  /// Sends a request whose answer has no end of its own. `begun` is told once the head is there with
  /// status 200, `take` every piece of the body, in order; false ends it. A cancelled task gives it up.
  func stream(
    _ message: Message, begun: @escaping @Sendable () -> Void,
    take: @escaping @Sendable (ByteBufferView) -> Bool
  ) async -> StreamEnd {
    let target = TransportText.target(message.url)
    let request: HTTPClient.Request
    do {
      request = try Self.request(message)
    } catch {
      return .failed("\(target): \(TransportText.reason(error))")
    }
    let collector = StreamCollector(begun: begun, take: take)
    let deadline = NIODeadline.now() + .nanoseconds(message.timeoutNanoseconds)
    let task = execute(request, collector, deadline)
    do {
      return try await withTaskCancellationHandler {
        try await task.futureResult.get()
      } onCancel: {
        task.cancel()
      }
    } catch is StreamCollector.Enough {
      return .closed
    } catch {
      return .failed("\(target): \(TransportText.reason(error))")
    }
  }
}

private final class StreamCollector: HTTPClientResponseDelegate {
  typealias Response = StreamEnd
  struct Enough: Error {}

  private static let errorMax = 1 << 16
  private let begun: @Sendable () -> Void
  private let take: @Sendable (ByteBufferView) -> Bool
  private let refusal = Mutex<(status: Int, body: [UInt8])?>(nil)

  init(
    begun: @escaping @Sendable () -> Void, take: @escaping @Sendable (ByteBufferView) -> Bool
  ) {
    self.begun = begun
    self.take = take
  }

  func didReceiveHead(
    task: HTTPClient.Task<Response>, _ head: HTTPResponseHead
  ) -> EventLoopFuture<Void> {
    if head.status == .ok {
      begun()
    } else {
      refusal.withLock { $0 = (Int(head.status.code), []) }
    }
    return task.eventLoop.makeSucceededVoidFuture()
  }

  func didReceiveBodyPart(
    task: HTTPClient.Task<Response>, _ buffer: ByteBuffer
  ) -> EventLoopFuture<Void> {
    let isRefused = refusal.withLock { refusal in
      guard refusal != nil else { return false }
      if refusal?.body.count ?? 0 < Self.errorMax {
        refusal?.body.append(contentsOf: buffer.readableBytesView)
      }
      return true
    }
    return isRefused || take(buffer.readableBytesView)
      ? task.eventLoop.makeSucceededVoidFuture() : task.eventLoop.makeFailedFuture(Enough())
  }

  func didFinishRequest(task: HTTPClient.Task<Response>) throws -> Response {
    refusal.withLock { $0.map { .status($0.status, $0.body) } ?? .closed }
  }
}
