// SPDX-License-Identifier: Apache-2.0

import Foundation

extension Bench {
  /// 5,000 services of eight objects each, as one YAML stream.
  func manifests() throws -> [Figure] {
    let path = try file("services.dr", Inputs.services(count: 5_000))
    var contest = Contest(countsProcessor: countsProcessor)
    contest.add("dr compile", dr, ["compile", path])
    let run = try contest.medians(rounds: min(rounds, 5))[0].run
    let (time, peak) = (run?.milliseconds ?? .infinity, run?.peak ?? .infinity)
    return [
      Figure(
        name: "compile of 40,000 objects", ours: time, unit: "ms", bar: "560 ms", holds: time <= 560
      ),
      Figure(
        name: "its largest memory", ours: peak, unit: "MiB", bar: "150 MiB", holds: peak <= 150),
    ]
  }
}
