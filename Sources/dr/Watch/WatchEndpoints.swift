// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrHost
import DrRun
import DrSystem
import Synchronization

/// What a watcher answers over HTTP: Alertmanager's webhook, probes and metrics.
final class WatchEndpoints: Sendable {
  /// Alerts for a policy (`nil`: for all), and where the answer goes.
  struct Delivery: Sendable {
    let alerts: [Alert]
    let policy: String?
    let reply: CheckedContinuation<HTTPServer.Response, Never>
  }

  let figures = Mutex(WatchFigures())
  private let policies: [String]
  private let leadership: Leadership
  private let token: WebhookToken?
  private let log: WatchLog
  private let deliver: @Sendable (Delivery) -> Void
  /// A loop that did not turn for so long hangs: it turns every 5 s.
  private static let patience: Int64 = 60_000_000_000
  /// Payloads that wait for the loop at most: a flood of them must not keep it from looking.
  private static let deliveriesMax = 16
  private let deliveries = Atomic(0)
  /// One payload at a time is read, since its values take many times its bytes.
  private let reading = Mutex(())
  /// What was refused last, so that the log does not fill with it.
  private let lastRefusal = Mutex("")

  init(
    policies: [String], leadership: Leadership, token: WebhookToken?, log: WatchLog,
    deliver: @escaping @Sendable (Delivery) -> Void
  ) {
    self.policies = policies
    self.leadership = leadership
    self.token = token
    self.log = log
    self.deliver = deliver
  }

  /// What a request is refused with before its body is read.
  func refusal(_ request: HTTPServer.Request) -> HTTPServer.Response? {
    let allowed: String
    switch request.path {
    case "/alerts": allowed = "POST"
    case "/healthz", "/readyz", "/metrics": allowed = "GET, HEAD"
    case _:
      return HTTPServer.Response(404, "there are /alerts, /healthz, /readyz and /metrics\n")
    }
    guard allowed.split(separator: ", ").contains(Substring(request.method)) else {
      return HTTPServer.Response(
        405, "\(request.path) takes \(allowed)\n", headers: [("allow", allowed)])
    }
    guard request.path == "/alerts" else { return nil }
    if let why = token?.refusal(of: request.authorization) {
      return HTTPServer.Response(401, "\(why)\n", headers: [("www-authenticate", "Bearer")])
    }
    return nil
  }

  /// The answer to what was not refused.
  func answer(_ request: HTTPServer.Request) async -> HTTPServer.Response {
    switch request.path {
    case "/alerts": return await takeAlerts(request)
    case "/healthz": return health
    case "/readyz": return readiness
    case _:
      return HTTPServer.Response(
        200, figures.withLock { $0.exposition },
        contentType: "text/plain; version=0.0.4; charset=utf-8")
    }
  }

  private var health: HTTPServer.Response {
    let turnedAt = figures.withLock { $0.turnedAt }
    let silence = SteadyClock.process.now().nanoseconds - turnedAt.nanoseconds
    return silence < Self.patience
      ? HTTPServer.Response(200, "ok\n")
      : HTTPServer.Response(503, "nothing has happened for \(Words.brief(silence))\n")
  }

  private var readiness: HTTPServer.Response {
    let (looked, trouble, lacking) = figures.withLock {
      ($0.lookedAt != nil, $0.trouble, $0.lacking)
    }
    if let trouble { return HTTPServer.Response(503, "\(trouble)\n") }
    if leadership.leads {
      return looked
        ? HTTPServer.Response(200, "leads\n\(lacking)")
        : HTTPServer.Response(503, "leads, and has not looked yet\n")
    }
    return leadership.isKnown
      ? HTTPServer.Response(200, "follows\n\(lacking)")
      : HTTPServer.Response(503, "it is not known who leads\n")
  }

  // MARK: Alerts

  private func takeAlerts(_ request: HTTPServer.Request) async -> HTTPServer.Response {
    let policy: String?
    switch Self.policy(request.query) {
    case .success(let name): policy = name
    case .failure(let mistake): return refuse(mistake.message)
    }
    if let policy, !policies.contains(policy) {
      return refuse(
        "the program has no policy \(policy); it has \(policies.joined(separator: ", "))")
    }
    let alerts: [Alert]
    do throws(AlertmanagerWebhook.Mistake) {
      alerts = try reading.withLock { _ throws(AlertmanagerWebhook.Mistake) in
        try AlertmanagerWebhook.read(request.body)
      }
    } catch {
      return refuse(error.message)
    }
    guard leadership.leads else {
      return HTTPServer.Response(503, "another copy leads; send it again\n")
    }
    defer { deliveries.subtract(1, ordering: .relaxed) }
    guard deliveries.add(1, ordering: .relaxed).newValue <= Self.deliveriesMax else {
      return HTTPServer.Response(503, "too many alerts are on their way; send it again\n")
    }
    return await withCheckedContinuation { reply in
      deliver(Delivery(alerts: alerts, policy: policy, reply: reply))
    }
  }

  private func refuse(_ why: String) -> HTTPServer.Response {
    let isNew = lastRefusal.withLock { last in
      defer { last = why }
      return last != why
    }
    if isNew { log.write("refuses what was posted to /alerts: \(why)") }
    return HTTPServer.Response(400, "\(why)\n")
  }

  /// `policy=NAME`, and nothing else.
  private static func policy(_ query: String) -> Result<String?, AlertmanagerWebhook.Mistake> {
    if query.isEmpty { return .success(nil) }
    let parts = query.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, parts[0] == "policy", !parts[1].contains("&") else {
      return .failure(AlertmanagerWebhook.Mistake(message: "the query may only be policy=NAME"))
    }
    return .success(parts[1])
  }
}
