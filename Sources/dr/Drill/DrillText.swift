// SPDX-License-Identifier: Apache-2.0

import DrProve
import DrRun
import DrSim

/// A drill as lines for people: what happened when, then each part of the recovery beside its prediction.
struct DrillText {
  let colour: Bool

  private var paint: Paint { Paint(isOn: colour) }

  func text(_ report: DrillReport) -> String {
    let outcome = report.simulation.drill
    var text =
      "\(paint("drill \(report.drill.name)", .bold)) of \(report.drill.service), simulated\n\n"
    text += SimulationText(colour: colour).timeline(report.simulation.world)
    if !report.rows.isEmpty { text += "\n" + table(report.rows) }
    text += "\n" + verdict(outcome) + "\n"
    return text
  }

  private func table(_ rows: [DrillReport.Row]) -> String {
    var cells = [["", "predicted", "simulated"]]
    for row in rows {
      cells.append([
        row.part, row.predicted.map(Self.interval) ?? "–",
        row.simulated.map(Words.brief) ?? "–",
      ])
    }
    let widths = (0..<3).map { column in cells.map { $0[column].count }.max() ?? 0 }
    return cells.enumerated().map { index, row in
      let line = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }.joined(separator: "  ")
      let trimmed = String(line.reversed().drop { $0 == " " }.reversed())
      return "  " + (index == 0 ? paint(trimmed, .dim) : trimmed + judgement(rows[index - 1]))
        + "\n"
    }.joined()
  }

  /// Whether what was seen lies within what was predicted.
  private func judgement(_ row: DrillReport.Row) -> String {
    guard let predicted = row.predicted, let simulated = row.simulated else { return "" }
    return predicted.contains(simulated) ? "" : "  " + paint("outside of what was predicted", .red)
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
