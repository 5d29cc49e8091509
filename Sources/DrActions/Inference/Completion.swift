// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// How to ask an inference endpoint for text, and what counts as an answer.
///
/// A probe that only looks at a status, or at `/health`, calls an engine alive that sleeps or has
/// lost its weights; only a generated token shows that it serves.
struct Completion {
  enum API: String {
    /// `POST /infer` of a plain server: `{ prompt, max_tokens }` → `{ text }`.
    case infer
    /// `POST /v1/completions` as vLLM and SGLang serve it.
    case openai
  }

  enum Outcome {
    case generated(String)
    /// Alive, but cannot now (429, 503): how long it asks to wait, in nanoseconds.
    case saturated(String, pause: Int64?)
    /// An answer that is no generation, and whether the server will never give one.
    case failed(String, isFinal: Bool)
    case noAnswer(TransportFailure)
  }

  let base: String
  let api: API
  /// Empty where any model will do.
  let model: String
  let agent: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    var base = try arguments.text("url")
    while base.hasSuffix("/") { base.removeLast() }
    guard ["http://", "https://", PodAddress.scheme].contains(where: base.hasPrefix) else {
      throw arguments.mismatch("url", "an http or https URL, or one of kube.forward")
    }
    self.base = base
    guard let api = API(rawValue: try arguments.string("api")) else {
      throw arguments.mismatch("api", "\"infer\" or \"openai\"")
    }
    self.api = api
    model = try arguments.optionalString("model") ?? ""
    agent = arguments.agent
  }

  var url: String { base + (api == .infer ? "/infer" : "/v1/completions") }

  /// Asks once, and says how long it took, in nanoseconds.
  func ask(
    prompt: String, maxTokens: Int64, timeout: Int64
  ) -> Flow<(outcome: Outcome, elapsed: Int64)> {
    var body = DocumentObject()
    if api == .openai { body["model"] = .string(model) }
    body["prompt"] = .string(prompt)
    body["max_tokens"] = .int(maxTokens)
    if api == .openai { body["temperature"] = 0 }
    let request = HTTPRequest(
      method: .post, url: url,
      headers: [
        .init("content-type", "application/json"), .init("accept", "application/json"),
        .init("user-agent", agent),
      ],
      body: Array(JSON.write(.object(body)).utf8), timeoutNanoseconds: timeout)
    return .ask(.http(request)) { reply in
      .value((outcome(reply), reply.elapsedNanoseconds))
    }
  }

  private func outcome(_ reply: Reply) -> Outcome {
    switch reply.answer {
    case .failure(let failure): return .noAnswer(failure)
    case .text, .exited, .executed, .message: return .failed(Reply.notHTTP, isFinal: true)
    case .response(let status, let headers, let bytes):
      if status == 429 || status == 503 {
        let pause = headers.first { $0.name == "retry-after" }.flatMap { Int64($0.value) }
        return .saturated(
          "\(url) answers \(status)\(detail(bytes)): "
            + (status == 429
              ? "it has more to do than it takes" : "it loads its model, is paused or full"),
          pause: pause.flatMap { $0 >= 0 && $0 <= 3600 ? $0 * Unit.second : nil })
      }
      guard (200..<300).contains(status) else {
        return .failed("\(url) answers \(status)\(detail(bytes))", isFinal: status < 500)
      }
      do throws(DataError) {
        return generation(try JSON.parse(bytes))
      } catch {
        return .failed("\(url) answers \(status) with what is no JSON", isFinal: false)
      }
    }
  }

  private func generation(_ answer: Document) -> Outcome {
    if !model.isEmpty, let served = answer["model"]?.stringValue, served != model {
      return .failed("\(url) serves \(served), not \(model)", isFinal: true)
    }
    switch api {
    case .infer:
      for name in ["text", "output", "response"] {
        if let text = answer[name]?.stringValue, !text.isEmpty { return .generated(text) }
      }
    case .openai:
      let text = answer["choices"]?.arrayValue?.first?["text"]?.stringValue ?? ""
      let tokens = answer["usage"]?["completion_tokens"]?.intValue ?? 0
      if !text.isEmpty || tokens >= 1 { return .generated(text) }
    }
    return .failed("\(url) generated nothing", isFinal: false)
  }

  /// What an error body says, shortened.
  private func detail(_ bytes: [UInt8]) -> String {
    guard let body = try? JSON.parse(bytes) else { return "" }
    let message =
      body["error"]?["message"]?.stringValue ?? body["message"]?.stringValue
      ?? body["error"]?.stringValue
    return message.map { ": \($0.prefix(200))" } ?? ""
  }
}
