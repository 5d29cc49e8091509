// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// One of two states of a vLLM engine: how it is read, and what puts the engine into it. Both are
/// served with VLLM_SERVER_DEV_MODE=1 only.
struct EngineSwitch {
  /// Of the answer to a GET of `path`, whether the engine is in the state.
  struct State {
    let path: String
    let field: String
    /// Completes "cannot …", and "ask whether it …".
    let verb: String
    let question: String

    static let asleep = State(
      path: "/is_sleeping", field: "is_sleeping", verb: "sleep", question: "sleeps")
    static let paused = State(
      path: "/is_paused", field: "is_paused", verb: "pause", question: "is paused")
  }

  let client: EngineClient
  let state: State
  let isWanted: Bool
  /// What is posted to reach the wanted state.
  let path: String
  /// The change, as a plan and an error say it: "put to sleep".
  let change: String
  /// Whether requests that are under way are still to end once the state is read as reached.
  var drains = false

  func observe() -> Flow<Observation> {
    look().map { now in
      Observation(
        target: client.base, changes: now.isReached ? [] : [change], permissions: [],
        state: .null, result: .bool(now.holds))
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    look().then { now in
      if now.isReached { return .value(observed.result) }
      return client.send(.post, path).then { answer in
        guard answer.status == 200 else {
          return .failure(client.failure("have it \(change)", answer, isChange: true))
        }
        return .value(observed.result)
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    look().map { $0.isReached ? .done(observed.result) : .notDone }
  }

  /// Whether the engine is in the state, and whether what is wanted is reached: a draining engine
  /// has reached it once nothing runs in it; one without metrics, once it takes nothing new.
  private func look() -> Flow<(holds: Bool, isReached: Bool)> {
    client.send(.get, state.path).then { answer in
      if answer.status == 404 {
        return .failure(
          .refused(
            "\(client.base) cannot \(state.verb): vLLM serves it with VLLM_SERVER_DEV_MODE=1 only"))
      }
      guard answer.status == 200, let holds = answer.body[state.field]?.boolValue else {
        return .failure(
          client.failure("ask whether it \(state.question)", answer, isChange: false))
      }
      guard holds == isWanted, drains else { return .value((holds, holds == isWanted)) }
      return EngineMetrics.read(client)
        .map { (holds, ($0.running ?? 0) == 0) }
        .otherwise { _ in .value((holds, true)) }
    }
  }
}
