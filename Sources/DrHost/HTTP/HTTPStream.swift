// SPDX-License-Identifier: Apache-2.0

import DrActions
import NIOCore
import NIOHTTP1

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
    do {
      return try await exchange(message) { StreamTaker(begun: begun, take: take, done: $0) }
    } catch {
      return .failed("\(TransportText.target(message.url)): \(TransportText.reason(error))")
    }
  }
}

private struct StreamTaker: AnswerTaker {
  /// Nothing further is wanted.
  private struct Enough: Error {}

  private static let errorMax = 1 << 16
  let begun: @Sendable () -> Void
  let take: @Sendable (ByteBufferView) -> Bool
  let done: @Sendable (Result<StreamEnd, any Error>) -> Void
  private var refusal: (status: Int, body: [UInt8])?

  init(
    begun: @escaping @Sendable () -> Void, take: @escaping @Sendable (ByteBufferView) -> Bool,
    done: @escaping @Sendable (Result<StreamEnd, any Error>) -> Void
  ) {
    self.begun = begun
    self.take = take
    self.done = done
  }

  mutating func take(head: HTTPResponseHead) {
    if head.status == .ok { begun() } else { refusal = (Int(head.status.code), []) }
  }

  mutating func take(body: ByteBuffer) throws {
    if let refused = refusal?.body.count {
      if refused < Self.errorMax { refusal?.body.append(contentsOf: body.readableBytesView) }
    } else if !take(body.readableBytesView) {
      throw Enough()
    }
  }

  mutating func end(_ failure: (any Error)?, isSent: Bool) {
    switch failure {
    case nil: done(.success(refusal.map { .status($0.status, $0.body) } ?? .closed))
    case is Enough: done(.success(.closed))
    case let error?: done(.failure(error))
    }
  }
}
