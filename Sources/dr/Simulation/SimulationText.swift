// SPDX-License-Identifier: Apache-2.0

import DrRun
import DrSim

/// One simulation as lines for people: what happened when, then how each service fared.
struct SimulationText {
  let colour: Bool

  func text(_ outcome: PolicySimulation.Outcome) -> String {
    var text = timeline(outcome)
    for service in outcome.services {
      text += "\n" + service.lines(since: faultTime(outcome)).map { $0 + "\n" }.joined()
    }
    return text
  }

  /// What happened when.
  func timeline(_ outcome: PolicySimulation.Outcome) -> String {
    let lines = ProgressLines(colour: colour, start: SimulatedWorld.epoch)
    var text = ""
    for event in outcome.events {
      switch event.kind {
      case .run(let progress): text += lines.line(progress)
      case .fault: text += line(event, "✗", .red, event.subject)
      case .mended: text += line(event, "↻", .dim, event.subject)
      case .drill: text += line(event, "·", .dim, event.subject)
      case .fired: text += line(event, "!", .yellow, "\(event.subject) fires")
      case .heldBack(let obstacle):
        text += line(event, "!", .yellow, "\(event.subject) fires, but \(obstacle.text)")
      case .goesBack: text += line(event, "!", .yellow, "\(event.subject) goes back")
      case .returnHeldBack(let obstacle):
        text += line(event, "!", .yellow, "\(event.subject) would go back, but \(obstacle.text)")
      case .ended: continue
      }
    }
    let fired = outcome.events.contains { $0.kind == .fired }
    if !fired { text += "no policy acted\n" }
    return text
  }

  /// What the times of services count from: the first fault.
  private func faultTime(_ outcome: PolicySimulation.Outcome) -> Instant {
    outcome.events.first { $0.kind == .fault }?.at ?? SimulatedWorld.epoch
  }

  private func line(
    _ event: SimulationEvent, _ mark: String, _ style: Paint.Style, _ text: String
  ) -> String {
    let clock = ProgressLines.clock(event.at.nanoseconds - SimulatedWorld.epoch.nanoseconds)
    let paint = Paint(isOn: colour)
    return "\(paint(clock, .dim))  \(paint(mark, style)) \(text)\n"
  }
}
