// SPDX-License-Identifier: Apache-2.0

import DrProve
import DrRun
import DrSim

/// A drill as lines for people: what happened when, then each part of the recovery beside its prediction.
struct DrillText {
  let colour: Bool

  private var paint: Paint { Paint(isOn: colour) }

  /// A simulated drill as a whole.
  func text(_ report: DrillReport) -> String {
    "\(paint("drill \(report.drill.name)", .bold)) of \(report.drill.service), simulated\n\n"
      + SimulationText(colour: colour).timeline(report.simulation.world) + figures(report)
  }

  /// What came of it.
  func figures(_ report: DrillReport) -> String {
    var text = ""
    if !report.rows.isEmpty { text += "\n" + table(report) }
    if let real = report.real, let load = real.load { text += "\n" + line(load, real) + "\n" }
    if let real = report.real { text += exactness(real) }
    return text + "\n" + verdict(report.outcome) + "\n"
  }

  private func table(_ report: DrillReport) -> String {
    let isReal = report.real != nil
    var cells = [["", "predicted", "simulated"] + (isReal ? ["measured"] : [])]
    for row in report.rows {
      cells.append(
        [
          row.part, row.predicted.map(Self.interval) ?? "–",
          row.simulated.map(Words.brief) ?? "–",
        ] + (isReal ? [row.measured.map(Words.brief) ?? "–"] : []))
    }
    let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    return cells.enumerated().map { index, row in
      let line = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }.joined(separator: "  ")
      let trimmed = String(line.reversed().drop { $0 == " " }.reversed())
      return "  "
        + (index == 0 ? paint(trimmed, .dim) : trimmed + judgement(report.rows[index - 1])) + "\n"
    }.joined()
  }

  private func line(_ load: LoadFigures, _ real: RealRehearsal) -> String {
    guard load.failed > 0, let faultAt = real.outcome.faultAt, let first = load.firstFailure,
      let last = load.lastFailure
    else { return "\(load.failed) of \(load.sent) requests failed" }
    return
      "\(load.failed) of \(load.sent) requests failed, from \(Words.brief(first.since(faultAt))) to "
      + "\(Words.brief(last.since(faultAt))) after the fault; longest without an answer \(Words.brief(load.longestGap))"
  }

  /// How exact what was measured is, and whether this machine kept up.
  private func exactness(_ real: RealRehearsal) -> String {
    var text = ""
    if let uncertainty = real.outcome.uncertainty {
      text += "what is expected came at most \(Words.brief(uncertainty)) before it was seen\n"
    }
    if real.outcome.lateLooks > 0 {
      text +=
        paint(
          "\(real.outcome.lateLooks) of \(Words.count(real.outcome.looks, "look")) were late",
          .yellow)
        + ", by \(Words.brief(real.outcome.latest)) at most\n"
    }
    if let load = real.load, load.late > 0 {
      text +=
        paint("\(load.late) of \(Words.count(load.sent, "request")) were sent late", .yellow)
        + ", by \(Words.brief(load.lag)) at most\n"
    }
    return text
  }

  /// Whether what was seen lies within what was predicted.
  private func judgement(_ row: DrillReport.Row) -> String {
    guard let predicted = row.predicted else { return "" }
    let isWithin = [row.simulated, row.measured].compactMap(\.self).allSatisfy(predicted.contains)
    return isWithin ? "" : "  " + paint("outside of what was predicted", .red)
  }

  static func interval(_ it: Interval) -> String {
    guard let worst = it.worst else { return "\(Words.brief(it.best)) or more" }
    return it.best == worst
      ? Words.brief(worst) : "\(Words.brief(it.best)) to \(Words.brief(worst))"
  }

  private func verdict(_ outcome: DrillOutcome) -> String {
    let within = Words.duration(outcome.within)
    switch outcome.verdict {
    case .kept:
      let took = outcome.recovery.map {
        $0 == 0 ? "held all the time" : "held after \(Words.brief($0))"
      }
      return "what is expected within \(within) \(took ?? "held"): \(paint("kept", .green))"
    case .broken(let why):
      return "what is expected within \(within): \(paint("broken", .red)), \(why)"
    case .aborted(let why): return "\(paint("aborted", .yellow)): \(why); all faults are taken back"
    case .refused(let why):
      let values = why.isEmpty ? "" : " (\(why))"
      return "\(paint("nothing was broken", .yellow)): what is to be steady does not hold\(values)"
    }
  }
}
