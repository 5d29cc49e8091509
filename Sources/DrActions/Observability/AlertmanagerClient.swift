// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Requests to Alertmanager's API v2.
struct AlertmanagerClient {
  let base: String
  let agent: String
  private static let timeout = 10 * Unit.second

  init(_ arguments: Arguments) throws(WorldFailure) {
    var base = try arguments.webURL("url")
    while base.hasSuffix("/") { base.removeLast() }
    self.base = "\(base)/api/v2"
    agent = arguments.agent
  }

  struct Answer {
    let status: Int
    let headers: [HTTPRequest.Header]
    let body: Document
    /// Alertmanager's own clock, in seconds since 1970.
    let date: Int64?
  }

  func send(
    _ method: HTTPMethod, _ path: String, _ body: Document? = nil
  ) -> Flow<Answer> {
    var headers: [HTTPRequest.Header] = [
      .init("accept", "application/json"), .init("user-agent", agent),
    ]
    if body != nil { headers.append(.init("content-type", "application/json")) }
    let request = HTTPRequest(
      method: method, url: base + path, headers: headers,
      body: body.map { Array(JSON.write($0).utf8) } ?? [], timeoutNanoseconds: Self.timeout)
    return .ask(.http(request)) { reply in
      switch reply.answer {
      case .text, .exited, .executed, .message: return .failure(.refused(Reply.notHTTP))
      case .failure(.refused(let message)): return .failure(.refused(message))
      case .failure(.notSent(let message)): return .failure(.unreachable(message))
      case .failure(.lostAnswer(let message)):
        return .failure(method == .get ? .unreachable(message) : .inDoubt(message))
      case .response(let status, let headers, let bytes):
        let date = headers.first { $0.name == "date" }.flatMap { Timestamp.parseHTTPDate($0.value) }
        return .value(
          Answer(
            status: status, headers: headers, body: (try? JSON.parse(bytes)) ?? .null, date: date))
      }
    }
  }

  private func why(_ answer: Answer) -> String {
    if let said = answer.body.stringValue ?? answer.body["message"]?.stringValue {
      return ": \(said.prefix(300))"
    }
    let place = Redirect.text(answer.status, answer.headers)
    if !place.isEmpty { return place }
    switch answer.status {
    case 401, 403: return ": it wants credentials, such as a proxy in front of it may add"
    case 200..<500 where answer.status != 429:
      return
        ", which is no answer of API v2; the URL is that of Alertmanager 0.16 or later, with its prefix and "
        + "without /api/v2"
    case _: return ""
    }
  }

  func failure(_ what: String, _ answer: Answer) -> WorldFailure {
    let text = "cannot \(what): Alertmanager at \(base) answers \(answer.status)\(why(answer))"
    return answer.status == 429 || answer.status >= 500 ? .busy(text) : .refused(text)
  }
}
