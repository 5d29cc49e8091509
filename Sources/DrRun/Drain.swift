// SPDX-License-Identifier: Apache-2.0

/// What a front knows of a zone that is to get requests.
package enum SeenHealth: Sendable, Equatable {
  case healthy
  /// What was seen: `its server is DOWN`.
  case unhealthy(String)
  /// Why that is: `HAProxy does not check it`.
  case unknown(String)
}

/// The zones that a change of shares leaves without requests, and the rule that all fronts keep: none is left so
/// while no zone that has a share afterwards is healthy, as far as the front knows.
package struct Drain: Sendable, Equatable {
  /// Have a share, and are to have none.
  package let emptied: [String]
  /// Are to have a share.
  package let kept: [String]

  package init(_ shares: [(zone: String, isServed: Bool, isToBeServed: Bool)]) {
    emptied = shares.filter { $0.isServed && !$0.isToBeServed }.map(\.zone)
    kept = shares.filter(\.isToBeServed).map(\.zone)
  }

  /// What the rule says.
  package struct Verdict: Sendable, Equatable {
    /// Why it is not done now, as a whole sentence; `nil` where it may be.
    package var hindrance: String?
    /// What people should know beside the changes.
    package var note: String?

    package init(hindrance: String? = nil, note: String? = nil) {
      self.hindrance = hindrance
      self.note = note
    }
  }

  /// Of a front that is asked about the zones that keep a share.
  package func verdict(of target: String, _ health: [(zone: String, health: SeenHealth)]) -> Verdict
  {
    guard !emptied.isEmpty else { return Verdict() }
    var sick: [String] = []
    var unknown: [String] = []
    for (zone, health) in health {
      switch health {
      case .healthy: return Verdict()
      case .unhealthy(let seen): sick.append("\(zone) (\(seen))")
      case .unknown(let why): unknown.append("\(zone) (\(why))")
      }
    }
    if !unknown.isEmpty {
      return Verdict(note: "not looked at is whether it is healthy: \(Words.list(unknown))")
    }
    return Verdict(
      hindrance:
        "\(target): \(Words.list(emptied)) would lose the last requests, and none of the zones that keep "
        + "a share is healthy: \(Words.list(sick))")
  }

  /// Of a person who knows better than what is seen.
  package var overridden: Verdict {
    emptied.isEmpty
      ? Verdict()
      : Verdict(note: "not looked at is whether \(Words.list(kept)) is healthy (even_if_unhealthy)")
  }
}
