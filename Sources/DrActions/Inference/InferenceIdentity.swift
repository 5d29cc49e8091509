// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// What an engine says that it serves: `/v1/models`, and the engine's own page beside it, SGLang's
/// `/model_info` or vLLM's `/version`.
struct InferenceIdentity: Read {
  static let name = "inference.identity"
  private let client: EngineClient

  init(_ arguments: Arguments) throws(WorldFailure) { client = try EngineClient(arguments) }

  func read() -> Flow<Document> {
    client.models().then { models in
      client.send(.get, "/model_info").then { info in
        if info.status == 200, let path = info.body["model_path"]?.stringValue {
          return .value(
            identity(
              models, engine: "sglang", from: path,
              revision: info.body["weight_version"]?.stringValue))
        }
        return client.send(.get, "/version").map { page in
          let version = page.status == 200 ? page.body["version"]?.stringValue : nil
          return identity(
            models, engine: version == nil ? "" : "vllm",
            from: models.first?["root"]?.stringValue, version: version)
        }
      }
    }
  }

  private func identity(
    _ models: [Document], engine: String, from: String?, version: String? = nil,
    revision: String? = nil
  ) -> Document {
    [
      "models": .array(models.compactMap { $0["id"]?.stringValue }.map { .string($0) }),
      "longest": .int(models.first?["max_model_len"]?.intValue ?? 0),
      "engine": .string(engine), "version": .string(version ?? ""), "from": .string(from ?? ""),
      "revision": .string(revision ?? ""),
    ]
  }
}
