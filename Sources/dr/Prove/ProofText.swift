// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrProve
import DrRun

/// Proofs as lines for people: a table of losses, what breaks the promise, and where the time goes.
struct ProofText {
  let sources: SourceMap
  let colour: Bool
  /// Columns of the terminal; what is longer than that goes on below.
  var width = 80

  private var paint: Paint { Paint(isOn: colour) }

  func text(_ proofs: [Proof]) -> String {
    proofs.map(text).joined(separator: "\n")
  }

  private func text(_ proof: Proof) -> String {
    let verdict =
      switch proof.verdict {
      case .proved: paint("proved", .green)
      case .refuted: paint("refuted", .red)
      case .unknown: paint("not known", .yellow)
      }
    let promise = "back within \(Words.duration(proof.rto))"
    var text = "\(paint(proof.service, .bold)): \(promise) of any one loss: \(verdict)\n\n"
    text += table(proof.cases)
    text += pairs(proof)
    for broken in groups(proof.cases.filter { $0.counts && $0.verdict != .proved }) {
      text += "\n" + counterexample(broken, of: proof)
    }
    if let slowest = slowest(proof) { text += "\n" + budget(slowest, of: proof) }
    return text + "\n" + data(proof) + availability(proof.availability)
  }

  // MARK: Data and time

  private func data(_ proof: Proof) -> String {
    let head = "  data: at most \(Words.brief(proof.rpo)) may be lost"
    return head + "\n"
      + proof.keepings.map { kept in
        let line = kept.place.map { " " + paint($0, .dim) } ?? ""
        let mark = kept.lag.map { $0 <= proof.rpo ? paint("✓", .green) : paint("✗", .red) }
        return "    \(mark ?? paint("?", .yellow)) \(folded(kept.text + line, indent: 6))\n"
      }.joined()
  }

  private func availability(_ it: ProofAvailability) -> String {
    var text = "\(percent(it.promised)) promised; "
    if let worst = it.worst, let best = it.best {
      let range = worst == best ? percent(worst) : "\(percent(worst)) to \(percent(best))"
      text += "\(range) by the failure rates that are declared"
    } else {
      text += "no failure rates are declared"
    }
    if it.worst != nil, !it.undeclared.isEmpty {
      text += ", none of: \(it.undeclared.joined(separator: ", "))"
    }
    return "  \(folded("availability: \(text)", indent: 4))\n"
  }

  /// Of 10⁻⁹, with four digits after the point at most.
  private func percent(_ billionths: Int64) -> String {
    let parts = max(0, billionths) / 1_000
    var text = "\(parts / 10_000)"
    var rest = String(String(parts % 10_000 + 10_000).dropFirst())
    while rest.hasSuffix("0") { rest.removeLast() }
    if !rest.isEmpty { text += "." + rest }
    return text + "%"
  }

  // MARK: The table

  private func table(_ cases: [ProofCase]) -> String {
    var rows = [["lost", "left", "room", "back after"]]
    for item in cases {
      rows.append([item.name, "\(item.left)/\(item.wanted)", "\(item.room)", recovery(item)])
    }
    let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.enumerated().map { index, row in
      let mark = index == 0 ? " " : mark(cases[index - 1])
      let cells = row.indices.dropLast().map { padded(row[$0], to: widths[$0], isRight: $0 == 2) }
      let line = "  \(mark) \(cells.joined(separator: "  "))  \(row[3])"
      return index == 0 ? paint(line, .dim) + "\n" : line + "\n"
    }.joined()
  }

  private func mark(_ item: ProofCase) -> String {
    guard item.counts else { return paint("·", .dim) }
    return switch item.verdict {
    case .proved: paint("✓", .green)
    case .refuted: paint("✗", .red)
    case .unknown: paint("?", .yellow)
    }
  }

  private func recovery(_ item: ProofCase) -> String {
    let text =
      switch item.ending {
      case .untouched: "at once"
      case .down: "never by itself"
      case .unknown: "not known"
      case .back: interval(item.takes)
      }
    return item.counts ? text : "\(text), not promised"
  }

  private func interval(_ it: Interval) -> String {
    guard let worst = it.worst else { return "\(Words.brief(it.best)) or more" }
    return it.best == worst
      ? Words.brief(worst) : "\(Words.brief(it.best)) to \(Words.brief(worst))"
  }

