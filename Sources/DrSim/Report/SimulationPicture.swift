// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrRun

/// What happened to one service, as lanes over time: faults and what was done, the share of requests that was answered, and
/// for each zone its replicas and its share of the requests.
struct SimulationPicture {
  private let outcome: PolicySimulation.Outcome
  private let service: ServiceSummary
  private let history: ServiceHistory
  private let start: Instant
  private let end: Instant
  private let faultAt: Instant?

  private static let width = 1000.0
  private static let left = 120.0
  private static let right = 985.0
  private static let laneHeight = 46.0
  private static let gap = 14.0
  private static let barHeight = 16.0

  init(
    _ outcome: PolicySimulation.Outcome, _ service: ServiceSummary, _ history: ServiceHistory
  ) {
    self.outcome = outcome
    self.service = service
    self.history = history
    let faults = outcome.events.filter { $0.kind == .fault }.map(\.at)
    faultAt = faults.first
    let runs = outcome.events.compactMap { event -> Instant? in
      if case .ended = event.kind { event.at } else { nil }
    }
    let first = faults.first ?? SimulatedWorld.epoch
    let back = service.lostAt == nil ? first : service.fullAgainAt ?? outcome.until
    let promise = (faults.last ?? first).advanced(by: service.rto)
    let last = min(([back, promise] + faults + runs).max() ?? outcome.until, outcome.until)
    let margin = max(last.since(first) / 12, Second.one)
    start = max(SimulatedWorld.epoch, first.advanced(by: -margin))
    end = min(last.advanced(by: margin), outcome.until)
  }

  // MARK: The whole

  var svg: String {
    var body = ""
    let marks = self.marks
    var y = 14.0 * Double(1 + (marks.map(\.row).max() ?? -1)) + 10
    let top = y
    let bars = self.bars
    if !bars.isEmpty {
      body += laneName("runbook", y + 12)
      for bar in bars { body += self.bar(bar, y) }
      y += Double(1 + (bars.map(\.row).max() ?? 0)) * (Self.barHeight + 3) + Self.gap
    }
    body += answers(y)
    y += Self.laneHeight + Self.gap
    for index in history.zones.indices {
      body += zone(index, y)
      y += Self.laneHeight + Self.gap
    }
    let bottom = y - Self.gap
    let height = bottom + 22
    return """
      <svg viewBox="0 0 \(n(Self.width)) \(n(height))" role="img" aria-label="\(XML.escaped(label, isAttribute: true))">
      \(promise(top, bottom))\(axis(bottom))\(body)\(marks.map { mark($0, top, bottom) }.joined())</svg>
      <p class="legend"><b class="bad">red</b> what is lost · <b style="color:var(--act)">blue</b> replicas that answer · \
      <b class="doubtful">line</b> share of the requests · grey: the time that is promised</p>

      """
  }

  private var label: String {
    "\(service.service): faults, reactions, answers, replicas and requests over time"
  }

  // MARK: Time

  private func x(_ instant: Instant) -> Double {
    let whole = Double(max(1, end.since(start)))
    let share = min(max(Double(instant.since(start)) / whole, 0), 1)
    return Self.left + share * (Self.right - Self.left)
  }

  private func clock(_ instant: Instant) -> String {
    let text = Words.clock(instant.since(SimulatedWorld.epoch))
    return String(text.drop { $0 == " " }.dropLast(2))
  }

  private func axis(_ bottom: Double) -> String {
    let steps: [Int64] = [1, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400]
    let length = end.since(start)
    let step = (steps.first { length / ($0 * Second.one) <= 10 } ?? 86400) * Second.one
    var text = ""
    let first = (start.since(SimulatedWorld.epoch) + step - 1) / step * step
    for offset in stride(from: first, through: end.since(SimulatedWorld.epoch), by: Int(step)) {
      let instant = SimulatedWorld.epoch.advanced(by: offset)
      text += """
        <line x1="\(n(x(instant)))" x2="\(n(x(instant)))" y1="\(n(bottom))" y2="\(n(bottom + 4))" stroke="var(--dim)"/>\
        <text class="dim" x="\(n(x(instant)))" y="\(n(bottom + 16))" text-anchor="middle">\(clock(instant))</text>

        """
    }
    return text
  }

