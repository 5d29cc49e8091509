// SPDX-License-Identifier: Apache-2.0
//
// The report of a run as one HTML file: no script, nothing from elsewhere, the same bytes for the
// same journal. It reads on a screen and on paper.

import DrBase
import DrData

extension RunHistory {
  /// The report; `timeline` is the journal's.
  package func html(timeline: [TimelineEntry]) -> String {
    var page = HTMLPage(title: identity.runbook)
    let arguments = identity.arguments.members.map { member in
      "\(member.name)=\(member.value.stringValue ?? JSON.write(member.value))"
    }
    page.subtitle = arguments.joined(separator: " ")
    page.badge = (tone, summary.statusText)
    page.message =
      message
      + summary.inDoubt.map { HTMLPage.message("in doubt: \($0.summary)", .bad) }.joined()
    page.facts = summary.facts
    page.body = [
      HTMLPage.section(
        "Against what was promised", rows: promiseRows, head: ["", "", "at most", "measured", ""]),
      HTMLPage.section(
        "Steps", rows: stepRows,
        head: ["step", "0 to \(Words.brief(length))", "at", "took"]
          + (isPlanned ? ["planned"] : []) + ["allowed", ""]),
      HTMLPage.section(
        "Acts", rows: actRows, head: ["at", "act", "change", "took", ""]),
      HTMLPage.section(
        "Conditions and approvals", rows: conditionRows,
        head: ["at", "", "what", "took", "allowed", ""]),
      HTMLPage.section("What happened", rows: logRows(timeline)),
    ]
    page.foot = foot
    return page.text
  }

  // MARK: Head and foot

  /// The run as a whole beside what was said of it before.
  private var promiseRows: [String] {
    var rows: [String] = []
    if let predicted = summary.predicted {
      rows.append(promiseRow("the plan", "the whole run", predicted))
    }
    for objective in summary.objectives {
      rows.append(promiseRow("recovery of \(objective.service)", "RTO", objective.recovery))
    }
    return rows
  }

  private func promiseRow(_ what: String, _ kind: String, _ limit: Int64) -> String {
    let isKept = length <= limit
    let verdict = isKept ? "<td class=\"good\">✓ within</td>" : "<td class=\"bad\">✗ over</td>"
    let scale = max(limit, length)
    let bar = """
      <span class="\(isKept ? "good" : "bad")" style="left:0;width:\(HTMLPage.percent(max(length, scale / 300), of: scale))"></span>
      """
    return """
      <tr><td>\(XML.escaped(what)) <em>\(kind)</em></td><td class="bar"><div class="track">\(bar)</div></td>\
      <td class="number">\(Words.brief(limit))</td><td class="number">\(Words.brief(length))</td>\(verdict)</tr>
      """
  }

  private var message: String {
    let text: String? =
      switch summary.status {
      case .unfinished: "The journal ends in the middle of the run."
      case .paused(let why): why
      case .ended(_, let message): message
      case .damaged(let damage):
        "\(damage.message). What follows stands before that place; nothing after it is believed, and how the run went on is not known."
      }
    let doubt = summary.restoration?.why.map { HTMLPage.message("not verified: \($0)") }
    let isDamaged = if case .damaged = summary.status { true } else { false }
    return (text.map { HTMLPage.message($0, isDamaged ? .bad : nil) } ?? "") + (doubt ?? "")
  }

  private var tone: HTMLPage.Tone {
    switch summary.status {
    case .ended(.succeeded, _): .good
    case .ended(.rolledBack, _), .paused, .unfinished: .doubtful
    case .ended, .damaged: .bad
    }
  }

  private var foot: String {
    let sources = identity.sources.map { source in
      "<li>\(XML.escaped(source.name)) <code>\(XML.escaped(source.digest))</code></li>"
    }
    return """
      <p>Written from the journal of the run alone. Times are UTC. The digests of the program's files are SHA-256:</p>
      <ul>\(sources.joined())</ul>
      """
  }

  // MARK: Steps

  private var length: Int64 {
    max(0, summary.lastAt.nanoseconds - summary.startedAt.nanoseconds)
  }

  private var stepRows: [String] {
    steps.map { step in
      let ended = step.endedAt ?? summary.lastAt
      let took = ended.nanoseconds - step.begunAt.nanoseconds
      let allowed = step.deadline.map { $0.nanoseconds - step.begunAt.nanoseconds }
      let depth = steps.count { other in
        other.position != step.position && step.position.isWithin(other.position)
      }
      let attempts = step.attempts > 1 ? " <em>\(step.attempts) attempts</em>" : ""
      let undone = step.isUndone ? " <em>undone</em>" : ""
      return """
        <tr><td class="title" style="padding-left:\(depth + 1)em">\(XML.escaped(step.title))\(attempts)\(undone)</td>\
        <td class="bar"><div class="track">\(bar(step.begunAt, ended, step.outcome))</div></td>\
        <td class="number">\(clock(step.begunAt))</td><td class="number">\(Words.brief(took))</td>\
        \(planned(step, took))<td class="number">\(share(took, of: allowed))</td>\
        \(outcomeCell(step.outcome))</tr>
        """
    }
  }

