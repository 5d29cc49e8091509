// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrRun

/// One simulation as a page: how each service fared, from which parts its recovery was made up, and a picture of faults,
/// what was done, answers, and replicas and requests in each zone.
package struct SimulationPage {
  private let outcome: PolicySimulation.Outcome
  private let subtitle: String

  /// `subtitle` says what was simulated.
  package init(_ outcome: PolicySimulation.Outcome, subtitle: String) {
    self.outcome = outcome
    self.subtitle = subtitle
  }

  package var text: String {
    var page = HTMLPage(title: outcome.services.map(\.service).joined(separator: ", "))
    page.subtitle = subtitle
    let isOpen = outcome.services.contains { $0.verdict == .open }
    let badge: (HTMLPage.Tone, String) =
      outcome.isBroken
      ? (.bad, "a promise is broken")
      : isOpen ? (.doubtful, "not decided yet") : (.good, "every promise is kept")
    page.badge = badge
    page.facts = [
      ("simulated", Words.brief(outcome.until.since(SimulatedWorld.epoch))),
      ("faults", "\(outcome.events.count { $0.kind == .fault })"),
    ]
    page.body = [HTMLPage.section("Services", rows: outcome.services.map(row), head: Self.head)]
    for service in outcome.services {
      let longest = service.losses.max { $0.until.since($0.from) < $1.until.since($1.from) }
      let terms = RecoveryTerms(
        of: service, in: outcome, loss: service.losses.count > 1 ? longest : nil)
      let history = outcome.histories.first { $0.service == service.service }
      let picture = history.map { history in
        SimulationPicture(outcome, service, history).svg
      }
      page.body.append(
        HTMLPage.section(
          service.service, (picture ?? "") + (terms.map { self.terms($0, service) } ?? "")))
    }
    page.body.append(
      HTMLPage.section("What happened", rows: outcome.events.compactMap(line)))
    page.foot = """
      <p>Simulated by dr in virtual time: the same program, faults and seed give the same page. Times count from the beginning of \
      the simulation.</p>
      """
    return page.text
  }

  // MARK: Services

  private static let head = [
    "service", "promise", "recovery", "below its promise", "without an answer", "requests lost", "",
  ]

  private func row(_ service: ServiceSummary) -> String {
    let verdict =
      switch service.verdict {
      case .untouched: "<td class=\"good\">full service all the time</td>"
      case .kept: "<td class=\"good\">✓ kept</td>"
      case .late: "<td class=\"bad\">✗ too late</td>"
      case .lost: "<td class=\"bad\">✗ not back</td>"
      case .open: "<td class=\"doubtful\">not back yet</td>"
      }
    let cells = [
      "RTO \(Words.brief(service.rto)), at least \(service.atLeast)",
      Words.brief(service.longestLoss), Words.brief(service.downtime),
      Words.brief(service.outage), "\(service.lostRequests) of \(service.requests)",
    ]
    let rest = cells.map { "<td class=\"nowrap\">\(XML.escaped($0))</td>" }.joined()
    return "<tr><td>\(XML.escaped(service.service))</td>\(rest)\(verdict)</tr>"
  }

  // MARK: Terms

  private func terms(_ terms: RecoveryTerms, _ service: ServiceSummary) -> String {
    let whole = max(terms.whole, service.rto, 1)
    let rows = terms.terms.map { term in
      let left = HTMLPage.percent(term.from.since(terms.faultAt), of: whole)
      let width = HTMLPage.percent(max(term.length, whole / 300), of: whole)
      return """
        <tr><td>\(term.name)</td><td class="number">\(Words.brief(term.length))</td>\
        <td class="bar" style="width:45%"><div class="track"><span class="\(term.style)" style="left:\(left);width:\(width)"></span></div></td>\
        <td>\(XML.escaped(term.detail))</td></tr>
        """
    }
    let isOne = service.losses.count == 1
    let isBack =
      service.fullAgainAt != nil || terms.faultAt.advanced(by: terms.whole) < service.until
    let sum = """
      <tr><td><b>\(isBack ? "back at full service" : "not back")</b></td><td class="number"><b>\(Words.brief(terms.whole))</b></td>\
      <td class="bar"><div class="track"><span class="\(terms.whole <= service.rto && isBack ? "good" : "bad")" \
      style="left:0;width:\(HTMLPage.percent(terms.whole, of: whole))"></span></div></td>\
      <td>of \(Words.brief(service.rto)) promised</td></tr>
      """
    return """
      <h3>\(isOne ? "From the first fault to full service" : "The longest loss, from its fault to full service")</h3>
      <table>
      <tbody>
      \((rows + [sum]).joined(separator: "\n"))
      </tbody></table>
      """
  }

  // MARK: The log

  private func line(_ event: SimulationEvent) -> String? {
    var text = ""
    var tone = ""
    switch event.kind {
    case .fault: (text, tone) = ("✗ \(event.subject)", "bad")
    case .mended: text = "↻ \(event.subject)"
    case .drill: text = "· \(event.subject)"
    case .fired: (text, tone) = ("! \(event.subject) fires", "doubtful")
    case .heldBack(let obstacle):
      (text, tone) = ("! \(event.subject) fires, but \(obstacle.text)", "doubtful")
    case .goesBack: text = "↶ \(event.subject) goes back"
    case .returnHeldBack(let obstacle):
      (text, tone) = ("! \(event.subject) would go back, but \(obstacle.text)", "doubtful")
    case .run(let progress):
      let failed: [Progress.Kind] = [.stepFailed, .undoFailed, .failed]
      tone = failed.contains(progress.kind) ? "bad" : ""
      text =
        String(repeating: "\u{2003}", count: progress.depth)
        + "\(progress.kind.mark) \(progress.text)"
    case .ended(let result):
      text = "■ the run ends: \(SimulationEvent.text(of: result))"
    }
    let clock = Words.clock(event.at.since(SimulatedWorld.epoch)).drop { $0 == " " }
    return
      "<tr><td class=\"number\">\(clock)</td><td class=\"\(tone)\">\(XML.escaped(text))</td></tr>"
  }
}

