// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Puts a vLLM engine to sleep or wakes it (`/sleep`, `/wake_up`, read back by `/is_sleeping`;
/// served with VLLM_SERVER_DEV_MODE=1 only). A sleeping engine answers `/health` but generates
/// nothing.
struct EngineSleep {
  private let client: EngineClient
  private let isWanted: Bool
  private let path: String

  init(_ arguments: Arguments, sleeps: Bool) throws(WorldFailure) {
    client = try EngineClient(arguments)
    isWanted = sleeps
    if sleeps {
      let level = try arguments.int("level", atLeast: 0)
      guard level <= 2 else { throw arguments.mismatch("level", "0, 1 or 2") }
      path = "/sleep?level=\(level)"
    } else {
      path = "/wake_up"
    }
  }

  private func isSleeping() -> Flow<Bool> {
    client.send(.get, "/is_sleeping").then { answer in
      if answer.status == 404 {
        return .failure(
          .refused("\(client.base) cannot sleep: vLLM serves it with VLLM_SERVER_DEV_MODE=1 only"))
      }
      guard answer.status == 200, let value = answer.body["is_sleeping"]?.boolValue else {
        return .failure(client.failure("ask whether it sleeps", answer, isChange: false))
      }
      return .value(value)
    }
  }

  func observe() -> Flow<Observation> {
    isSleeping().map { isSleeping in
      Observation(
        target: client.base,
        changes: isSleeping == isWanted ? [] : [isWanted ? "put to sleep" : "woken up"],
        permissions: [], state: .null, result: .bool(isSleeping))
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    isSleeping().then { isSleeping in
      if isSleeping == isWanted { return .value(observed.result) }
      return client.send(.post, path).then { answer in
        guard answer.status == 200 else {
          let what = isWanted ? "put it to sleep" : "wake it up"
          return .failure(client.failure(what, answer, isChange: true))
        }
        return .value(observed.result)
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    isSleeping().map { $0 == isWanted ? .done(observed.result) : .notDone }
  }
}

/// Frees an engine's GPU memory.
struct InferenceSleep: Act {
  static let name = "inference.sleep"
  private let change: EngineSleep

  init(_ arguments: Arguments) throws(WorldFailure) {
    change = try EngineSleep(arguments, sleeps: true)
  }

  func observe() -> Flow<Observation> { change.observe() }
  func perform(_ observed: Observation) -> Flow<Document> { change.perform(observed) }
  func settle(_ observed: Observation) -> Flow<Settlement> { change.settle(observed) }
}
