// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Loads a LoRA adapter into a vLLM engine (`/v1/load_lora_adapter`, served with
/// VLLM_ALLOW_RUNTIME_LORA_UPDATING only), read back from `/v1/models`.
struct InferenceLoadAdapter: Act {
  static let name = "inference.load_adapter"
  private let client: EngineClient
  private let adapter: String
  private let path: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    client = try EngineClient(arguments)
    adapter = try arguments.text("name")
    path = try arguments.text("path")
  }

  func observe() -> Flow<Observation> {
    client.hasModel(adapter).map { isLoaded in
      Observation(
        target: client.base, changes: isLoaded ? [] : ["adapter \(adapter) loaded from \(path)"],
        permissions: [], state: .null, result: .bool(isLoaded))
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    client.hasModel(adapter).then { isLoaded in
      if isLoaded { return .value(observed.result) }
      let body: Document = ["lora_name": .string(adapter), "lora_path": .string(path)]
      return client.send(.post, "/v1/load_lora_adapter", body).then { answer in
        guard answer.status == 200 else {
          return .failure(client.failure("load adapter \(adapter)", answer, isChange: true))
        }
        return .value(observed.result)
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    client.hasModel(adapter).map { $0 ? .done(observed.result) : .notDone }
  }
}