  /// The time within which the service is to be back.
  private func promise(_ top: Double, _ bottom: Double) -> String {
    guard let faultAt, service.rto > 0 else { return "" }
    let limit = faultAt.advanced(by: service.rto)
    let line =
      limit <= end
      ? """
      <line x1="\(n(x(limit)))" x2="\(n(x(limit)))" y1="\(n(top - 6))" y2="\(n(bottom))" stroke="var(--dim)" stroke-dasharray="2 3"/>\
      <text class="dim" x="\(n(x(limit) - 4))" y="\(n(top + 2))" text-anchor="end">RTO \(Words.brief(service.rto))</text>

      """ : ""
    return """
      <rect x="\(n(x(faultAt)))" y="\(n(top - 6))" width="\(n(x(limit) - x(faultAt)))" height="\(n(bottom - top + 6))" fill="var(--track)" opacity=".55"/>
      \(line)
      """
  }

  // MARK: Marks

  private struct Mark {
    let at: Instant
    let text: String
    let colour: String
    var row = 0
  }

  /// Faults, what fired, and when the service was back; each in the first row in which its text has room.
  private var marks: [Mark] {
    var marks: [Mark] = outcome.events.compactMap { event -> Mark? in
      guard event.at <= end else { return nil }
      return switch event.kind {
      case .fault: Mark(at: event.at, text: "✗ \(event.subject)", colour: "var(--bad)")
      case .mended: Mark(at: event.at, text: "↻ \(event.subject)", colour: "var(--good)")
      case .fired: Mark(at: event.at, text: "! \(event.subject)", colour: "var(--doubtful)")
      case .heldBack:
        Mark(at: event.at, text: "! \(event.subject), held back", colour: "var(--doubtful)")
      case .goesBack:
        Mark(at: event.at, text: "↶ \(event.subject) goes back", colour: "var(--doubtful)")
      case .drill, .run, .ended, .returnHeldBack: nil
      }
    }
    if let back = service.fullAgainAt {
      marks.append(Mark(at: back, text: "✓ full service", colour: "var(--good)"))
    }
    marks = marks.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
      .map(\.element)
    var ends: [Double] = []
    for index in marks.indices {
      let (from, length) = textPlace(marks[index])
      let row = ends.firstIndex { $0 <= from } ?? ends.endIndex
      if row == ends.endIndex { ends.append(0) }
      ends[row] = from + length
      marks[index].row = row
    }
    return marks
  }

  /// Text near the right edge ends at its mark.
  private func textPlace(_ mark: Mark) -> (from: Double, length: Double) {
    let length = Double(displayWidth(mark.text)) * 6 + 12
    let at = x(mark.at)
    return (at + length > Self.width ? at - length : at, length)
  }

  private func mark(_ mark: Mark, _ top: Double, _ bottom: Double) -> String {
    let at = x(mark.at)
    let y = 12 + 14 * Double(mark.row)
    let isLeft = textPlace(mark).from < at
    return """
      <line x1="\(n(at))" x2="\(n(at))" y1="\(n(y - 9))" y2="\(n(bottom))" stroke="\(mark.colour)" stroke-width="1.2"/>\
      <text x="\(n(at + (isLeft ? -4 : 4)))" y="\(n(y))" text-anchor="\(isLeft ? "end" : "start")" style="fill:\(mark.colour)">\(XML.escaped(mark.text))</text>

      """
  }

  // MARK: Steps

  private struct Bar {
    let from: Instant
    var until: Instant?
    let text: String
    let depth: Int
    var failed = false
    var row = 0
  }

  /// Steps and waits of the runs, in rows in which they do not overlap.
  private var bars: [Bar] {
    var bars: [Bar] = []
    func close(_ progress: Progress, failed: Bool) {
      let index = bars.lastIndex {
        $0.until == nil && $0.depth == progress.depth && progress.text.hasPrefix($0.text)
      }
      guard let index else { return }
      bars[index].until = progress.at
      bars[index].failed = failed
    }
    for event in outcome.events {
      guard case .run(let progress) = event.kind else {
        if case .ended = event.kind {
          for index in bars.indices where bars[index].until == nil { bars[index].until = event.at }
        }
        continue
      }
      switch progress.kind {
      case .stepStarted, .waitStarted, .approvalAsked, .undoStarted:
        bars.append(Bar(from: progress.at, text: progress.text, depth: progress.depth))
      case .stepFinished, .waitFinished, .verified, .undoFinished, .approvalGiven:
        close(progress, failed: false)
      case .stepFailed, .undoFailed: close(progress, failed: true)
      case .runStarted, .runResumed, .runReopened, .stepRetried, .stepSkipped, .actStarted,
        .actFinished, .actSettled, .actPlanned, .required, .paused, .locked, .failed, .finished:
        continue
      }
    }
    bars = bars.filter { $0.from <= end }
    var ends: [Double] = []
    for index in bars.indices {
      let from = x(bars[index].from)
      let row = ends.firstIndex { $0 <= from } ?? ends.endIndex
      if row == ends.endIndex { ends.append(0) }
      // Room for what stands beside it.
      let text = Double(displayWidth(bars[index].text)) * 6 + 14
      ends[row] = max(x(bars[index].until ?? end), from) + text
      bars[index].row = row
    }
    return bars
  }

