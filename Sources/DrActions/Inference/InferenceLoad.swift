// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// How busy an engine is, from its metrics.
struct InferenceLoad: Read {
  static let name = "inference.load"
  private let client: EngineClient

  init(_ arguments: Arguments) throws(WorldFailure) { client = try EngineClient(arguments) }

  func read() -> Flow<Document> {
    EngineMetrics.read(client).then { metrics in
      guard let running = metrics.running, let waiting = metrics.waiting else {
        return .failure(
          .refused("\(client.base)/metrics has neither vLLM's nor SGLang's request counts"))
      }
      return .value([
        "running": .int(Int64(max(0, min(running, 1e9)))),
        "waiting": .int(Int64(max(0, min(waiting, 1e9)))),
        "cache": .int(
          Int64(max(0, min(metrics.cache ?? 0, 1)) * Double(Unit.wholePercent) + 0.5)),
      ])
    }
  }
}
