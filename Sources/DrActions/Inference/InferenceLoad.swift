// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// How busy an engine is, from its Prometheus metrics; vLLM's and SGLang's names are known.
struct InferenceLoad: Read {
  static let name = "inference.load"
  private let client: EngineClient

  init(_ arguments: Arguments) throws(WorldFailure) { client = try EngineClient(arguments) }

  func read() -> Flow<Document> {
    client.send(.get, "/metrics").then { answer in
      guard answer.status == 200 else {
        return .failure(client.failure("read its metrics", answer, isChange: false))
      }
      let values = Self.values(answer.text)
      func first(_ names: String...) -> Double? { names.lazy.compactMap { values[$0] }.first }
      guard let running = first("vllm:num_requests_running", "sglang:num_running_reqs"),
        let waiting = first("vllm:num_requests_waiting", "sglang:num_queue_reqs")
      else {
        return .failure(
          .refused("\(client.base)/metrics has neither vLLM's nor SGLang's request counts"))
      }
      let cache =
        first("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc", "sglang:token_usage") ?? 0
      return .value([
        "running": .int(Int64(max(0, min(running, 1e9)))),
        "waiting": .int(Int64(max(0, min(waiting, 1e9)))),
        "cache": .int(Int64(max(0, min(cache, 1)) * Double(Unit.wholePercent) + 0.5)),
      ])
    }
  }

  /// The sum over all series of each name, of the text format (`name{labels} value`).
  private static func values(_ text: String) -> [String: Double] {
    var values: [String: Double] = [:]
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      let name = line.prefix { $0 != "{" && $0 != " " }
      let rest = line.dropFirst(name.count)
      let after = rest.hasPrefix("{") ? rest.drop { $0 != "}" }.dropFirst() : rest
      guard let number = after.split(separator: " ").first.flatMap({ Double($0) }),
        number.isFinite
      else { continue }
      values[String(name), default: 0] += number
    }
    return values
  }
}
