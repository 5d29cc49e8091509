// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import DrActions
import NIOCore
import NIOHTTP1
import Synchronization

/// Gathers one response, up to a limit, and remembers whether the request had left.
final class ResponseCollector: HTTPClientResponseDelegate {
  struct Response: Sendable {
    var status = 0
    var headers: [HTTPRequest.Header] = []
    var body: [UInt8] = []
  }

  struct TooLarge: Error, CustomStringConvertible {
    let limit: Int
    var description: String { "the answer is larger than \(limit >> 20) MiB" }
  }

  private struct State {
    var response = Response()
    /// Bytes of the body so far, those that are not kept too.
    var received = 0
    var isSent = false
  }

  private let limit: Int
  private let wanted: Int
  private let state = Mutex(State())

  /// Of a body of at most `limit` bytes the first `wanted` are kept.
  init(limit: Int, wanted: Int) {
    self.limit = limit
    self.wanted = wanted
  }

  /// Whether the head of the request was written to a connection: from then on the target may have
  /// seen it.
  var isSent: Bool { state.withLock { $0.isSent } }

  func didSendRequestHead(task: HTTPClient.Task<Response>, _ head: HTTPRequestHead) {
    state.withLock { $0.isSent = true }
  }

  func didReceiveHead(
    task: HTTPClient.Task<Response>, _ head: HTTPResponseHead
  ) -> EventLoopFuture<Void> {
    state.withLock {
      $0.isSent = true
      $0.response.status = Int(head.status.code)
      $0.response.headers = head.headers.map { .init($0.name.lowercased(), $0.value) }
    }
    if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length > limit
    {
      return task.eventLoop.makeFailedFuture(TooLarge(limit: limit))
    }
    return task.eventLoop.makeSucceededVoidFuture()
  }

  func didReceiveBodyPart(
    task: HTTPClient.Task<Response>, _ buffer: ByteBuffer
  ) -> EventLoopFuture<Void> {
    let fits = state.withLock { state in
      state.received += buffer.readableBytes
      guard state.received <= limit else { return false }
      let room = max(0, wanted - state.response.body.count)
      state.response.body.append(contentsOf: buffer.readableBytesView.prefix(room))
      return true
    }
    return fits
      ? task.eventLoop.makeSucceededVoidFuture()
      : task.eventLoop.makeFailedFuture(TooLarge(limit: limit))
  }

  func didFinishRequest(task: HTTPClient.Task<Response>) throws -> Response {
    state.withLock { $0.response }
  }
}
