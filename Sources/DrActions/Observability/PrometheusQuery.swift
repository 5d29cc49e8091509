// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// One number from Prometheus: an instant query whose answer is a scalar or has one series at most.
struct PrometheusQuery: Read {
  static let name = "prometheus.query"
  private let url: String
  private let base: String
  private let query: String
  private let timeout: Int64
  private let agent: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    var base = try arguments.webURL("url")
    while base.hasSuffix("/") { base.removeLast() }
    self.base = base
    query = try arguments.text("query")
    url = "\(base)/api/v1/query?query=\(KubePath.encode(query))"
    timeout = try arguments.int("timeout", atLeast: 1)
    agent = arguments.agent
  }

  func read() -> Flow<Document> {
    let request = HTTPRequest(
      method: .get, url: url,
      headers: [.init("accept", "application/json"), .init("user-agent", agent)], body: [],
      timeoutNanoseconds: timeout)
    return .ask(.http(request)) { reply in
      switch reply.answer {
      case .text, .exited, .executed, .message: return .failure(.refused(Reply.notHTTP))
      case .failure(.refused(let message)): return .failure(.refused(message))
      case .failure(let failure): return .failure(.unreachable(failure.message))
      case .response(let status, let headers, let bytes):
        let body = (try? JSON.parse(bytes)) ?? .null
        guard status == 200, body["status"]?.stringValue == "success", let data = body["data"]
        else {
          let text =
            "Prometheus at \(base) answers \(status) to `\(query)`\(why(status, headers, body))"
          return .failure(status == 429 || status >= 500 ? .busy(text) : .refused(text))
        }
        return number(data).then { number in
          // Of an answer from a part of what there is, nobody can tell that there is nothing.
          guard number == .null, let warning = body["warnings"]?.arrayValue?.first?.stringValue
          else { return .value(number) }
          return .failure(
            .busy(
              "Prometheus at \(base) gives no value for `\(query)`, and warns: \(warning.prefix(300))"
            ))
        }
      }
    }
  }

  private func why(_ status: Int, _ headers: [HTTPRequest.Header], _ body: Document) -> String {
    if let error = body["error"]?.stringValue { return ": \(error.prefix(300))" }
    let place = Redirect.text(status, headers)
    if !place.isEmpty { return place }
    switch status {
    case 401, 403: return ": it wants credentials, such as a proxy in front of it may add"
    case 200..<500 where status != 429:
      return
        ", which is no answer of its API; the URL is that of Prometheus, with its prefix and without /api/v1"
    case _: return ""
    }
  }

  /// `nil` where there is no series, or its value is no number.
  private func number(_ data: Document) -> Flow<Document> {
    let pair: Document?
    switch data["resultType"]?.stringValue {
    case "scalar": pair = data["result"]
    case "vector":
      let series = data["result"]?.arrayValue ?? []
      guard series.count <= 1 else {
        return .failure(
          .refused("`\(query)` gives \(series.count) series; aggregate them to one, as sum(…) does")
        )
      }
      guard let first = series.first else { return .value(.null) }
      pair = first["value"]
    case let other:
      return .failure(
        .refused("`\(query)` gives a \(other ?? "value without a type"), not one number"))
    }
    guard let items = pair?.arrayValue, items.count == 2, let text = items[1].stringValue,
      let value = Double(text)
    else { return .failure(.refused("Prometheus gives no sample for `\(query)`")) }
    return .value(value.isFinite ? .float(value) : .null)
  }
}
