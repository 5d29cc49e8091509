// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrBase
import DrData
import NIOCore
import NIOSSL

/// Requests to one API server as one user.
final class KubeConnection: Sendable {
  private static let requestTimeoutNanoseconds: Int64 = 30_000_000_000
  /// Bookmarks come every minute.
  private static let silenceNanoseconds: Int64 = 90_000_000_000
  /// What one run may ask of an API server at once.
  private static let connections = 100
  /// A bearer token for a server that is reached without TLS may go to this machine only.
  private static let loopbackHosts: Set<String> = ["localhost", "127.0.0.1", "[::1]"]

  private let base: String
  private let server: ServerAddress
  /// Whom the certificate must be for.
  private let name: String
  private let proxy: HTTPTransport.Proxy?
  private let isEncrypted: Bool
  private let isLoopback: Bool
  private let tls: TLSConfiguration
  private let transport: HTTPTransport
  /// For answers that have no end of their own.
  private let streams: HTTPTransport
  private let rate = RequestRate(perSecond: 100, burst: 200)
  private let credentials: KubeCredentialSource

  /// Fails where the kubeconfig asks for what cannot be, or is not allowed.
  init(
    _ resolved: Kubeconfig.Resolved, allowsInsecure: Bool, proxies: ProxyEnvironment
  ) throws(CredentialFailure) {
    let cluster = resolved.cluster
    let server = try ServerAddress(cluster.server, cluster: cluster.name)
    var options = HTTPTransport.Options()
    options.connectionsPerHost = Self.connections
    var authority = server.authority
    if let name = cluster.tlsServerName {
      options.nameOverride = (name, server.host)
      authority = server.port.map { "\(name):\($0)" } ?? name
    }
    if let proxy = cluster.proxyURL {
      options.proxy = try ProxyAddress.parse(
        proxy, named: "the proxy-url of cluster \(cluster.name)")
    } else {
      options.proxy = try proxies.proxy(for: server)
    }
    base = "\(server.scheme)://\(authority)"
    self.server = server
    name = cluster.tlsServerName ?? server.host.filter { $0 != "[" && $0 != "]" }
    proxy = options.proxy
    isEncrypted = server.scheme == "https"
    isLoopback = Self.loopbackHosts.contains(server.host)
    tls = try Self.trust(cluster, allowsInsecure: allowsInsecure)
    transport = HTTPTransport(options)
    options.silenceNanoseconds = Self.silenceNanoseconds
    streams = HTTPTransport(options)
    credentials = KubeCredentialSource(user: resolved.user, cluster: cluster)
  }

  func shutdown() {
    streams.shutdown()
    transport.shutdown()
  }

  /// Sends a watch; see `HTTPTransport.stream`.
  func stream(
    _ request: KubernetesRequest, seconds: Int64, begun: @escaping @Sendable () -> Void,
    take: @escaping @Sendable (ByteBufferView) -> Bool
  ) async -> StreamEnd {
    do throws(CredentialFailure) {
      let used = try await allowed()
      var message = try message(request, used)
      message.timeoutNanoseconds = seconds * 1_000_000_000
      message.headers[0] = .init("accept", WatchTarget.accepted)
      let end = await streams.stream(message, begun: begun, take: take)
      if case .status(401, _) = end, credentials.isRenewable { await credentials.discard(used) }
      return end
    } catch {
      return .failed(error.message)
    }
  }

  /// Credentials that may be sent to this server.
  private func allowed() async throws(CredentialFailure) -> KubeCredentials {
    let credentials = try await credentials.current()
    if !isEncrypted, !isLoopback, !credentials.headers.isEmpty {
      throw CredentialFailure(message: "credentials are not sent to \(base), which has no TLS")
    }
    return credentials
  }

  /// The answer; credentials that are not accepted are got anew once where that is possible. A 401
  /// comes before anything is done, so that a change may be sent again, too.
  func send(_ request: KubernetesRequest) async -> Reply.Answer {
    do throws(CredentialFailure) {
      let used = try await allowed()
      let answer = try await attempt(request, used)
      guard case .response(401, _, _) = answer, credentials.isRenewable else { return answer }
      await credentials.discard(used)
      return try await attempt(request, try await allowed())
    } catch {
      return .failure(.refused(error.message))
    }
  }

