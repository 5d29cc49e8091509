// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import DrSim

/// Simulations as data. Times are seconds since the beginning, lengths seconds.
enum SimulationDocument {
  static func document(_ outcome: PolicySimulation.Outcome) -> Document {
    .object(
      DocumentObject([
        ("events", .array(outcome.events.map(event))),
        ("services", .array(outcome.services.map(service))),
        ("until_s", since(outcome.until)),
      ]))
  }

  private static func event(_ event: SimulationEvent) -> Document {
    .object(DocumentObject(members(event)))
  }

  static func members(_ event: SimulationEvent) -> [(String, Document)] {
    var members: [(String, Document)] = [("at_s", since(event.at))]
    switch event.kind {
    case .fault: members.append(("kind", "fault"))
    case .mended: members.append(("kind", "mended"))
    case .drill: members.append(("kind", "drill"))
    case .fired: members.append(("kind", "fired"))
    case .heldBack(let obstacle): members += held(obstacle, "held_back")
    case .goesBack: members.append(("kind", "goes_back"))
    case .returnHeldBack(let obstacle): members += held(obstacle, "return_held_back")
    case .run(let progress): members.append(("kind", .string("run.\(progress.kind.rawValue)")))
    case .ended(let result):
      members.append(("kind", "ended"))
      if let result { members.append(("status", .string(result.status.rawValue))) }
    }
    members.append(("text", .string(event.subject)))
    return members
  }

  private static func held(
    _ obstacle: PolicyNote.Obstacle, _ kind: String
  ) -> [(String, Document)] {
    var members: [(String, Document)] = [("kind", .string(kind))]
    switch obstacle {
    case .rule(let rule, let values):
      members.append(("guard", .string(rule)))
      if let values { members.append(("because", .string(values))) }
    case .allLookBad, .busy, .goingBack: members.append(("because", .string(obstacle.text)))
    }
    return members
  }

  private static func service(_ service: ServiceSummary) -> Document {
    .object(
      DocumentObject(figures(service) + [("periods", .array(service.periods.map(period)))]))
  }

  /// How a service fared, without its periods.
  static func verdict(_ service: ServiceSummary) -> Document {
    .object(DocumentObject(figures(service)))
  }

  static func figures(_ service: ServiceSummary) -> [(String, Document)] {
    [
      ("service", .string(service.service)),
      ("verdict", .string(word(service.verdict))),
      ("rto_s", seconds(service.rto)),
      ("recovery_s", seconds(service.longestLoss)),
      ("downtime_s", seconds(service.downtime)),
      ("outage_s", seconds(service.outage)),
      ("requests", .int(service.requests)),
      ("lost_requests", .int(service.lostRequests)),
    ]
  }

  private static func period(_ period: ServiceSummary.Period) -> Document {
    .object(
      DocumentObject([
        ("level", .string(period.level.rawValue)), ("from_s", since(period.from)),
        ("until_s", since(period.until)),
      ]))
  }

  private static func word(_ verdict: Verdict) -> String {
    switch verdict {
    case .untouched: "untouched"
    case .kept: "kept"
    case .late: "late"
    case .lost: "lost"
    case .open: "open"
    }
  }

  private static func since(_ instant: Instant) -> Document {
    seconds(instant.nanoseconds - SimulatedWorld.epoch.nanoseconds)
  }

  /// To the millisecond: what is shorter is an artefact of the model.
  static func seconds(_ nanoseconds: Int64) -> Document {
    .float(Double((nanoseconds + 500_000) / 1_000_000) / 1_000)
  }
}
