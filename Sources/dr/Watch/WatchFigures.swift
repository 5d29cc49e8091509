// SPDX-License-Identifier: Apache-2.0

import DrRun

/// What a watcher knows of itself, for `/metrics` and `/readyz`.
struct WatchFigures: Sendable {
  var leads = false
  /// When the loop turned last.
  var turnedAt = Instant(nanoseconds: 0)
  /// When a policy looked last.
  var lookedAt: Instant?
  var detectors: [DetectorStatus] = []
  var firingAlerts = 0
  var alertsReceived = 0
  var unanswered = 0
  var started = 0
  /// By how runs ended; every status is told from the beginning.
  var finished: [String: Int] = [:]
  var activeRuns = 0
  /// What is known of the permissions of runs, by policy.
  var permissions: [String: PolicyReview.State] = [:]
  /// Why it cannot do its work.
  var trouble: String?

  /// A line for each policy whose runs lack permissions.
  var lacking: String {
    permissions.sorted { $0.key < $1.key }.filter { !$0.value.missing.isEmpty }.map { name, state in
      "\(name) is not permitted: \(state.missing.joined(separator: ", "))\n"
    }.joined()
  }

  static let endings = [
    RunResult.Status.succeeded, .failed, .rolledBack, .paused, .unreachable, .lockHeld,
  ].map(\.rawValue)

  /// Prometheus' text format, version 0.0.4.
  var exposition: String {
    var text = Exposition()
    text.metric("dr_watch_info", "gauge", "The version of dr.", [([("version", Version.text)], 1)])
    text.metric("dr_watch_leader", "gauge", "Whether this copy acts.", [([], leads ? 1 : 0)])
    text.metric(
      "dr_watch_last_look_timestamp_seconds", "gauge", "When a policy looked last.",
      lookedAt.map { [([], Self.seconds($0))] } ?? [])
    text.metric(
      "dr_watch_unanswered_total", "counter", "Questions to the world that got no answer.",
      [([], Double(unanswered))])
    text.metric(
      "dr_detector_state", "gauge", "1 for the state in which a detector is.",
      detectors.flatMap { detector in
        DetectorStatus.State.allCases.map { state in
          (
            [
              ("policy", detector.policy), ("detector", detector.detector),
              ("state", state.rawValue),
            ],
            detector.state == state ? 1 : 0
          )
        }
      })
    text.metric(
      "dr_detector_answered_timestamp_seconds", "gauge", "When its condition was answered last.",
      detectors.compactMap { detector in
        detector.answeredAt.map {
          ([("policy", detector.policy), ("detector", detector.detector)], Self.seconds($0))
        }
      })
    let permissions = permissions.sorted { $0.key < $1.key }
    text.metric(
      "dr_policy_permissions_missing", "gauge",
      "Permissions that runs of the policy need and do not have.",
      permissions.map { ([("policy", $0.key)], Double($0.value.missing.count)) })
    text.metric(
      "dr_policy_permissions_asked_timestamp_seconds", "gauge",
      "When all permissions of the policy could be asked for last.",
      permissions.compactMap { name, state in
        state.askedAt.map { ([("policy", name)], Self.seconds($0)) }
      })
    text.metric(
      "dr_runs_started_total", "counter", "Runs that policies started.", [([], Double(started))])
    text.metric(
      "dr_runs_finished_total", "counter", "Runs that ended, or paused, by how.",
      Self.endings.map { ([("status", $0)], Double(finished[$0] ?? 0)) })
    text.metric(
      "dr_runs_active", "gauge", "Runs that go on in this copy.", [([], Double(activeRuns))])
    text.metric(
      "dr_alerts_received_total", "counter", "Alerts that were told, repetitions included.",
      [([], Double(alertsReceived))])
    text.metric("dr_alerts_firing", "gauge", "Alerts that fire.", [([], Double(firingAlerts))])
    return text.text
  }

  private static func seconds(_ instant: Instant) -> Double {
    Double(instant.nanoseconds / 1_000_000) / 1000
  }
}

/// Text for Prometheus.
struct Exposition {
  private(set) var text = ""

  mutating func metric(
    _ name: String, _ type: String, _ help: String,
    _ samples: [(labels: [(String, String)], value: Double)]
  ) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    for sample in samples {
      let labels = sample.labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
      text += labels.isEmpty ? name : "\(name){\(labels)}"
      text += " \(Self.number(sample.value))\n"
    }
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      case let character: escaped.append(character)
      }
    }
    return escaped
  }
}
