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

  /// Characters of `text`; whoever may post alerts is not to fill a log with one.
  private static let textMax = 240

  /// `ZoneDark{zone="az1"}`, cut where it is long.
  package var text: String {
    var text = labels["alertname"]?.stringValue ?? "an alert"
    var isFirst = true
    for label in labels.members where label.name != "alertname" {
      if text.utf8.count > 4 * Self.textMax { break }
      text += "\(isFirst ? "{" : ", ")\(label.name)=\"\(label.value.stringValue ?? "")\""
      isFirst = false
    }
    if !isFirst { text += "}" }
    return text.count > Self.textMax ? "\(text.prefix(Self.textMax))…" : text
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

  /// What occurrences of one alert have in common: one of them fires at a time.
  private struct Series: Hashable {
    private let groupKey: String
    private let fingerprint: String

    init(_ key: Alert.Key) {
      groupKey = key.groupKey
      fingerprint = key.fingerprint
    }
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
    // Thousands may come at once: each is found by its key.
    var kept: [Entry?] = entries
    var places: [Series: Int] = [:]
    for (index, entry) in entries.enumerated() { places[Series(entry.alert.key)] = index }
    var count = entries.count
    for alert in alerts {
      let series = Series(alert.key)
      let place = places[series]
      let index = place.flatMap { kept[$0]?.alert.key == alert.key ? $0 : nil }
      switch (alert.isFiring, index) {
      case (true, let index?):
        kept[index]?.toldAt = now
        taken.repeated += 1
      case (true, nil):
        // The end of an earlier occurrence of the same alert went missing.
        if let place {
          kept[place] = nil
          places[series] = nil
          count -= 1
        }
        guard count < Self.countMax else {
          taken.refused += 1
          continue
        }
        places[series] = kept.count
        kept.append(Entry(alert: alert, toldAt: now))
        count += 1
        taken.new.append(alert)
      case (false, let index?):
        kept[index] = nil
        places[series] = nil
        count -= 1
        taken.resolved.append(alert)
      case (false, nil): taken.repeated += 1
      }
    }
    entries = kept.compactMap { $0 }
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

  /// They had no effect after all, and fire again.
  package mutating func release(_ keys: [Alert.Key], asker: String) {
    for key in keys { used.remove(Use(asker: asker, key: key)) }
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
