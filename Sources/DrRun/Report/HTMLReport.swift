// SPDX-License-Identifier: Apache-2.0
//
// The report of a run as one HTML file: no script, nothing from elsewhere, the same bytes for the
// same journal. It reads on a screen and on paper.

import DrBase
import DrData

extension RunHistory {
  /// The report; `timeline` is the journal's.
  package func html(timeline: [TimelineEntry]) -> String {
    let title = "\(identity.runbook) · \(identity.runID)"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(XML.escaped(title))</title>
      <style>
      \(HTMLStyle.text)
      </style>
      </head>
      <body>
      \(head)
      \(section("Steps", stepRows, isEmpty: steps.isEmpty))
      \(section("Acts", actRows, isEmpty: acts.isEmpty))
      \(section("Conditions and approvals", conditionRows, isEmpty: conditions.isEmpty))
      \(section("What happened", logRows(timeline), isEmpty: timeline.isEmpty))
      \(foot)
      </body>
      </html>

      """
  }

  // MARK: Head and foot

  private var head: String {
    let arguments = identity.arguments.members.map { member in
      "\(member.name)=\(member.value.stringValue ?? JSON.write(member.value))"
    }
    var facts = [
      ("run", identity.runID), ("world", identity.world),
      ("began", summary.startedAt.utcText),
      (summary.endedAt == nil ? "last record" : "ended", summary.lastAt.utcText),
      ("took", Words.brief(length)),
    ]
    if let predicted = summary.predicted {
      facts.append(("predicted", "at most \(Words.brief(predicted))"))
    }
    if summary.resumptions > 0 {
      facts.append(("resumed", Words.count(summary.resumptions, "time")))
    }
    let items = facts.map { name, value in
      "<div><dt>\(name)</dt><dd>\(XML.escaped(value))</dd></div>"
    }
    let doubts = summary.inDoubt.map { call in
      "<p class=\"message bad\">in doubt: \(XML.escaped(call.summary))</p>"
    }
    return """
      <header>
      <h1>\(XML.escaped(identity.runbook)) <small>\(XML.escaped(arguments.joined(separator: " ")))</small> \
      <span class="badge \(statusClass)">\(XML.escaped(summary.statusText))</span></h1>
      \(message)\(doubts.joined())
      <dl>\(items.joined())</dl>
      </header>
      """
  }

  private var message: String {
    let text: String? =
      switch summary.status {
      case .unfinished: "The journal ends in the middle of the run."
      case .paused(let why): why
      case .ended(_, let message): message
      }
    return text.map { "<p class=\"message\">\(XML.escaped($0))</p>" } ?? ""
  }

  private var statusClass: String {
    switch summary.status {
    case .ended(.succeeded, _): "good"
    case .ended(.rolledBack, _), .paused, .unfinished: "doubtful"
    case .ended: "bad"
    }
  }

  private var foot: String {
    let sources = identity.sources.map { source in
      "<li>\(XML.escaped(source.name)) <code>\(XML.escaped(source.digest))</code></li>"
    }
    return """
      <footer>
      <p>Written by dr \(XML.escaped(identity.version)) from the journal of the run. Program \
      <code>\(XML.escaped(identity.programDigest))</code>, times are UTC. Digests are SHA-256.</p>
      <ul>\(sources.joined())</ul>
      </footer>
      """
  }

  private func section(_ title: String, _ rows: String, isEmpty: Bool) -> String {
    isEmpty ? "" : "<section>\n<h2>\(title)</h2>\n<table>\n\(rows)\n</table>\n</section>"
  }

  // MARK: Steps

  private var length: Int64 {
    max(0, summary.lastAt.nanoseconds - summary.startedAt.nanoseconds)
  }

  private var stepRows: String {
    let rows = steps.map { step in
      let ended = step.endedAt ?? summary.lastAt
      let took = ended.nanoseconds - step.begunAt.nanoseconds
      let allowed =
        step.deadline.map { $0.nanoseconds - step.begunAt.nanoseconds } ?? step.predicted
      let depth = steps.count { other in
        other.position != step.position && step.position.isWithin(other.position)
      }
      let attempts = step.attempts > 1 ? " <em>\(step.attempts) attempts</em>" : ""
      let undone = step.isUndone ? " <em>undone</em>" : ""
      return """
        <tr><td class="title" style="padding-left:\(depth + 1)em">\(XML.escaped(step.title))\(attempts)\(undone)</td>\
        <td class="bar"><div class="track">\(bar(step.begunAt, ended, step.outcome))</div></td>\
        <td class="number">\(clock(step.begunAt))</td><td class="number">\(Words.brief(took))</td>\
        <td class="number">\(share(took, of: allowed))</td>\(outcomeCell(step.outcome))</tr>
        """
    }
    return """
      <tr><th>step</th><th class="bar">0 to \(Words.brief(length))</th><th>at</th><th>took</th>\
      <th>allowed</th><th></th></tr>
      \(rows.joined(separator: "\n"))
      """
  }

  private func bar(_ begun: Instant, _ ended: Instant, _ outcome: Outcome) -> String {
    let whole = max(length, 1)
    // In thousandths, so that the text is the same on every machine.
    let left = (begun.nanoseconds - summary.startedAt.nanoseconds) / max(whole / 1000, 1)
    let width = max(3, (ended.nanoseconds - begun.nanoseconds) / max(whole / 1000, 1))
    func percent(_ value: Int64) -> String {
      let bounded = min(max(value, 0), 1000)
      return "\(bounded / 10).\(bounded % 10)%"
    }
    return
      "<span class=\"\(outcome.name)\" style=\"left:\(percent(min(left, 997)));width:\(percent(min(width, 1000 - min(left, 997))))\"></span>"
  }

  /// `5m, 12% used`
  private func share(_ took: Int64, of allowed: Int64?) -> String {
    guard let allowed, allowed > 0 else { return "" }
    return "\(Words.brief(allowed)), \(took / max(allowed / 100, 1))% used"
  }

  // MARK: Acts

  private var actRows: String {
    let rows = acts.map { act in
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
    return """
      <tr><th>at</th><th>act</th><th>change</th><th>took</th><th></th></tr>
      \(rows.joined(separator: "\n"))
      """
  }

  // MARK: Conditions

  private var conditionRows: String {
    let rows = conditions.map { condition in
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
    return """
      <tr><th>at</th><th></th><th>what</th><th>took</th><th>allowed</th><th></th></tr>
      \(rows.joined(separator: "\n"))
      """
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

  private func logRows(_ timeline: [TimelineEntry]) -> String {
    let rows = timeline.map { entry in
      let mark = entry.isFailure ? " class=\"failure\"" : ""
      let time = "<td class=\"number\">\(clock(entry.at))</td>"
      return "<tr\(mark)>\(time)<td>\(XML.escaped(entry.text))</td></tr>"
    }
    return rows.joined(separator: "\n")
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

private enum HTMLStyle {
  static let text = """
    :root { --good: #1a7f37; --bad: #b42318; --doubtful: #9a6700; --line: #d8dee4; --dim: #57606a; }
    * { box-sizing: border-box; }
    body { font: 15px/1.5 system-ui, sans-serif; color: #1f2328; background: #fff; max-width: 72em; margin: 2em auto; padding: 0 1.5em; }
    h1 { font-size: 1.6em; margin: 0 0 .4em; } h1 small { font-weight: 400; color: var(--dim); }
    h2 { font-size: 1.1em; margin: 2em 0 .4em; }
    .badge { font-size: .6em; vertical-align: middle; padding: .25em .7em; border-radius: 1em; color: #fff; }
    .badge.good { background: var(--good); } .badge.bad { background: var(--bad); } .badge.doubtful { background: var(--doubtful); }
    .message { margin: 0 0 .6em; } .message.bad { color: var(--bad); }
    dl { display: flex; flex-wrap: wrap; gap: .4em 2.4em; margin: 1em 0; }
    dt { color: var(--dim); font-size: .85em; } dd { margin: 0; font-variant-numeric: tabular-nums; }
    table { border-collapse: collapse; width: 100%; }
    th { text-align: left; font-weight: 500; color: var(--dim); font-size: .85em; }
    th, td { padding: .3em .6em; border-bottom: 1px solid var(--line); vertical-align: top; }
    td.number { width: 1%; font-variant-numeric: tabular-nums; white-space: nowrap; }
    .bar { width: 34%; } .track { position: relative; height: 1em; margin-top: .25em; background: #f0f2f4; border-radius: 3px; }
    .track span { position: absolute; top: 0; bottom: 0; border-radius: 3px; }
    .track .good { background: var(--good); } .track .bad { background: var(--bad); } .track .doubtful { background: var(--doubtful); }
    td.good { color: var(--good); } td.bad, tr.failure td { color: var(--bad); } td.doubtful { color: var(--doubtful); }
    code { font: .88em ui-monospace, monospace; overflow-wrap: anywhere; } small, em { color: var(--dim); }
    .evidence { margin: .3em 0 0; padding-left: 1.2em; } footer { margin-top: 3em; color: var(--dim); font-size: .85em; }
    footer ul { padding-left: 1.2em; }
    @media print {
      body { margin: 0; max-width: none; font-size: 10.5px; } tr, header { break-inside: avoid; } h2 { break-after: avoid; }
      .badge, .track, .track span { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
      @page { margin: 15mm; }
    }
    """
}
