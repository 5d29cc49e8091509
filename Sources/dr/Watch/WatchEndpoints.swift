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
  private let token: String?
  private let log: WatchLog
  private let deliver: @Sendable (Delivery) -> Void
  /// A loop that did not turn for so long hangs: it turns every 5 s.
  private static let patience: Int64 = 60_000_000_000

  init(
    policies: [String], leadership: Leadership, token: String?, log: WatchLog,
    deliver: @escaping @Sendable (Delivery) -> Void
  ) {
    self.policies = policies
    self.leadership = leadership
    self.token = token
    self.log = log
    self.deliver = deliver
  }

  func answer(_ request: HTTPServer.Request) async -> HTTPServer.Response {
    switch (request.path, request.method) {
    case ("/alerts", "POST"): return await takeAlerts(request)
    case ("/healthz", "GET"), ("/healthz", "HEAD"): return health
    case ("/readyz", "GET"), ("/readyz", "HEAD"): return readiness
    case ("/metrics", "GET"), ("/metrics", "HEAD"):
      return HTTPServer.Response(
        200, figures.withLock { $0.exposition },
        contentType: "text/plain; version=0.0.4; charset=utf-8")
    case ("/alerts", _), ("/healthz", _), ("/readyz", _), ("/metrics", _):
      return HTTPServer.Response(405, "\(request.path) takes no \(request.method)\n")
    case _:
      return HTTPServer.Response(404, "there are /alerts, /healthz, /readyz and /metrics\n")
    }
  }

  private var health: HTTPServer.Response {
    let turnedAt = figures.withLock { $0.turnedAt }
    let silence = WallClock.now().nanoseconds - turnedAt.nanoseconds
    return silence < Self.patience
      ? HTTPServer.Response(200, "ok\n")
      : HTTPServer.Response(503, "nothing has happened for \(Words.brief(silence))\n")
  }

  private var readiness: HTTPServer.Response {
    let (looked, trouble) = figures.withLock { ($0.lookedAt != nil, $0.trouble) }
    if let trouble { return HTTPServer.Response(503, "\(trouble)\n") }
    if leadership.leads {
      return looked
        ? HTTPServer.Response(200, "leads\n")
        : HTTPServer.Response(503, "leads, and has not looked yet\n")
    }
    return leadership.isKnown
      ? HTTPServer.Response(200, "follows\n")
      : HTTPServer.Response(503, "it is not known who leads\n")
  }

  // MARK: Alerts

  private func takeAlerts(_ request: HTTPServer.Request) async -> HTTPServer.Response {
    if let token, !Self.isSame(request.authorization ?? "", "Bearer \(token)") {
      return HTTPServer.Response(401, "the bearer token is not the one in DR_WATCH_TOKEN\n")
    }
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
      alerts = try AlertmanagerWebhook.read(request.body)
    } catch {
      return refuse(error.message)
    }
    guard leadership.leads else {
      return HTTPServer.Response(503, "another copy leads; send it again\n")
    }
    return await withCheckedContinuation { reply in
      deliver(Delivery(alerts: alerts, policy: policy, reply: reply))
    }
  }

  private func refuse(_ why: String) -> HTTPServer.Response {
    log.write("refuses what was posted to /alerts: \(why)")
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

  /// Takes the same time wherever two texts of one length differ.
  private static func isSame(_ a: String, _ b: String) -> Bool {
    let (left, right) = (Array(a.utf8), Array(b.utf8))
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
