// SPDX-License-Identifier: Apache-2.0
//
// From a metric to the watcher: Prometheus scrapes, evaluates the rule, waits until it has held for
// as long as it must, and Alertmanager waits for others of the group. Rounds are counted from the
// beginning of the world.

import DrData
import DrRun

/// An alert and what it finds.
struct AlertState {
  let spec: SimulatedCluster.Alert
  let cluster: Int
  /// `nil` where its expression is not understood.
  let query: MetricQuery?
  /// `nil` where that is not simulated.
  let metric: SimulatedMetric?
  /// What it gives now, by labels, each with the number of that finding.
  var findings: [String: (number: Int, labels: DocumentObject)] = [:]
  var count = 0
}

extension SimulatedWorld {
  func add(_ alert: SimulatedCluster.Alert, to cluster: Int) {
    let query = MetricQuery(alert.query)
    let metric = query.flatMap { SimulatedMetric(rawValue: $0.metric) }
    alerts.append(AlertState(spec: alert, cluster: cluster, query: query, metric: metric))
  }

  /// What is known of an alert here.
  package struct Hearing: Sendable, Equatable {
    /// Whether what it looks at is simulated.
    package let isKnown: Bool
    /// Whether its expression gives anything now.
    package let isFinding: Bool
    /// From what it looks at being so until the watcher is told, at worst; `nil` where it never is.
    package let delay: Int64?
  }

  /// `nil` of an alert that there is not.
  package func hearing(of label: String) -> Hearing? {
    guard let alert = alerts.first(where: { $0.spec.label == label }) else { return nil }
    let spec = alert.spec
    return Hearing(
      isKnown: alert.metric != nil,
      isFinding: !alert.findings.isEmpty,
      delay: spec.groupWait.map { $0 + spec.scrape + spec.evaluation + Self.patience(of: spec) })
  }

  /// For how long a rule must hold, in whole evaluations.
  private static func patience(of spec: SimulatedCluster.Alert) -> Int64 {
    let rounds = (spec.lasting + spec.evaluation - 1) / max(spec.evaluation, 1)
    return rounds * spec.evaluation
  }

  /// Notes what rules will find from now on; what does not last is forgotten.
  func watchAlerts() {
    for index in alerts.indices {
      guard let query = alerts[index].query, let metric = alerts[index].metric,
        let samples = samples(of: metric, for: query, in: alerts[index].cluster)
      else { continue }
      let results = query.result(of: samples)
      if results.isEmpty, alerts[index].findings.isEmpty { continue }
      let spec = alerts[index].spec
      var found: [String: DocumentObject] = [:]
      for labels in results {
        let all = labels.merging([
          "alertname": spec.label, "service": spec.service, "severity": spec.severity,
        ]) { $1 }
        let members = all.sorted { $0.key < $1.key }
        found[members.map { "\($0.key)=\($0.value)" }.joined(separator: ",")] = DocumentObject(
          members.map { ($0.key, .string($0.value)) })
      }
      for key in alerts[index].findings.keys where found[key] == nil {
        alerts[index].findings[key] = nil
      }
      for (key, labels) in found.sorted(by: { $0.key < $1.key })
      where alerts[index].findings[key] == nil {
        alerts[index].count += 1
        alerts[index].findings[key] = (alerts[index].count, labels)
        guard let delay = delay(of: spec) else { continue }
        later(.told(alert: index, finding: alerts[index].count), after: delay)
      }
    }
  }

  /// From now until Alertmanager tells; `nil` where it does not.
  private func delay(of spec: SimulatedCluster.Alert) -> Int64? {
    guard let wait = spec.groupWait else { return nil }
    let scraped = untilRound(after: 0, of: spec.scrape)
    let evaluated = untilRound(after: scraped, of: spec.evaluation)
    return evaluated + Self.patience(of: spec) + wait
  }

  /// From now until the first round at least so long from now.
  private func untilRound(after delay: Int64, of length: Int64) -> Int64 {
    guard length > 0 else { return delay }
    let passed = now.nanoseconds - start.nanoseconds + delay
    return delay + (length - passed % length) % length
  }

  func tell(_ alert: Int, _ finding: Int) {
    guard let (key, found) = alerts[alert].findings.first(where: { $0.value.number == finding })
    else { return }
    let told = Alert(
      key: Alert.Key(
        groupKey: alerts[alert].spec.label, fingerprint: key,
        startsAt: String(now.nanoseconds)),
      labels: found.labels, isFiring: true)
    _ = alertBook.take([told], at: now)
  }

  /// The answer to `alerts.firing`.
  func isFiring(_ call: WorldCall) -> Bool {
    alertBook.isFiring(
      call.arguments["alert"]?.stringValue ?? "",
      with: call.arguments["labels"]?.objectValue ?? DocumentObject(), asker: call.key, at: now)
  }

  /// What made a condition hold does not do so again for the run that it starts.
  package func useAlerts(of reaction: String) { _ = alertBook.use(asker: "policy/\(reaction)") }
}
