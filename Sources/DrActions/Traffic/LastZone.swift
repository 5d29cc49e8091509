// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Keeps the last healthy zone of a front in service: the rule is `Drain`'s, what is known of zones the front's.
struct LastZone {
  /// A person has said to act whatever is seen.
  private let isOverridden: Bool

  init(_ arguments: Arguments) throws(WorldFailure) {
    isOverridden = try arguments.bool("even_if_unhealthy")
  }

  /// Whether zones have to be looked at.
  func isAtStake(_ drain: Drain) -> Bool { !drain.emptied.isEmpty && !isOverridden }

  /// What is observed together with what the rule says; `look` is asked about the zones that keep a share.
  func guarding(
    _ drain: Drain, _ observation: Observation,
    look: ([String]) -> Flow<[(zone: String, health: SeenHealth)]>
  ) -> Flow<Observation> {
    guard isAtStake(drain) else {
      return .value(observation.with(isOverridden ? drain.overridden : .init()))
    }
    return look(drain.kept).map { observation.with(drain.verdict(of: observation.target, $0)) }
  }
}

extension Observation {
  fileprivate func with(_ verdict: Drain.Verdict) -> Observation {
    var observation = self
    observation.hindrance = verdict.hindrance
    if let note = verdict.note { observation.changes.append(note) }
    return observation
  }
}

/// Asks zones by the URLs that a front declares for them: healthy is what answers 2xx.
struct HealthProbes {
  private let urls: [(zone: String, url: String)]
  private let agent: String
  private static let timeout = 5 * Unit.second

  init(_ arguments: Arguments) throws(WorldFailure) {
    agent = arguments.agent
    var urls: [(zone: String, url: String)] = []
    for member in arguments.call.arguments["health"]?.objectValue?.members ?? [] {
      guard let url = member.value.stringValue else {
        throw arguments.mismatch("health", "an Object of URLs by zone")
      }
      urls.append((member.name, url))
    }
    self.urls = urls
  }

  func look(_ zones: [String]) -> Flow<[(zone: String, health: SeenHealth)]> {
    SeenHealth.ofEach(zones[...], health)
  }

  private func health(of zone: String) -> Flow<SeenHealth> {
    guard let url = urls.first(where: { $0.zone == zone })?.url else {
      return .value(.unknown("the front declares no health of it"))
    }
    let request = HTTPRequest(
      method: .get, url: url, headers: [.init("user-agent", agent)], body: [],
      timeoutNanoseconds: Self.timeout, wantedBytes: 0)
    return .ask(.http(request)) { reply in
      switch reply.answer {
      case .response(let status, _, _) where (200..<300).contains(status): .value(.healthy)
      case .response(let status, _, _): .value(.unhealthy("\(url) answers \(status)"))
      case .failure(let failure): .value(.unhealthy("\(url): \(failure.message)"))
      case .text, .exited, .executed, .message: .value(.unhealthy(Reply.notHTTP))
      }
    }
  }
}

extension SeenHealth {
  /// Asks about zones, one after the other.
  static func ofEach(
    _ zones: ArraySlice<String>, _ health: @escaping (String) -> Flow<SeenHealth>,
    found: [(zone: String, health: SeenHealth)] = []
  ) -> Flow<[(zone: String, health: SeenHealth)]> {
    guard let zone = zones.first else { return .value(found) }
    return health(zone).then { ofEach(zones.dropFirst(), health, found: found + [(zone, $0)]) }
  }
}