  /// Whether a plan said of a step how long it takes.
  private var isPlanned: Bool { steps.contains { $0.predicted != nil } }

  private func planned(_ step: Step, _ took: Int64) -> String {
    isPlanned ? "<td class=\"number\">\(share(took, of: step.predicted))</td>" : ""
  }

  private func bar(_ begun: Instant, _ ended: Instant, _ outcome: Outcome) -> String {
    let whole = max(length, 1)
    let left = begun.nanoseconds - summary.startedAt.nanoseconds
    // Short ones are seen too.
    let start = min(left, whole - whole / 300)
    let width = min(max(ended.nanoseconds - begun.nanoseconds, whole / 300), whole - start)
    let place =
      "left:\(HTMLPage.percent(start, of: whole));width:\(HTMLPage.percent(width, of: whole))"
    return "<span class=\"\(outcome.name)\" style=\"\(place)\"></span>"
  }

  /// `5m, 12% used`
  private func share(_ took: Int64, of allowed: Int64?) -> String {
    guard let allowed, allowed > 0 else { return "" }
    return "\(Words.brief(allowed)), \(took / max(allowed / 100, 1))% used"
  }

  // MARK: Acts

  private var actRows: [String] {
    acts.map { act in
      let changes = act.intent.observation.changes.joined(separator: ", ")
      var found = ""
      if let settlement = act.settlement {
        let by = settlement.by.map { ", says \($0)" } ?? ""
        found = "<em>in doubt, found \(settlement.state.words)\(XML.escaped(by))</em>"
      }
      let took = act.endedAt.map { Words.brief($0.nanoseconds - act.begunAt.nanoseconds) } ?? ""
      return """
        <tr><td class="number">\(clock(act.begunAt))</td><td><code>\(XML.escaped(act.intent.call.name))</code> \
        \(XML.escaped(act.intent.observation.target))<br><small>\(XML.escaped(act.intent.key)) · \
        \(act.intent.actClass.rawValue)</small></td><td>\(XML.escaped(changes.isEmpty ? "nothing to change" : changes)) \
        \(found)</td><td class="number">\(took)</td>\(outcomeCell(act.outcome))</tr>
        """
    }
  }

  // MARK: Conditions

  private var conditionRows: [String] {
    conditions.map { condition in
      let took = condition.endedAt.map {
        Words.brief($0.nanoseconds - condition.begunAt.nanoseconds)
      }
      let allowed = condition.deadline.map { $0.nanoseconds - condition.begunAt.nanoseconds }
      let by = condition.by.map { " <em>\(XML.escaped($0))</em>" } ?? ""
      return """
        <tr><td class="number">\(clock(condition.begunAt))</td><td>\(condition.kind.journalName)</td>\
        <td>\(XML.escaped(condition.text))\(by)\(evidence(condition.evidence))</td>\
        <td class="number">\(took ?? "")</td><td class="number">\(allowed.map(Words.brief) ?? "")</td>\
        \(outcomeCell(condition.outcome))</tr>
        """
    }
  }

  /// What the last look at a condition saw.
  private func evidence(_ items: [Evidence]) -> String {
    guard !items.isEmpty else { return "" }
    let lines = items.map { item in
      let answer =
        switch item.answer {
        case .success(let result): JSON.write(result)
        case .failure(let failure): failure.message
        }
      let text = answer.count <= 400 ? answer : answer.prefix(399) + "…"
      let call = XML.escaped(item.call.summary)
      return "<li><code>\(call)</code> → <code>\(XML.escaped(text))</code></li>"
    }
    return "<ul class=\"evidence\">\(lines.joined())</ul>"
  }

  // MARK: The log

  private func logRows(_ timeline: [TimelineEntry]) -> [String] {
    timeline.map { entry in
      let mark = entry.isFailure ? " class=\"failure\"" : ""
      let time = "<td class=\"number\">\(clock(entry.at))</td>"
      return "<tr\(mark)>\(time)<td>\(XML.escaped(entry.text))</td></tr>"
    }
  }

  private func outcomeCell(_ outcome: Outcome) -> String {
    switch outcome {
    case .succeeded: "<td class=\"good\">✓</td>"
    case .failed(let why): "<td class=\"bad\">✗ \(XML.escaped(why))</td>"
    case .open: "<td class=\"doubtful\">open</td>"
    }
  }

  /// Since the run began: `1:05.3`.
  private func clock(_ instant: Instant) -> String {
    let clock = Words.clock(instant.nanoseconds - summary.startedAt.nanoseconds)
    return String(clock.drop { $0 == " " })
  }
}

extension RunHistory.Outcome {
  fileprivate var name: String {
    switch self {
    case .succeeded: "good"
    case .failed: "bad"
    case .open: "doubtful"
    }
  }
}

extension Settlement.State {
  fileprivate var words: String {
    switch self {
    case .done: "done"
    case .notDone: "not done"
    case .unknown: "unknown"
    }
  }
}
