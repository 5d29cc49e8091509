// SPDX-License-Identifier: Apache-2.0

import DrActions
import NIOCore
import NIOHTTP1

/// Gathers one answer, up to a limit.
struct AnswerCollector: AnswerTaker {
  /// What became of a request that was not answered.
  struct Lost: Error {
    let reason: any Error
    let isSent: Bool
  }

  private let limit: Int
  private let wanted: Int
  private let done: @Sendable (Result<Reply.Answer, any Error>) -> Void
  private var status = 0
  private var headers: [HTTPRequest.Header] = []
  private var body: [UInt8] = []
  /// Bytes of the body so far, those that are not kept too.
  private var received = 0

  /// Of a body of at most `limit` bytes the first `wanted` are kept.
  init(
    limit: Int, wanted: Int, done: @escaping @Sendable (Result<Reply.Answer, any Error>) -> Void
  ) {
    self.limit = limit
    self.wanted = wanted
    self.done = done
  }

  mutating func take(head: HTTPResponseHead) throws {
    status = Int(head.status.code)
    headers = head.headers.map { .init(Self.lowercased($0.name), $0.value) }
    guard let length = head.headers.first(name: "content-length").flatMap({ Int($0) }) else {
      return
    }
    guard length <= limit else { throw HTTPFailure.tooLarge(limit: limit) }
  }

  private static func lowercased(_ name: String) -> String {
    name.utf8.contains { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 } ? name.lowercased() : name
  }

  mutating func take(body: ByteBuffer) throws {
    received += body.readableBytes
    guard received <= limit else { throw HTTPFailure.tooLarge(limit: limit) }
    self.body.append(
      contentsOf: body.readableBytesView.prefix(max(0, wanted - self.body.count)))
  }

  func end(_ failure: (any Error)?, isSent: Bool) {
    if let failure {
      done(.failure(Lost(reason: failure, isSent: isSent)))
    } else {
      done(.success(.response(status: status, headers: headers, body: body)))
    }
  }
}
