// SPDX-License-Identifier: Apache-2.0

import DrRun

/// How a service fared over a simulation.
package struct ServiceSummary: Sendable, Equatable {
  package enum Level: String, Sendable {
    /// All replicas that are promised serve, and at least 99% of the requests are answered.
    case full
    /// Less, but something is answered.
    case degraded
    /// No request is answered.
    case down
  }

  /// A time in which a service was at one level.
  package struct Period: Sendable, Equatable {
    package let level: Level
    package let from: Instant
    /// Where the simulation ended, if it was still so then.
    package let until: Instant

    /// Nanoseconds.
    package var length: Int64 { until.nanoseconds - from.nanoseconds }
  }

  package let service: String
  /// What it promises: from the loss to full service, in nanoseconds.
  package let rto: Int64
  package let atLeast: Int
  /// Without gaps, from the beginning of the simulation to its end; neighbours differ in level.
  package let periods: [Period]
  /// Requests that clients sent, and those of them that failed.
  package let requests: Int64
  package let lostRequests: Int64
  /// The latest instant that was simulated.
  package let until: Instant

  /// The share of answered requests from which on service counts as full. A hair below 99%, for the
  /// sums of shares are not exact.
  static let fullSuccess = 0.99 - 1e-9

  init(
    _ spec: SimulatedCluster.Service, success: Curve, serving: [(at: Instant, count: Int)],
    from start: Instant, until end: Instant
  ) {
    service = spec.label
    rto = spec.rto
    atLeast = spec.atLeast
    until = end
    let seconds = Double(end.nanoseconds - start.nanoseconds) / Double(Second.one)
    let answered = success.integral(from: start, to: end) / Double(Second.one)
    let rate = max(0, spec.requestsPerSecond)
    requests = Int64((seconds * rate).rounded())
    lostRequests = Int64(((seconds - answered) * rate).rounded())
    periods = Self.periods(spec, success, serving, start, end)
  }

  // MARK: Questions

  /// When it first gave less than it promises.
  package var lostAt: Instant? { periods.first { $0.level != .full }?.from }

  /// From when on it gave all that it promises to the end; `nil` where it did not, or never gave
  /// less.
  package var fullAgainAt: Instant? {
    guard lostAt != nil, let last = periods.last, last.level == .full else { return nil }
    return last.from
  }

  /// From the first to the last moment in which no request was answered.
  package var down: (from: Instant, until: Instant)? { span(.down) }

  /// From the first to the last moment in which it gave something, but less than it promises.
  package var degraded: (from: Instant, until: Instant)? { span(.degraded) }

  /// For how long it gave less than it promises, in nanoseconds.
  package var downtime: Int64 { total { $0 != .full } }

  /// For how long no request was answered, in nanoseconds.
  package var outage: Int64 { total { $0 == .down } }

  /// The times in which it gave less than it promises, down or degraded.
  var losses: [(from: Instant, until: Instant)] {
    var losses: [(from: Instant, until: Instant)] = []
    for period in periods where period.level != .full {
      if let last = losses.last, last.until == period.from {
        losses[losses.count - 1].until = period.until
      } else {
        losses.append((period.from, period.until))
      }
    }
    return losses
  }

  /// The longest time from a loss to full service, in nanoseconds; 0 where nothing was lost.
  package var longestLoss: Int64 {
    losses.reduce(0) { max($0, $1.until.nanoseconds - $1.from.nanoseconds) }
  }

  /// Whether it was back at full service within its recovery time each time; `nil` where it never
  /// gave less, or where the simulation ended too early to tell.
  package var keptRTO: Bool? {
    guard lostAt != nil else { return nil }
    if longestLoss > rto { return false }
    return periods.last?.level == .full ? true : nil
  }

  private func span(_ level: Level) -> (from: Instant, until: Instant)? {
    guard let first = periods.first(where: { $0.level == level }),
      let last = periods.last(where: { $0.level == level })
    else { return nil }
    return (first.from, last.until)
  }

  private func total(_ counts: (Level) -> Bool) -> Int64 {
    periods.reduce(0) { $0 + (counts($1.level) ? $1.length : 0) }
  }

  // MARK: For people

  /// The summary in lines, with times since an instant such as that of the fault.
  package func lines(since zero: Instant) -> [String] {
    func at(_ instant: Instant) -> String {
      let text = Words.duration(Self.rounded(instant.nanoseconds - zero.nanoseconds))
      return text.hasPrefix("-") ? text : "+\(text)"
    }
    func length(_ nanoseconds: Int64) -> String { Words.duration(Self.rounded(nanoseconds)) }
    guard let lostAt else { return ["\(service): full service all the time"] }
    var lines: [String] = []
    let times = losses.count
    if let fullAgainAt, times > 1 {
      lines.append(
        "\(service): full service lost \(times) times, first \(at(lostAt)), back for good \(at(fullAgainAt))"
      )
    } else if let fullAgainAt {
      lines.append("\(service): full service lost \(at(lostAt)), back \(at(fullAgainAt))")
    } else {
      lines.append("\(service): full service lost \(at(lostAt)), not back by \(at(until))")
    }
    if let down {
      lines.append(
        "down \(at(down.from)) to \(at(down.until)): \(length(outage)) without an answer")
    }
    if let degraded {
      let text = "degraded \(at(degraded.from)) to \(at(degraded.until))"
      lines.append("\(text): \(length(downtime - outage))")
    }
    lines.append("\(lostRequests) of \(requests) requests lost")
    let verdict =
      switch keptRTO {
      case true?: "kept"
      case false?: "broken"
      case nil: "not decided yet"
      }
    lines.append(
      "recovery within \(length(rto)) promised, \(times > 1 ? "at most " : "")\(length(longestLoss)) needed: \(verdict)"
    )
    return lines
  }

  /// To seconds, and what is shorter than that to milliseconds.
  private static func rounded(_ nanoseconds: Int64) -> Int64 {
    let unit = abs(nanoseconds) < Second.one ? Second.milli : Second.one
    return (nanoseconds + (nanoseconds < 0 ? -unit : unit) / 2) / unit * unit
  }

  // MARK: Periods

  private static func periods(
    _ spec: SimulatedCluster.Service, _ success: Curve, _ serving: [(at: Instant, count: Int)],
    _ start: Instant, _ end: Instant
  ) -> [Period] {
    var cuts = [start] + serving.map(\.at)
    for (index, piece) in success.pieces.enumerated() {
      let next = index + 1 < success.pieces.count ? success.pieces[index + 1].from : end
      cuts.append(piece.from)
      if let crossing = crossing(piece, before: next) { cuts.append(crossing) }
    }
    cuts = cuts.filter { $0 >= start && $0 < end }.sorted()
    var periods: [Period] = []
    for (index, cut) in cuts.enumerated() {
      let next = index + 1 < cuts.count ? cuts[index + 1] : end
      guard next > cut else { continue }
      let count = serving.last { $0.at <= cut }?.count ?? 0
      // Between two cuts no share passes the threshold, so the middle speaks for all.
      let middle = cut.advanced(by: (next.nanoseconds - cut.nanoseconds) / 2)
      let share = success.value(at: middle)
      let level: Level =
        share <= 1e-9
        ? .down : count >= spec.atLeast && share >= fullSuccess ? .full : .degraded
      if let last = periods.last, last.level == level {
        periods[periods.count - 1] = Period(level: level, from: last.from, until: next)
      } else {
        periods.append(Period(level: level, from: cut, until: next))
      }
    }
    return periods
  }

  /// Where a piece passes the threshold of full service.
  private static func crossing(_ piece: Curve.Piece, before next: Instant) -> Instant? {
    guard piece.slope != 0 else { return nil }
    let delay = (fullSuccess - piece.value) / piece.slope
    guard delay > 0, delay < Double(next.nanoseconds - piece.from.nanoseconds) else { return nil }
    return piece.from.advanced(by: Int64(delay.rounded()))
  }
}
