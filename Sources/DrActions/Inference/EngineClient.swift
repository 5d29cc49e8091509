// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Requests to an inference engine's own endpoints.
struct EngineClient {
  let base: String
  private let agent: String
  private let timeout: Int64

  init(_ arguments: Arguments) throws(WorldFailure) {
    var base = try arguments.webURL("url")
    while base.hasSuffix("/") { base.removeLast() }
    self.base = base
    agent = arguments.agent
    timeout = try arguments.optionalInt("timeout") ?? 10 * Unit.second
  }

  struct Answer {
    let status: Int
    let text: String

    var body: Document { (try? JSON.parse(Array(text.utf8))) ?? .null }
  }

  func send(_ method: HTTPMethod, _ path: String, _ body: Document? = nil) -> Flow<Answer> {
    var headers: [HTTPRequest.Header] = [.init("user-agent", agent)]
    if body != nil { headers.append(.init("content-type", "application/json")) }
    let request = HTTPRequest(
      method: method, url: base + path, headers: headers,
      body: body.map { Array(JSON.write($0).utf8) } ?? [], timeoutNanoseconds: timeout)
    return .ask(.http(request)) { reply in
      switch reply.answer {
      case .text, .exited, .executed, .message: .failure(.refused(Reply.notHTTP))
      case .failure(.refused(let message)): .failure(.refused(message))
      case .failure(.notSent(let message)): .failure(.unreachable(message))
      case .failure(.lostAnswer(let message)):
        .failure(method == .get ? .unreachable(message) : .inDoubt(message))
      case .response(let status, _, let bytes):
        .value(Answer(status: status, text: String(decoding: bytes, as: UTF8.self)))
      }
    }
  }

  /// The models and adapters that it lists.
  func models() -> Flow<[Document]> {
    send(.get, "/v1/models").then { answer in
      guard answer.status == 200, let models = answer.body["data"]?.arrayValue else {
        return .failure(failure("list its models", answer, isChange: false))
      }
      return .value(models)
    }
  }

  /// Whether it lists a model or adapter of that name.
  func hasModel(_ name: String) -> Flow<Bool> {
    models().map { $0.contains { $0["id"]?.stringValue == name } }
  }

  /// What a status that is none of success means; `what` completes "cannot …".
  func failure(_ what: String, _ answer: Answer, isChange: Bool) -> WorldFailure {
    let detail =
      answer.body["error"]?["message"]?.stringValue ?? answer.body["message"]?.stringValue
    var text =
      "cannot \(what): \(base) answers \(answer.status)"
      + (detail.map { ": \($0.prefix(300))" } ?? "")
    if answer.status == 503, detail == nil { text += ": it may still load its model" }
    if answer.status == 200 { text += " with something else than that" }
    switch answer.status {
    case 429, 503: return .busy(text)
    case 500...: return isChange ? .inDoubt(text) : .busy(text)
    case _: return .refused(text)
    }
  }
}