  private func bar(_ bar: Bar, _ y: Double) -> String {
    let from = x(bar.from)
    let length = max(2, x(bar.until ?? end) - from)
    let top = y + Double(bar.row) * (Self.barHeight + 3)
    let colour = bar.failed ? "var(--bad)" : "var(--act)"
    let after = from + length + 5
    let room = Int((Self.width - after) / 6)
    let isInside = room < 12
    let text = clipped(bar.text, to: isInside ? max(1, Int((from - Self.left) / 6)) : room)
    return """
      <rect x="\(n(from))" y="\(n(top))" width="\(n(length))" height="\(n(Self.barHeight))" rx="2" fill="\(colour)" opacity=".75"/>\
      <text x="\(n(isInside ? from - 5 : after))" y="\(n(top + 12))" text-anchor="\(isInside ? "end" : "start")">\(XML.escaped(text))</text>

      """
  }

  // MARK: Lanes

  private func laneName(_ text: String, _ y: Double) -> String {
    "<text x=\"\(n(Self.left - 10))\" y=\"\(n(y))\" text-anchor=\"end\">\(XML.escaped(clipped(text, to: 18)))</text>\n"
  }

  private func frame(_ y: Double) -> String {
    let base = y + Self.laneHeight
    return
      "<line x1=\"\(n(Self.left))\" x2=\"\(n(Self.right))\" y1=\"\(n(base))\" y2=\"\(n(base))\" stroke=\"var(--line)\"/>\n"
  }

  /// The share of answered requests: what is missing is red.
  private func answers(_ y: Double) -> String {
    let line = path { $0.answered }.map { (x: $0.x, y: y + (1 - $0.value) * Self.laneHeight) }
    let lost = points(
      line + [(x: Self.right, y: y), (x: Self.left, y: y)])
    return """
      \(laneName("answered", y + Self.laneHeight / 2 - 2))\(frame(y))\
      <polygon points="\(lost)" fill="var(--bad)" opacity=".35"/>\
      <polyline points="\(points(line))" fill="none" stroke="var(--good)" stroke-width="1.6"/>
      <text class="dim" x="\(n(Self.left - 10))" y="\(n(y + Self.laneHeight / 2 + 12))" text-anchor="end">up to 100%</text>

      """
  }

  private func zone(_ index: Int, _ y: Double) -> String {
    let most = Double(max(1, history.points.flatMap(\.serving).max() ?? 1))
    let base = y + Self.laneHeight
    var steps: [(x: Double, y: Double)] = []
    for (point, until) in spans {
      let top = base - Double(point.serving[index]) / most * Self.laneHeight
      steps += [(x(max(point.at, start)), top), (x(until), top)]
    }
    let area = points([(x: Self.left, y: base)] + steps + [(x: Self.right, y: base)])
    let line = path { $0.shares[index] }.map { (x: $0.x, y: base - $0.value * Self.laneHeight) }
    return """
      \(laneName(history.zones[index], y + Self.laneHeight / 2 - 2))\
      <text class="dim" x="\(n(Self.left - 10))" y="\(n(y + Self.laneHeight / 2 + 12))" text-anchor="end">up to \(Words.count(Int(most), "replica"))</text>\(frame(y))\
      <polygon points="\(area)" fill="var(--act)" opacity=".3"/>\
      <polyline points="\(points(line))" fill="none" stroke="var(--doubtful)" stroke-width="1.6"/>

      """
  }

  /// Points of the history within the picture, each with when the next one comes.
  private var spans: [(ServiceHistory.Point, Instant)] {
    history.points.enumerated().compactMap { number, point in
      let next = number + 1 < history.points.count ? history.points[number + 1].at : end
      guard next > start, point.at < end else { return nil }
      return (point, min(next, end))
    }
  }

  /// A figure over time, exactly as it was.
  private func path(_ value: (ServiceHistory.Point) -> Double) -> [(x: Double, value: Double)] {
    var line: [(x: Double, value: Double)] = []
    let spans = self.spans
    for (number, span) in spans.enumerated() {
      let (point, until) = span
      line.append((x(max(point.at, start)), value(point)))
      let next = number + 1 < spans.count ? value(spans[number + 1].0) : value(point)
      line.append((x(until), point.isMoving ? next : value(point)))
    }
    return line
  }

  private func points(_ line: [(x: Double, y: Double)]) -> String {
    line.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")
  }

  /// With one digit after the point, the same on every machine.
  private func n(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0
      ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }
}
