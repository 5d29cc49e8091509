// SPDX-License-Identifier: Apache-2.0

import DrRun
import DrSim

/// How a service fared in the simulated world, against what it promises.
enum ServiceReport {
  static func text(_ service: ServiceSummary, start: Instant, colour: Bool) -> String {
    var text = "\n\(service.service)\n"
    for period in service.periods {
      let from = Words.duration(tenths(period.from.nanoseconds - start.nanoseconds))
      let length = Words.duration(tenths(period.length))
      text += "  from \(from), for \(length): \(words(period.level))\n"
    }
    text += "  \(service.requests) requests, \(service.lostRequests) of them lost\n"
    let promised = Words.duration(service.rto)
    let short = service.periods.filter { $0.level != .full }.map(\.length).max() ?? 0
    let isBack = service.periods.last?.level == .full
    if short == 0 {
      text += "  never short of full service; promised within \(promised)\n"
    } else if !isBack {
      text += paint("  not back to full service; promised within \(promised): broken", "31", colour) + "\n"
    } else {
      let kept = short <= service.rto
      let verdict = kept ? "kept" : "broken"
      text += paint(
        "  full service again after \(Words.duration(tenths(short))); promised within \(promised): \(verdict)",
        kept ? "32" : "31", colour)
      text += "\n"
    }
    return text
  }

  private static func words(_ level: ServiceSummary.Level) -> String {
    switch level {
    case .full: "full service"
    case .degraded: "less than promised"
    case .down: "no request is answered"
    }
  }

  private static func tenths(_ nanoseconds: Int64) -> Int64 {
    nanoseconds / 100_000_000 * 100_000_000
  }

  private static func paint(_ text: String, _ style: String, _ colour: Bool) -> String {
    colour ? "\u{1B}[\(style)m\(text)\u{1B}[0m" : text
  }
}
