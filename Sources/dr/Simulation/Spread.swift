// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import DrSim

/// How the time that one service needed is spread over many seeds.
struct Spread {
  let service: String
  /// Nanoseconds.
  let rto: Int64
  private let recoveries: [Int64]
  let broken: [UInt64]

  /// One outcome for each seed, of the service with that place in each.
  init(_ outcomes: [PolicySimulation.Outcome], seeds: [UInt64], service index: Int) {
    let summaries = outcomes.map { $0.services[index] }
    service = summaries.first?.service ?? ""
    rto = summaries.first?.rto ?? 0
    recoveries = summaries.map(\.longestLoss).sorted()
    broken = zip(seeds, summaries).filter { $1.verdict.isBroken }.map(\.0)
  }

  /// The least time that at least that share of the seeds did not exceed (nearest rank).
  func recovery(_ share: Double) -> Int64 {
    guard !recoveries.isEmpty else { return 0 }
    let rank = Int((share * Double(recoveries.count)).rounded(.up))
    return recoveries[min(max(rank, 1), recoveries.count) - 1]
  }

  var text: String {
    let figures = [("best", 0), ("median", 0.5), ("p95", 0.95), ("worst", 1)].map { name, share in
      "\(name) \(Words.duration(recovery(share) / Second.milli / 100 * 100 * Second.milli))"
    }
    var text = "\(service): recovery within \(Words.duration(rto)) promised; "
    text += figures.joined(separator: ", ") + "\n"
    if let first = broken.first {
      text += "  the promise is broken with \(Words.count(broken.count, "seed"))"
      text += " of \(recoveries.count), the first: --seed \(first)\n"
    } else {
      text += "  the promise is kept with all \(recoveries.count) seeds\n"
    }
    return text
  }

  var document: Document {
    .object(
      DocumentObject([
        ("service", .string(service)), ("seeds", .int(Int64(recoveries.count))),
        ("rto_s", SimulationDocument.seconds(rto)),
        ("best_s", SimulationDocument.seconds(recovery(0))),
        ("median_s", SimulationDocument.seconds(recovery(0.5))),
        ("p95_s", SimulationDocument.seconds(recovery(0.95))),
        ("worst_s", SimulationDocument.seconds(recovery(1))),
        ("broken_seeds", .array(broken.map { .int(Int64(bitPattern: $0)) })),
      ]))
  }
}
