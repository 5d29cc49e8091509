// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// What an engine says of itself at `/metrics`; `nil` for what neither vLLM nor SGLang calls so.
/// SGLang serves it with `--enable-metrics` only.
struct EngineMetrics {
  /// Requests that it works on, and that wait.
  let running: Double?
  let waiting: Double?
  /// The used part of the KV cache, 0 to 1.
  let cache: Double?
  /// Tokens that it has generated since it started.
  let generated: Double?

  static func read(_ client: EngineClient) -> Flow<EngineMetrics> {
    client.send(.get, "/metrics").then { answer in
      guard answer.status == 200 else {
        return .failure(client.failure("read its metrics", answer, isChange: false))
      }
      return .value(EngineMetrics(answer.text))
    }
  }

  init(_ text: String) {
    let values = Self.values(text)
    func first(_ names: String...) -> Double? { names.lazy.compactMap { values[$0] }.first }
    running = first("vllm:num_requests_running", "sglang:num_running_reqs")
    waiting = first("vllm:num_requests_waiting", "sglang:num_queue_reqs")
    cache = first("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc", "sglang:token_usage")
    generated = first("vllm:generation_tokens_total", "sglang:generation_tokens_total")
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
