// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// A conversation as a value: either over, or an order together with how to go on. Actions are
/// written as flows, one step after the other, instead of as one state machine each.
///
/// Loops are functions that return a flow which ends in a call of themselves; the next turn only
/// runs once its reply is there, so no stack grows.
package indirect enum Flow<Value> {
  case value(Value)
  case failure(WorldFailure)
  case ask(Request, (Reply) -> Flow<Value>)
  case sleep(nanoseconds: Int64, () -> Flow<Value>)

  /// Goes on with the value once there is one; a failure stays as it is.
  package func then<Next>(_ next: @escaping (Value) -> Flow<Next>) -> Flow<Next> {
    switch self {
    case .value(let value): next(value)
    case .failure(let failure): .failure(failure)
    case .ask(let request, let resume): .ask(request) { resume($0).then(next) }
    case .sleep(let nanoseconds, let resume):
      .sleep(nanoseconds: nanoseconds) { resume().then(next) }
    }
  }

  /// Goes on after a failure; a value stays as it is.
  package func otherwise(_ next: @escaping (WorldFailure) -> Flow<Value>) -> Flow<Value> {
    switch self {
    case .value: self
    case .failure(let failure): next(failure)
    case .ask(let request, let resume): .ask(request) { resume($0).otherwise(next) }
    case .sleep(let nanoseconds, let resume):
      .sleep(nanoseconds: nanoseconds) { resume().otherwise(next) }
    }
  }

  package func map<Next>(_ transform: @escaping (Value) -> Next) -> Flow<Next> {
    then { .value(transform($0)) }
  }
}

/// A flow that is carried out step by step.
struct FlowExchange: Exchange {
  private enum State {
    case ready(Flow<Document>)
    case awaitingReply((Reply) -> Flow<Document>)
    case sleeping(() -> Flow<Document>)
    case over
  }
  private var state: State

  init(_ flow: Flow<Document>) { state = .ready(flow) }

  mutating func next(_ reply: Reply?) -> ExchangeStep {
    switch (state, reply) {
    case (.ready(let flow), _): return step(flow)
    case (.sleeping(let resume), _): return step(resume())
    case (.awaitingReply(let resume), .some(let reply)): return step(resume(reply))
    case (.awaitingReply, .none), (.over, _):
      return .fail(.unavailable("the exchange was driven out of turn"))
    }
  }

  private mutating func step(_ flow: Flow<Document>) -> ExchangeStep {
    switch flow {
    case .value(let document):
      state = .over
      return .finish(document)
    case .failure(let failure):
      state = .over
      return .fail(failure)
    case .ask(let request, let resume):
      state = .awaitingReply(resume)
      return .send(request)
    case .sleep(let nanoseconds, let resume):
      state = .sleeping(resume)
      return .sleep(nanoseconds: nanoseconds)
    }
  }
}
