// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Who takes an answer, on the event loop, piece by piece. What it throws ends the exchange.
protocol AnswerTaker {
  mutating func take(head: HTTPResponseHead) throws
  mutating func take(body: ByteBuffer) throws
  /// Told once, last of all: the whole answer was there, or why it was not, and whether the target may
  /// have seen the request.
  mutating func end(_ failure: (any Error)?, isSent: Bool)
}

/// One request on its way and its answer. It lives on the event loop.
final class HTTPExchange {
  let head: HTTPRequestHead
  let body: [UInt8]
  /// Until the whole answer is there.
  let deadline: NIODeadline
  /// How long the answer may be silent.
  let silence: TimeAmount?
  /// Asked right before it is written: it may have waited for an address, or for a connection.
  let permit: Permit?
  /// Whether it was written to a connection: from then on the target may have seen it.
  private(set) var isSent = false
  /// Whether it has been sent again, over a new connection, since the first had been closed meanwhile.
  private(set) var isRepeated = false
  /// What gives it up, where it is now.
  private var abandon: ((any Error) -> Void)?
  private var alarm: Scheduled<Void>?
  private var taker: (any AnswerTaker)?

  init(
    head: HTTPRequestHead, body: [UInt8], deadline: NIODeadline, silence: TimeAmount?,
    permit: Permit?, taker: any AnswerTaker
  ) {
    self.head = head
    self.body = body
    self.deadline = deadline
    self.silence = silence
    self.permit = permit
    self.taker = taker
  }

  /// Whether it may be sent once more without being asked for: it changes nothing.
  var isRepeatable: Bool { !isRepeated && (head.method == .GET || head.method == .HEAD) }

  /// It waits for a connection, no longer than its deadline.
  func wait(on loop: any EventLoop, abandon: @escaping (any Error) -> Void) {
    self.abandon = abandon
    alarm = loop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
      if let self { giveUp(HTTPFailure.noConnection) }
    }
  }

  /// It is written to a connection now, which sees to its deadline.
  func isWritten(abandon: @escaping (any Error) -> Void) {
    isSent = true
    self.abandon = abandon
    alarm?.cancel()
    alarm = nil
  }

  func willBeRepeated() { isRepeated = true }

  func take(head: HTTPResponseHead) throws { try taker?.take(head: head) }

  func take(body: ByteBuffer) throws { try taker?.take(body: body) }

  /// Ends it, wherever it is.
  func giveUp(_ error: any Error) {
    let abandon = abandon
    end(error)
    abandon?(error)
  }

  /// It is over; all but the first time mean nothing.
  func end(_ failure: (any Error)?) {
    alarm?.cancel()
    alarm = nil
    abandon = nil
    taker?.end(failure, isSent: isSent)
    taker = nil
  }
}