/// The parts that a recovery was made up of, one after the other without gaps.
package struct RecoveryTerms: Sendable, Equatable {
  package struct Term: Sendable, Equatable {
    package let name: String
    package let detail: String
    package let from: Instant
    package let until: Instant
    /// Class of its bar.
    let style: String

    package var length: Int64 { until.since(from) }
  }

  package let faultAt: Instant
  package let terms: [Term]
  /// From the fault to full service, or to the end of the simulation.
  package let whole: Int64

  /// Of one loss from the fault before it, or of all from the first fault on. `nil` where the service lost
  /// nothing, or nothing went wrong.
  package init?(
    of service: ServiceSummary, in outcome: PolicySimulation.Outcome,
    loss: (from: Instant, until: Instant)? = nil
  ) {
    let faults = outcome.events.filter { $0.kind == .fault }.map(\.at)
    let before = loss.flatMap { loss in faults.last { $0 <= loss.from } }
    guard let faultAt = before ?? faults.first, service.lostAt != nil else { return nil }
    self.faultAt = faultAt
    let back = max(loss?.until ?? service.fullAgainAt ?? service.until, faultAt)
    whole = back.since(faultAt)
    let after = outcome.events.filter { $0.at >= faultAt && $0.at <= back }
    let fired = after.first { $0.kind == .fired }
    let acts = after.filter { event in
      if case .run(let progress) = event.kind { progress.kind == .actStarted } else { false }
    }
    let ends = after.filter { event in
      if case .run(let progress) = event.kind {
        progress.kind == .actFinished || progress.kind == .actSettled
      } else {
        false
      }
    }
    guard let fired else {
      terms = [
        Term(
          name: "without a policy", detail: "nothing fired before", from: faultAt, until: back,
          style: "doubtful")
      ]
      return
    }
    let begun = acts.first { $0.at >= fired.at }?.at ?? back
    let acted = max(begun, ends.last { $0.at >= begun }?.at ?? begun)
    terms = [
      Term(
        name: "detect", detail: fired.subject, from: faultAt, until: fired.at, style: "doubtful"),
      Term(
        name: "decide", detail: "until the first act begins", from: fired.at, until: begun,
        style: "doubtful"),
      Term(
        name: "act", detail: Words.count(acts.count, "act"), from: begun, until: acted,
        style: "act"),
      Term(
        name: "take effect", detail: "replicas start, requests move", from: acted, until: back,
        style: "act"),
    ]
  }
}
