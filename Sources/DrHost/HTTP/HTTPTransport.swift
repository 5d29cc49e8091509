// SPDX-License-Identifier: Apache-2.0

import DrActions
import NIOCore
import NIOSSL

/// Sends single HTTP requests and says of each failure whether the request had left.
///
/// Connections are kept and used again. TLS is verified always: chain, and name or address.
/// Redirects are not followed: an API server that redirects is not the one that was asked.
package final class HTTPTransport: Sendable {
  /// Bytes of an answer that are read at most.
  package static let bodyLimit = 64 << 20
  private let options: Options
  private let loop = EventLoops.one
  private let contexts = TLSContexts()
  private let pools: NIOLoopBoundBox<Pools>

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
    self.options = options
    pools = .makeBoxSendingValue(Pools(), eventLoop: loop)
  }

  /// What is made of these settings of TLS, once for all connections.
  func context(_ settings: TLSConfiguration) throws -> NIOSSLContext {
    try contexts.context(settings)
  }

  /// Connections are closed in the background, what waits for one ends, and nothing is sent afterwards.
  package func shutdown() {
    loop.execute { [pools] in
      for pool in pools.value.known.values { pool.shutdown() }
      pools.value.isShut = true
    }
  }

  /// The answer to one request. A cancelled task gives the request up.
  package func send(_ message: Message) async -> Reply.Answer {
    func text(_ error: any Error) -> String {
      "\(TransportText.target(message.url)): \(TransportText.reason(error))"
    }
    // What answers to HEAD say of their length is that of what they leave out.
    let limit = message.method == .head ? Int.max : Self.bodyLimit
    do {
      return try await exchange(message) {
        AnswerCollector(limit: limit, wanted: message.wantedBytes ?? limit, done: $0)
      }
    } catch let lost as AnswerCollector.Lost {
      let text = text(lost.reason)
      if case .tooLarge? = lost.reason as? HTTPFailure, message.method == .get {
        return .failure(.refused(text))
      }
      if !lost.isSent, TransportText.isUntrusted(lost.reason) { return .failure(.refused(text)) }
      return .failure(lost.isSent ? .lostAnswer(text) : .notSent(text))
    } catch {
      return .failure(.refused(text(error)))
    }
  }

  /// Carries out one exchange, whose answer goes to what `taker` makes, which must tell how it ended.
  /// Throws at once what is wrong with the request itself.
  func exchange<Answer: Sendable>(
    _ message: Message,
    _ taker:
      @escaping @Sendable (@escaping @Sendable (Result<Answer, any Error>) -> Void)
      -> any AnswerTaker
  ) async throws -> Answer {
    guard let target = HTTPTarget(message.url) else { throw HTTPFailure.invalidURL }
    let head = try RequestHead.make(message, target, options.proxy)
    let context = target.origin.isEncrypted ? try contexts.context(message.tls) : nil
    let deadline = NIODeadline.now() + .nanoseconds(message.timeoutNanoseconds)
    let silence = options.silenceNanoseconds.map { TimeAmount.nanoseconds($0) }
    let permit = Permit.current
    let ticket = NIOLoopBoundBox.makeBoxSendingValue(Ticket(), eventLoop: loop)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        loop.execute { [self] in
          let exchange = HTTPExchange(
            head: head, body: message.body, deadline: deadline, silence: silence,
            permit: permit, taker: taker { continuation.resume(with: $0) })
          if ticket.value.isGivenUp { return exchange.end(HTTPFailure.givenUp) }
          ticket.value.exchange = exchange
          pool(target.origin, context).begin(exchange)
        }
      }
    } onCancel: {
      loop.execute {
        ticket.value.isGivenUp = true
        ticket.value.exchange?.giveUp(HTTPFailure.givenUp)
      }
    }
  }

  /// How one who has sent a request gives it up.
  private struct Ticket {
    weak var exchange: HTTPExchange?
    var isGivenUp = false
  }

  // MARK: On the event loop

  private struct Server: Hashable {
    let origin: HTTPTarget.Origin
    let context: ObjectIdentifier?
  }

  private struct Pools {
    var known: [Server: HTTPConnectionPool] = [:]
    var isShut = false
  }

  private func pool(
    _ origin: HTTPTarget.Origin, _ context: NIOSSLContext?
  ) -> HTTPConnectionPool {
    let server = Server(origin: origin, context: context.map { ObjectIdentifier($0) })
    if let known = pools.value.known[server] { return known }
    let address = options.nameOverride.flatMap { $0.name == origin.host ? $0.address : nil }
    let route = Route(
      host: address ?? origin.host, port: origin.port, proxy: options.proxy, tls: context,
      name: origin.host, connectNanoseconds: options.connectNanoseconds,
      isTunnel: !RequestHead.isTold(options.proxy, of: origin))
    let pool = HTTPConnectionPool(route, options, on: loop)
    if pools.value.isShut { pool.shutdown() }
    pools.value.known = pools.value.known.filter { !$0.value.isEmpty }
    pools.value.known[server] = pool
    return pool
  }
}
