// SPDX-License-Identifier: Apache-2.0

import DrData

/// An alert as Alertmanager tells it.
package struct Alert: Sendable, Equatable {
  /// What makes it one occurrence: told again, it is the same.
  package struct Key: Hashable, Sendable {
    package let groupKey: String
    package let fingerprint: String
    /// As written.
    package let startsAt: String

    package init(groupKey: String, fingerprint: String, startsAt: String) {
      self.groupKey = groupKey
      self.fingerprint = fingerprint
      self.startsAt = startsAt
    }

    package var document: Document {
      .array([.string(groupKey), .string(fingerprint), .string(startsAt)])
    }

    package init?(_ document: Document) {
      guard let parts = document.arrayValue?.compactMap(\.stringValue), parts.count == 3 else {
        return nil
      }
      self.init(groupKey: parts[0], fingerprint: parts[1], startsAt: parts[2])
    }
  }

  package let key: Key
  /// `alertname` among them; values are texts.
  package let labels: DocumentObject
  /// Whether it fires; else it is resolved.
  package let isFiring: Bool

  package init(key: Key, labels: DocumentObject, isFiring: Bool) {
    self.key = key
    self.labels = labels
    self.isFiring = isFiring
  }

  /// `ZoneDark{zone="az1"}`
  package var text: String {
    let rest = labels.members.filter { $0.name != "alertname" }
      .map { "\($0.name)=\"\($0.value.stringValue ?? "")\"" }.joined(separator: ", ")
    let name = labels["alertname"]?.stringValue ?? "an alert"
    return rest.isEmpty ? name : "\(name){\(rest)}"
  }
}

/// The alerts that fire, and which of them have had their effect.
///
/// One occurrence of an alert starts one run of a detector: once it has, the alert does not fire for
/// that detector any more, however often it is told. It does for others and for guards.
package struct AlertBook: Sendable {
  /// An alert that nobody has told for so long is forgotten; Alertmanager repeats every few hours.
  package static let forgottenAfter: Int64 = 24 * 3_600 * 1_000_000_000
  /// Beyond that something is wrong with who sends them.
  package static let countMax = 10_000

  private struct Entry: Sendable {
    let alert: Alert
    var toldAt: Instant
  }

  private struct Use: Hashable, Sendable {
    let asker: String
    let key: Alert.Key
  }

  /// What a telling changed.
  package struct Taken: Sendable, Equatable {
    package var new: [Alert] = []
    package var resolved: [Alert] = []
    package var repeated = 0
    /// What there was no room for.
    package var refused = 0
  }

  private var entries: [Entry] = []
  private var used: Set<Use> = []
  /// What made conditions hold, by who asked.
  private var seen: [String: Set<Alert.Key>] = [:]

  package init() {}

  package var count: Int { entries.count }

  // MARK: Telling

  package mutating func take(_ alerts: [Alert], at now: Instant) -> Taken {
    forget(at: now)
    var taken = Taken()
    for alert in alerts {
      let index = entries.firstIndex { $0.alert.key == alert.key }
      switch (alert.isFiring, index) {
      case (true, let index?):
        entries[index].toldAt = now
        taken.repeated += 1
      case (true, nil):
        // The end of an earlier occurrence of the same alert went missing.
        entries.removeAll {
          $0.alert.key.groupKey == alert.key.groupKey
            && $0.alert.key.fingerprint == alert.key.fingerprint
        }
        guard entries.count < Self.countMax else {
          taken.refused += 1
          continue
        }
        entries.append(Entry(alert: alert, toldAt: now))
        taken.new.append(alert)
      case (false, let index?):
        entries.remove(at: index)
        taken.resolved.append(alert)
      case (false, nil): taken.repeated += 1
      }
    }
    return taken
  }

  private mutating func forget(at now: Instant) {
    entries.removeAll { now.nanoseconds - $0.toldAt.nanoseconds > Self.forgottenAfter }
  }

  // MARK: Asking

  /// Whether an alert of that name and with these labels fires, for whoever asks.
  package mutating func isFiring(
    _ name: String, with labels: DocumentObject, asker: String, at now: Instant
  ) -> Bool {
    forget(at: now)
    let keys = entries.map(\.alert).filter { alert in
      alert.labels["alertname"] == .string(name)
        && labels.members.allSatisfy { alert.labels[$0.name] == $0.value }
        && !used.contains(Use(asker: asker, key: alert.key))
    }.map(\.key)
    seen[asker, default: []].formUnion(keys)
    return !keys.isEmpty
  }

  /// Whether such an alert fires that has had its effect on whoever asks: what it was told for is not
  /// over.
  package func isUsedUp(_ name: String, with labels: DocumentObject, asker: String) -> Bool {
    entries.map(\.alert).contains { alert in
      alert.labels["alertname"] == .string(name)
        && labels.members.allSatisfy { alert.labels[$0.name] == $0.value }
        && used.contains(Use(asker: asker, key: alert.key))
    }
  }

  /// The alerts that made a condition hold are used up by the run that it starts; gives them.
  package mutating func use(asker: String) -> [Alert.Key] {
    let firing = entries.map(\.alert.key)
    let keys = firing.filter { seen[asker]?.contains($0) == true }
    seen[asker] = nil
    use(keys, asker: asker)
    return keys
  }

  /// The same for what an earlier life did.
  package mutating func use(_ keys: [Alert.Key], asker: String) {
    for key in keys { used.insert(Use(asker: asker, key: key)) }
  }

  // MARK: On disk

  /// The alerts that fire. What is used up stands with the runs that used it.
  package var document: Document {
    [
      "format": "dr-alerts/1",
      "alerts": .array(
        entries.map { entry in
          [
            "key": entry.alert.key.document, "labels": .object(entry.alert.labels),
            "told": .int(entry.toldAt.nanoseconds),
          ]
        }),
    ]
  }

  /// `nil` where a document is not what `document` gives.
  package init?(_ document: Document) {
    guard document["format"] == "dr-alerts/1", let alerts = document["alerts"]?.arrayValue else {
      return nil
    }
    for item in alerts {
      guard let key = item["key"].flatMap(Alert.Key.init), let toldAt = item["told"]?.intValue,
        let labels = item["labels"]?.objectValue
      else { return nil }
      entries.append(
        Entry(
          alert: Alert(key: key, labels: labels, isFiring: true),
          toldAt: Instant(nanoseconds: toldAt)))
    }
  }
}
