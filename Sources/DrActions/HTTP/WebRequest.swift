// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// A request to an HTTP server that a program names, and what its answers mean.
struct WebRequest {
  let method: HTTPMethod
  let url: String
  private let headers: [HTTPRequest.Header]
  private let body: [UInt8]
  private let timeout: Int64
  /// The status that is wanted; `nil` for any from 200 to 299.
  private let status: Int64?

  /// Longer bodies are cut: they are kept in the journal.
  private static let bodyMax = 64 << 10

  init(_ arguments: Arguments, _ method: HTTPMethod) throws(WorldFailure) {
    self.method = method
    url = try arguments.webURL("url")
    timeout = try arguments.optionalInt("timeout") ?? 10 * Unit.second
    guard timeout > 0 else { throw arguments.mismatch("timeout", "more than nothing") }
    status = try arguments.optionalInt("status")
    var headers = [
      HTTPRequest.Header("user-agent", arguments.agent), .init("accept", "application/json, */*"),
    ]
    var body: [UInt8] = []
    if method != .get {
      headers.append(.init("idempotency-key", arguments.call.key))
      if let fence = arguments.fence { headers.append(.init("dr-fence", fence)) }
      switch arguments.call.arguments["body"] {
      case nil, .null: break
      case .string(let text): body = Array(text.utf8)
      case let document?:
        headers.append(.init("content-type", "application/json"))
        body = Array(JSON.write(document).utf8)
      }
    }
    for member in arguments.call.arguments["headers"]?.objectValue?.members ?? [] {
      guard let value = member.value.stringValue, !value.utf8.contains(where: { $0 < 0x20 }) else {
        throw arguments.mismatch("headers", "texts by name, each on one line")
      }
      headers.removeAll { $0.name == member.name.lowercased() }
      headers.append(.init(member.name.lowercased(), value))
    }
    self.headers = headers
    self.body = body
  }

  enum Outcome {
    case success(Document)
    case failure(WorldFailure)
    /// It is not known whether a change happened.
    case doubt(String)
  }

  /// Sends it, and again as often as the server says how long to wait and that ends within the
  /// timeout. `{ status, body }`.
  func send() -> Flow<Outcome> { send(left: timeout) }

  private func send(left: Int64) -> Flow<Outcome> {
    let request = HTTPRequest(
      method: method, url: url, headers: headers, body: body, timeoutNanoseconds: left,
      wantedBytes: Self.bodyMax)
    return .ask(.http(request)) { reply in
      let rest = left - reply.elapsedNanoseconds
      guard let pause = pause(reply), pause < rest else { return .value(outcome(reply)) }
      return .sleep(nanoseconds: pause) { send(left: rest - pause) }
    }
  }

  /// What `Retry-After` asks for, of an answer that nothing was done.
  private func pause(_ reply: Reply) -> Int64? {
    guard case .response(let status, let headers, _) = reply.answer,
      status == 429 || status == 503, self.status != Int64(status),
      let seconds = headers.first(where: { $0.name == "retry-after" }).flatMap({ Int64($0.value) }),
      seconds >= 0, seconds <= 3_600
    else { return nil }
    return max(1, seconds) * Unit.second
  }

  private func outcome(_ reply: Reply) -> Outcome {
    switch reply.answer {
    case .text, .exited, .executed, .message: return .failure(.refused(Reply.notHTTP))
    case .failure(.notSent(let message)): return .failure(.unreachable(message))
    case .failure(.refused(let message)): return .failure(.refused(message))
    case .failure(.lostAnswer(let message)):
      return method == .get ? .failure(.unreachable(message)) : .doubt(message)
    case .response(let status, let headers, let bytes):
      let text = SecretText.mask(String(decoding: bytes.prefix(Self.bodyMax), as: UTF8.self))
      let isWanted = self.status.map { $0 == status } ?? (200..<300).contains(status)
      if isWanted { return .success(["status": .int(Int64(status)), "body": .string(text)]) }
      let wanted = self.status.map(String.init) ?? "2xx"
      let detail = text.split(whereSeparator: \.isNewline).first.map { ": \($0.prefix(200))" } ?? ""
      let place = Redirect.text(status, headers)
      let message =
        "\(method.rawValue) \(url) answers \(status), not \(wanted)\(place.isEmpty ? detail : place)"
      switch status {
      case 429, 503: return .failure(.busy(message))
      case 500...: return method == .get ? .failure(.busy(message)) : .doubt(message)
      case _: return .failure(.refused(message))
      }
    }
  }
}

/// Answers that lead elsewhere. Nobody follows them: whoever is named there is not who was asked, and would get the
/// credentials, too.
enum Redirect {
  /// Completes a sentence on an answer; empty where it leads nowhere.
  static func text(_ status: Int, _ headers: [HTTPRequest.Header]) -> String {
    guard (300..<400).contains(status), let place = headers.first(where: { $0.name == "location" })
    else { return "" }
    return
      ": it leads to \(place.value.prefix(300)), which is not followed; name that address if it is meant"
  }
}

extension Arguments {
  /// An http or https URL, one of `kube.forward`, or `env:NAME`: the URL that the environment variable of that name holds,
  /// which the program, the journal and its reports never see.
  func webURL(_ name: String) throws(WorldFailure) -> String {
    let url = try text(name)
    let schemes = ["http://", "https://", "env:", PodAddress.scheme]
    guard schemes.contains(where: url.hasPrefix) else {
      throw mismatch(name, "an http or https URL, or env:NAME")
    }
    guard !URLPassword.isIn(url) else { throw .refused(URLPassword.refusal) }
    return url
  }
}
