// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Requests about one image to its registry (OCI distribution 1.1). Where the registry asks for a
/// bearer token, one is fetched and kept for the requests that follow, until it is not accepted.
final class RegistryClient {
  struct Answer {
    let status: Int
    let headers: [HTTPRequest.Header]
    let body: [UInt8]

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
  }

  let image: ImageName
  private let agent: String
  /// Sent to the registry and to who gives its tokens; `env:NAME` is filled in by the host.
  private let authorization: String?
  private var token: String?
  private static let timeout = 15 * Unit.second
  /// Manifests in all forms that there are.
  private static let accept = HTTPRequest.Header(
    "accept",
    [
      "application/vnd.oci.image.index.v1+json",
      "application/vnd.docker.distribution.manifest.list.v2+json",
      "application/vnd.oci.image.manifest.v1+json",
      "application/vnd.docker.distribution.manifest.v2+json",
    ].joined(separator: ", "))

  init(_ image: ImageName, agent: String, authorization: String? = nil) {
    self.image = image
    self.agent = agent
    self.authorization = authorization
  }

  // MARK: What is asked

  /// The digest that a reference points to; `nil` where the registry does not have it.
  func digest() -> Flow<String?> {
    manifest(image.manifest).then { answer in
      guard let answer else { return .value(nil) }
      return answer.header("docker-content-digest").map { .value($0) }
        ?? .failure(.refused("the registry gives no digest for \(self.image.text)"))
    }
  }

  /// A manifest; `nil` where the registry does not have it.
  func manifest(_ path: String) -> Flow<Answer?> {
    send(.get, image.url(path), [Self.accept]).then { answer in
      switch answer.status {
      case 200: .value(answer)
      case 404: .value(nil)
      case _: self.failure(answer)
      }
    }
  }

  /// Whether the repository has a blob or a manifest.
  func has(_ path: String) -> Flow<Bool> {
    send(.head, image.url(path), [Self.accept]).then { answer in
      switch answer.status {
      case 200: .value(true)
      case 404: .value(false)
      case _: self.failure(answer)
      }
    }
  }

  /// What an answer means that is not among those that were looked for.
  func failure<Value>(_ answer: Answer) -> Flow<Value> {
    switch answer.status {
    case 401, 403: .failure(.refused(refusal(answer)))
    case 429, 500...:
      .failure(.busy("the registry answers \(answer.status) for \(image.text)"))
    case _:
      .failure(.refused("the registry answers \(answer.status) for \(image.text)\(detail(answer))"))
    }
  }

  private func refusal(_ answer: Answer) -> String {
    guard let authorization else {
      return
        "the registry wants credentials for \(image.text), and is asked without: only `authorization` of "
        + "registry.copy gives some, to the registry that is copied to"
    }
    return "the registry does not let \(authorization) do that with \(image.text) "
      + "(\(answer.status))\(detail(answer))"
  }

  /// `: manifest blob unknown to registry`, where the registry says why.
  private func detail(_ answer: Answer) -> String {
    let errors = (try? JSON.parse(answer.body))?["errors"]?.arrayValue
    return errors?.first?["message"]?.stringValue.map { ": \($0.prefix(200))" } ?? ""
  }

  // MARK: Sending

  /// The answer to a request, also where it is no success. Credentials go to the registry only.
  func send(
    _ method: HTTPMethod, _ url: String, _ headers: [HTTPRequest.Header] = [],
    body: [UInt8] = [], timeout: Int64 = timeout
  ) -> Flow<Answer> {
    let isOurs = url.hasPrefix(image.origin + "/")
    let sent = isOurs ? token.map { "Bearer \($0)" } ?? authorization : nil
    return ask(method, url, headers, sent, body, timeout).then { answer in
      guard isOurs, answer.status == 401,
        let realm = answer.header("www-authenticate").flatMap(Self.tokenURL)
      else { return .value(answer) }
      guard !(self.authorization != nil && url.hasPrefix("https:") && !realm.hasPrefix("https:"))
      else {
        return .failure(
          .refused(
            "the registry of \(self.image.text) wants its credentials sent to \(realm.prefix(200)), which has "
              + "no TLS: that is not done"))
      }
      // The challenge names what the token must be good for: one for pulling does not push.
      return self.fetchToken(realm).then { token in
        self.token = token
        return self.ask(method, url, headers, "Bearer \(token)", body, timeout)
      }
    }
  }

  private func ask(
    _ method: HTTPMethod, _ url: String, _ headers: [HTTPRequest.Header], _ authorization: String?,
    _ body: [UInt8], _ timeout: Int64
  ) -> Flow<Answer> {
    var all = headers + [.init("user-agent", agent)]
    if let authorization { all.append(.init("authorization", authorization)) }
    let request = HTTPRequest(
      method: method, url: url, headers: all, body: body, timeoutNanoseconds: timeout)
    return .ask(.http(request)) { reply in
      switch reply.answer {
      case .text, .exited, .executed, .message: .failure(.refused(Reply.notHTTP))
      case .failure(.refused(let message)): .failure(.refused(message))
      case .failure(let failure): .failure(.unreachable(failure.message))
      case .response(let status, let headers, let body):
        .value(Answer(status: status, headers: headers, body: body))
      }
    }
  }

  private func fetchToken(_ realm: String) -> Flow<String> {
    ask(.get, realm, [], authorization, [], Self.timeout).then { answer in
      let body = (try? JSON.parse(answer.body)) ?? .null
      guard answer.status == 200,
        let token = body["token"]?.stringValue ?? body["access_token"]?.stringValue
      else { return .failure(.refused("the registry gives no token for \(self.image.text)")) }
      return .value(token)
    }
  }

  /// `Bearer realm="https://auth…",service="…",scope="…"` as the URL to ask for a token.
  private static func tokenURL(_ challenge: String) -> String? {
    guard challenge.lowercased().hasPrefix("bearer ") else { return nil }
    var values: [String: String] = [:]
    // A comma stands in a scope, too: `repository:team/app:pull,push`.
    var rest = challenge.dropFirst(7)
    while let equals = rest.firstIndex(of: "="), let open = rest[equals...].firstIndex(of: "\"") {
      let name = rest[..<equals].filter { $0 != " " && $0 != "," }
      let text = rest[rest.index(after: open)...]
      guard let close = text.firstIndex(of: "\"") else { break }
      values[name] = String(text[..<close])
      rest = text[text.index(after: close)...]
    }
    guard let realm = values["realm"], realm.hasPrefix("http") else { return nil }
    let query = ["service", "scope"].compactMap { name in
      values[name].map { "\(name)=\(KubePath.encode($0))" }
    }
    return query.isEmpty ? realm : "\(realm)?\(query.joined(separator: "&"))"
  }
}
