// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun

/// Gets answers to single requests: the network, or what a test puts in its place.
package protocol RequestSender: Sendable {
  func send(_ request: Request) async -> Reply.Answer
  /// Of a clock that only goes on.
  var nowNanoseconds: Int64 { get }
  /// Waits; fails where the task is cancelled.
  func pause(nanoseconds: Int64) async throws
}

extension RequestSender {
  package var nowNanoseconds: Int64 { WallClock.monotonicNanoseconds() }

  package func pause(nanoseconds: Int64) async throws {
    try await Task.sleep(for: .nanoseconds(nanoseconds))
  }
}

extension RequestSender {
  /// Carries out one call. A cancelled task ends between two orders as `busy`, or in the midst of
  /// one as that order's failure: `inDoubt` where a change had been sent.
  package func converse(
    _ call: WorldCall, _ phase: CallPhase
  ) async -> Result<Document, WorldFailure> {
    var exchange: any Exchange
    do throws(WorldFailure) {
      exchange = try Drivers.exchange(for: call, phase: phase)
    } catch {
      return .failure(error.masked)
    }
    var reply: Reply?
    while true {
      let step = exchange.next(reply)
      switch step {
      case .finish(let document): return .success(document)
      case .fail(let failure): return .failure(failure.masked)
      case .send(let request):
        let permit = Permit.current
        if Task.isCancelled || permit?.allows() == false {
          return .failure(.busy("\(call.name) was given up"))
        }
        let start = WallClock.monotonicNanoseconds()
        let answer = await send(request)
        if request.mayChange, !answer.isNotSent { permit?.noteChange() }
        reply = Reply(
          answer, elapsedNanoseconds: WallClock.monotonicNanoseconds() - start)
      case .sleep(let nanoseconds):
        do {
          try await pause(nanoseconds: nanoseconds)
        } catch {
          return .failure(.busy("\(call.name) was given up"))
        }
        reply = nil
      }
    }
  }

  /// Carries out one conversation with a cluster. A cancelled task ends between two requests as
  /// `busy`.
  package func carryOut<Value>(_ flow: Flow<Value>) async -> Result<Value, WorldFailure> {
    var flow = flow
    while true {
      switch flow {
      case .value(let value): return .success(value)
      case .failure(let failure): return .failure(failure.masked)
      case .ask(let request, let resume):
        if Task.isCancelled { return .failure(.busy("it was given up")) }
        let start = WallClock.monotonicNanoseconds()
        let answer = await send(request)
        flow = resume(
          Reply(answer, elapsedNanoseconds: WallClock.monotonicNanoseconds() - start))
      case .sleep(let nanoseconds, let resume):
        do {
          try await pause(nanoseconds: nanoseconds)
        } catch {
          return .failure(.busy("it was given up"))
        }
        flow = resume()
      }
    }
  }
}
