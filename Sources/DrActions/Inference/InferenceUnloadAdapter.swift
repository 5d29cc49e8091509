// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Takes a LoRA adapter out of a vLLM engine (`/v1/unload_lora_adapter`), read back from
/// `/v1/models`.
struct InferenceUnloadAdapter: Act {
  static let name = "inference.unload_adapter"
  private let client: EngineClient
  private let adapter: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    client = try EngineClient(arguments)
    adapter = try arguments.text("name")
  }

  func observe() -> Flow<Observation> {
    client.hasModel(adapter).map { isLoaded in
      Observation(
        target: client.base, changes: isLoaded ? ["adapter \(adapter) unloaded"] : [],
        permissions: [], state: .null, result: .bool(isLoaded))
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    client.hasModel(adapter).then { isLoaded in
      guard isLoaded else { return .value(observed.result) }
      let body: Document = ["lora_name": .string(adapter)]
      return client.send(.post, "/v1/unload_lora_adapter", body).then { answer in
        guard answer.status == 200 else {
          return .failure(client.failure("unload adapter \(adapter)", answer, isChange: true))
        }
        return .value(observed.result)
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    client.hasModel(adapter).map { $0 ? .notDone : .done(observed.result) }
  }
}
