// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The digest that an image's tag points to in its registry (OCI distribution), without credentials;
/// `nil` where the registry does not have it.
struct RegistryDigest: Read {
  static let name = "registry.digest"
  private let image: String
  private let url: String
  private let agent: String
  private static let timeout = 15 * Unit.second
  private static let types = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
  ]

  init(_ arguments: Arguments) throws(WorldFailure) {
    image = try arguments.text("image")
    agent = arguments.agent
    guard let url = Self.manifestURL(image) else {
      throw arguments.mismatch("image", "an image such as registry.example/team/name:tag")
    }
    self.url = url
  }

  /// `docker.io/library/` is what is left out; registries on this machine are spoken to plainly.
  private static func manifestURL(_ image: String) -> String? {
    var rest = Substring(image)
    var reference = "latest"
    if let at = rest.lastIndex(of: "@") {
      reference = String(rest[rest.index(after: at)...])
      rest = rest[..<at]
    }
    let lastSlash = rest.lastIndex(of: "/") ?? rest.startIndex
    if let colon = rest[lastSlash...].lastIndex(of: ":") {
      if reference == "latest" { reference = String(rest[rest.index(after: colon)...]) }
      rest = rest[..<colon]
    }
    var parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    var host = "registry-1.docker.io"
    if parts.count > 1, parts[0].contains(".") || parts[0].contains(":") || parts[0] == "localhost"
    {
      host = parts.removeFirst()
      if host == "docker.io" { host = "registry-1.docker.io" }
    }
    if host == "registry-1.docker.io", parts.count == 1 { parts.insert("library", at: 0) }
    guard !reference.isEmpty, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    let isLocal = host.hasPrefix("localhost") || host.hasPrefix("127.0.0.1")
    let path = parts.map(KubePath.encode).joined(separator: "/")
    let tag = reference.hasPrefix("sha256:") ? reference : KubePath.encode(reference)
    return "\(isLocal ? "http" : "https")://\(host)/v2/\(path)/manifests/\(tag)"
  }

  func read() -> Flow<Document> { ask(token: nil) }

  private func ask(token: String?) -> Flow<Document> {
    var headers: [HTTPRequest.Header] = [
      .init("accept", Self.types.joined(separator: ", ")), .init("user-agent", agent),
    ]
    if let token { headers.append(.init("authorization", "Bearer \(token)")) }
    return get(url, headers).then { status, headers, _ in
      switch status {
      case 200:
        let digest = headers.first { $0.name == "docker-content-digest" }?.value
        return digest.map { .value(.string($0)) }
          ?? .failure(.refused("the registry gives no digest for \(image)"))
      case 404: return .value(.null)
      case 401 where token == nil:
        guard let challenge = headers.first(where: { $0.name == "www-authenticate" })?.value,
          let url = Self.tokenURL(challenge)
        else { return .failure(.refused("the registry wants credentials for \(image)")) }
        return self.token(url).then { ask(token: $0) }
      case 401, 403: return .failure(.refused("the registry wants credentials for \(image)"))
      case 429, 500...: return .failure(.busy("the registry answers \(status) for \(image)"))
      case _: return .failure(.refused("the registry answers \(status) for \(image)"))
      }
    }
  }

  private func token(_ url: String) -> Flow<String> {
    get(url, [.init("user-agent", agent)]).then { status, _, bytes in
      let body = (try? JSON.parse(bytes)) ?? .null
      guard status == 200,
        let token = body["token"]?.stringValue ?? body["access_token"]?.stringValue
      else { return .failure(.refused("the registry gives no token for \(image)")) }
      return .value(token)
    }
  }

  /// `Bearer realm="https://auth…",service="…",scope="…"` as the URL to ask for a token.
  private static func tokenURL(_ challenge: String) -> String? {
    guard challenge.lowercased().hasPrefix("bearer ") else { return nil }
    var values: [String: String] = [:]
    for part in challenge.dropFirst(7).split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2 else { continue }
      let name = pair[0].filter { $0 != " " }
      values[name] = pair[1].filter { $0 != "\"" }
    }
    guard let realm = values["realm"], realm.hasPrefix("http") else { return nil }
    let query = ["service", "scope"].compactMap { name in
      values[name].map { "\(name)=\(KubePath.encode($0))" }
    }
    return query.isEmpty ? realm : "\(realm)?\(query.joined(separator: "&"))"
  }

  private func get(
    _ url: String, _ headers: [HTTPRequest.Header]
  ) -> Flow<(Int, [HTTPRequest.Header], [UInt8])> {
    let request = HTTPRequest(
      method: .get, url: url, headers: headers, body: [], timeoutNanoseconds: Self.timeout)
    return .ask(.http(request)) { reply in
      switch reply.answer {
      case .text, .exited: .failure(.refused(Reply.notHTTP))
      case .failure(.refused(let message)): .failure(.refused(message))
      case .failure(let failure): .failure(.unreachable(failure.message))
      case .response(let status, let headers, let bytes): .value((status, headers, bytes))
      }
    }
  }
}