  private func pairs(_ proof: Proof) -> String {
    guard !proof.pairs.isEmpty else { return "" }
    let held = proof.pairs.count { $0.verdict == .proved }
    let worst = proof.pairs.first { $0.verdict != .proved }
    let rest = worst.map { "; not \($0.name)" } ?? ""
    return paint("    of \(proof.pairs.count) pairs of losses, \(held) hold\(rest)\n", .dim)
  }

  // MARK: What breaks it

  /// Losses that break a promise for the same reason are told together.
  private func groups(_ cases: [ProofCase]) -> [[ProofCase]] {
    var groups: [[ProofCase]] = []
    for item in cases {
      let index = groups.firstIndex {
        $0[0].because == item.because && $0[0].takes == item.takes && $0[0].verdict == item.verdict
      }
      if let index { groups[index].append(item) } else { groups.append([item]) }
    }
    return groups
  }

  private func counterexample(_ cases: [ProofCase], of proof: Proof) -> String {
    let item = cases[0]
    let style = item.verdict == .refuted ? Paint.Style.red : .yellow
    let rest = cases.dropLast().map(\.name).joined(separator: ", ")
    let names = [rest, cases.last?.name ?? ""].filter { !$0.isEmpty }.joined(separator: " or ")
    var text = wrapped("\(names): \(item.because)", mark: mark(item), style)
    if item.ending == .back, item.verdict == .refuted {
      let worst = item.takes.worst.map(Words.brief) ?? Words.brief(item.takes.best)
      text += "    at worst \(worst), promised are \(Words.duration(proof.rto))"
      text += place(proof.rtoPlace) + "\n"
    }
    var told: [ProofChange] = []
    for change in cases.flatMap(\.changes) where !told.contains(change) {
      told.append(change)
      text += "    \(paint("→", .bold)) \(change.title)\(place(change.around))\n"
    }
    return text
  }

  /// What comes back latest of all that counts.
  private func slowest(_ proof: Proof) -> ProofCase? {
    proof.cases.filter { $0.counts && $0.ending == .back }
      .max { ($0.takes.worst ?? .max) < ($1.takes.worst ?? .max) }
  }

  private func budget(_ item: ProofCase, of proof: Proof) -> String {
    let title = "where the time goes: \(item.name)"
    var text = wrapped(title, mark: "", nil)
    let widest = (item.terms.map(\.takes) + [item.takes]).map { interval($0).count }.max() ?? 0
    func line(_ term: ProofTerm) -> String {
      let part = padded(term.part.rawValue, to: 8)
      let head = "    \(part)  \(padded(interval(term.takes), to: widest))  "
      let line = term.place.map { " " + paint($0, .dim) } ?? ""
      return head + folded(term.because + line, indent: head.count) + "\n"
    }
    text += item.terms.filter { !$0.isAfter }.map(line).joined()
    let total = padded(interval(item.takes), to: widest)
    text += "    \(paint("in all", .bold))    \(total)  of \(Words.duration(proof.rto))"
    text += place(proof.rtoPlace) + "\n"
    let after = item.terms.filter(\.isAfter)
    guard !after.isEmpty else { return text }
    return text + "    the service is back by then, and the runbook says so\n"
      + after.map(line).joined()
  }

  // MARK: Lines

  private func place(_ span: Span?, margin: String = "  ") -> String {
    span.map { margin + paint(sources.location($0), .dim) } ?? ""
  }

  private func padded(_ text: String, to width: Int, isRight: Bool = false) -> String {
    let gap = String(repeating: " ", count: max(0, width - text.count))
    return isRight ? gap + text : text + gap
  }

  private func wrapped(_ text: String, mark: String, _ style: Paint.Style?) -> String {
    let head = mark.isEmpty ? "  " : "  \(mark) "
    return head + folded(text, indent: mark.isEmpty ? 2 : 4) + "\n"
  }

  /// A sentence over as many lines as it needs.
  private func folded(_ text: String, indent: Int) -> String {
    var lines = [""]
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      let last = lines[lines.count - 1]
      if !last.isEmpty, indent + visible(last) + 1 + visible(String(word)) > width {
        lines.append(String(word))
      } else {
        lines[lines.count - 1] = last.isEmpty ? String(word) : last + " " + word
      }
    }
    return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
  }

  /// Columns of a text without its colours.
  private func visible(_ text: String) -> Int {
    var count = 0
    var isEscape = false
    for character in text {
      if character == "\u{1B}" { isEscape = true }
      if !isEscape { count += 1 }
      if isEscape, character == "m" { isEscape = false }
    }
    return count
  }
}
