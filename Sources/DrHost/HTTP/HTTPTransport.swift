// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import DrActions
import NIOCore
import NIOHTTP1
import NIOSSL

/// Sends single HTTP requests and says of each failure whether the request had left.
///
/// Connections are kept and used again. TLS is verified always: chain, and name or address.
/// Redirects are not followed: an API server that redirects is not the one that was asked.
package final class HTTPTransport: Sendable {
  /// Bytes of an answer that are read at most.
  package static let bodyLimit = 64 << 20
  private let client: HTTPClient

  /// What differs between targets.
  package struct Options: Sendable {
    package var connectNanoseconds: Int64 = 5_000_000_000
    /// Connections to one server at most; further requests wait for one.
    package var connectionsPerHost = 1000
    /// How long a connection is kept that nobody uses: shorter than what servers keep idle ones for,
    /// so that few requests meet a close.
    package var idleSeconds: Int64 = 20
    /// How long an answer may be silent; nil for as long as it takes.
    package var silenceNanoseconds: Int64?
    package var proxy: Proxy?
    /// Name that the certificate must be for, and the address to connect to instead of it.
    package var nameOverride: (name: String, address: String)?

    package init() {}
  }

  package enum Proxy: Sendable, Equatable {
    case http(host: String, port: Int, user: String?, password: String?)
    case socks5(host: String, port: Int)
  }

  package struct Message: Sendable {
    package let method: DrActions.HTTPMethod
    package let url: String
    package var headers: [HTTPRequest.Header]
    package let body: [UInt8]
    package var timeoutNanoseconds: Int64
    /// Bytes of the answer's body that are kept; nil for all.
    package let wantedBytes: Int?
    /// `nil` for the system's certificate authorities.
    package var tls: TLSConfiguration?

    package init(
      method: DrActions.HTTPMethod, url: String, headers: [HTTPRequest.Header], body: [UInt8],
      timeoutNanoseconds: Int64, wantedBytes: Int? = nil, tls: TLSConfiguration? = nil
    ) {
      self.method = method
      self.url = url
      self.headers = headers
      self.body = body
      self.timeoutNanoseconds = timeoutNanoseconds
      self.wantedBytes = wantedBytes
      self.tls = tls
    }
  }

  package init(_ options: Options = Options()) {
    NameLookup.prepare()
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      timeout: .init(
        connect: .nanoseconds(options.connectNanoseconds),
        read: options.silenceNanoseconds.map { .nanoseconds($0) }),
      // How many are open at once is the program's matter (`parallel limit`).
      connectionPool: .init(
        idleTimeout: .seconds(options.idleSeconds),
        concurrentHTTP1ConnectionsPerHostSoftLimit: options.connectionsPerHost),
      decompression: .disabled)
    configuration.httpVersion = .http1Only
    configuration.connectionPool.retryConnectionEstablishment = false
    switch options.proxy {
    case .none: break
    case .http(let host, let port, let user, let password):
      let authorization = user.map {
        HTTPClient.Authorization.basic(username: $0, password: password ?? "")
      }
      configuration.proxy = .server(host: host, port: port, authorization: authorization)
    case .socks5(let host, let port):
      configuration.proxy = .socksServer(host: host, port: port)
    }
    if let (name, address) = options.nameOverride { configuration.dnsOverride[name] = address }
    configuration.http1_1ConnectionDebugInitializer = PermitHandler.install
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  /// Nothing may be sent afterwards. Connections are closed in the background, where attempts to connect
  /// that are still going on can take seconds: nobody waits for them, and the end of the process does it too.
  package func shutdown() {
    Task { [client] in try? await client.shutdown() }
  }

  static func request(_ message: Message) throws -> HTTPClient.Request {
    var headers = HTTPHeaders()
    for header in message.headers { headers.add(name: header.name, value: header.value) }
    return try HTTPClient.Request(
      url: message.url, method: .init(rawValue: message.method.rawValue), headers: headers,
      body: message.body.isEmpty ? nil : .bytes(message.body), tlsConfiguration: message.tls)
  }

  func execute<Delegate: HTTPClientResponseDelegate>(
    _ request: HTTPClient.Request, _ delegate: Delegate, _ deadline: NIODeadline
  ) -> HTTPClient.Task<Delegate.Response> {
    client.execute(request: request, delegate: delegate, deadline: deadline)
  }

  /// The answer to one request. A cancelled task gives the request up.
  package func send(_ message: Message) async -> Reply.Answer {
    func text(_ error: any Error) -> String {
      "\(TransportText.target(message.url)): \(TransportText.reason(error))"
    }
    var request: HTTPClient.Request
    do {
      request = try Self.request(message)
    } catch {
      return .failure(.refused(text(error)))
    }
    let held = Permit.current.map(PermitHandler.open)
    defer { if let held { PermitHandler.close(held.value) } }
    if let held { request.headers.add(name: held.name, value: held.value) }
    // What answers to HEAD say of their length is that of what they leave out.
    let limit = message.method == .head ? Int.max : Self.bodyLimit
    let collector = ResponseCollector(limit: limit, wanted: message.wantedBytes ?? limit)
    let deadline = NIODeadline.now() + .nanoseconds(message.timeoutNanoseconds)
    let task = client.execute(request: request, delegate: collector, deadline: deadline)
    do {
      let response = try await withTaskCancellationHandler {
        try await task.futureResult.get()
      } onCancel: {
        task.cancel()
      }
      return .response(
        status: response.status, headers: response.headers, body: response.body)
    } catch {
      let text = text(error)
      if error is ResponseCollector.TooLarge, message.method == .get {
        return .failure(.refused(text))
      }
      if !collector.isSent, TransportText.isUntrusted(error) { return .failure(.refused(text)) }
      return .failure(collector.isSent ? .lostAnswer(text) : .notSent(text))
    }
  }
}