  /// The same for a request that becomes a WebSocket of one of `subprotocols`. Whether it does is known before anything
  /// is done, so a 401 is answered as above. `asked` is what failures name where the server only leads to it.
  func upgrade(
    _ request: KubernetesRequest, _ subprotocols: String, isAct: Bool, timeoutNanoseconds: Int64,
    to asked: String? = nil, _ speak: @escaping WebSocketCall.Speaker
  ) async -> WebSocketCall.End {
    func attempt(_ used: KubeCredentials) async throws(CredentialFailure) -> WebSocketCall.End {
      let message = try message(request, used)
      let context: NIOSSLContext?
      do {
        context = try message.tls.map { try transport.context($0) }
      } catch {
        throw CredentialFailure(message: "TLS with \(base) cannot be set up")
      }
      do {
        try await rate.wait()
      } catch {
        let text = "the request was given up"
        return .init(answer: .failure(.notSent(text)), isUpgraded: true)
      }
      let route = Route(
        host: server.host.filter { $0 != "[" && $0 != "]" },
        port: server.port ?? (isEncrypted ? 443 : 80), proxy: proxy, tls: context, name: name)
      let call = WebSocketCall(
        WebSocketCall.Opening(
          route: route, target: asked.map { "\($0) by \(base)" } ?? base, path: target(request),
          headers: [
            .init("host", String(base.drop { $0 != "/" }.dropFirst(2))),
            .init("sec-websocket-protocol", subprotocols),
          ] + message.headers, timeoutNanoseconds: timeoutNanoseconds, isAct: isAct))
      return await call.run(speak)
    }
    do throws(CredentialFailure) {
      let used = try await allowed()
      let end = try await attempt(used)
      guard case .response(401, _, _) = end.answer, !end.isUpgraded, credentials.isRenewable else {
        return end
      }
      await credentials.discard(used)
      return try await attempt(try await allowed())
    } catch {
      return .init(answer: .failure(.refused(error.message)), isUpgraded: true)
    }
  }

  private func attempt(
    _ request: KubernetesRequest, _ credentials: KubeCredentials
  ) async throws(CredentialFailure) -> Reply.Answer {
    let message = try message(request, credentials)
    do {
      try await rate.wait()
    } catch {
      return .failure(.notSent("the request was given up"))
    }
    let answer = await transport.send(message)
    // What is no object may be told to people, and say with what it was asked.
    guard case .response(let status, let headers, let body) = answer, status >= 400 else {
      return answer
    }
    return .response(
      status: status, headers: headers,
      body: SecretMask.own.hiding(credentials.secrets).mask(body))
  }

  private func message(
    _ request: KubernetesRequest, _ credentials: KubeCredentials
  ) throws(CredentialFailure) -> HTTPTransport.Message {
    var headers: [HTTPRequest.Header] = [
      .init("accept", "application/json"), .init("user-agent", request.agent),
    ]
    if let type = request.contentType { headers.append(.init("content-type", type)) }
    headers += credentials.headers
    return HTTPTransport.Message(
      method: request.method, url: base + target(request), headers: headers,
      body: request.body.map { Array(JSON.write($0).utf8) } ?? [],
      timeoutNanoseconds: Self.requestTimeoutNanoseconds,
      tls: isEncrypted ? try session(credentials) : nil)
  }

  /// Path and query.
  private func target(_ request: KubernetesRequest) -> String {
    var url = server.path + request.path
    for (index, item) in request.query.enumerated() {
      url += index == 0 ? "?" : "&"
      url += "\(URLText.encode(item.name))=\(URLText.encode(item.value))"
    }
    return url
  }

  /// The cluster's TLS settings with the user's certificate.
  private func session(_ credentials: KubeCredentials) throws(CredentialFailure) -> TLSConfiguration
  {
    guard let certificate = credentials.certificate, let key = credentials.key else { return tls }
    var session = tls
    do {
      session.certificateChain = try NIOSSLCertificate.fromPEMBytes(certificate)
        .map { .certificate($0) }
      session.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
    } catch {
      // The library's message is not passed on: it may quote the key.
      throw CredentialFailure(message: "the client certificate or its key is not valid PEM")
    }
    return session
  }

  private static func trust(
    _ cluster: Kubeconfig.Cluster, allowsInsecure: Bool
  ) throws(CredentialFailure) -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    if cluster.skipsVerification {
      guard allowsInsecure else {
        throw CredentialFailure(
          message: "cluster \(cluster.name) has insecure-skip-tls-verify, by which anybody could "
            + "answer in its place; give certificate-authority-data instead")
      }
      tls.certificateVerification = .none
    }
    if let authority = cluster.certificateAuthority {
      let bytes = try KubeCredentialSource.bytes(authority, "certificate authority")
      guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty
      else {
        throw CredentialFailure(
          message: "the certificate authority of cluster \(cluster.name) is not valid PEM")
      }
      tls.trustRoots = .certificates(certificates)
    }
    return tls
  }
}
