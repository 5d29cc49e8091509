// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema
import Testing

@testable import DrRun

@Suite("The live view") struct LiveTests {
  // MARK: What goes on

  private func played(_ scenario: Scenario) throws -> TestHost {
    var host = scenario.host
    host.tellsNews = true
    _ = try host.live()
    return host
  }

  @Test(
    "who follows a run is told its records, as they stand in the journal", arguments: Scenario.all)
  func news(_ scenario: Scenario) throws {
    let host = try played(scenario)
    let told = host.told.compactMap { news in
      if case .recorded(let record) = news { record } else { nil }
    }
    #expect(told == host.records)
    var quiet = scenario.host
    _ = try quiet.live()
    #expect(quiet.told == [])
    #expect(quiet.disk == host.disk)
  }

  @Test(
    "what goes on is in the order of the program, and nothing does at the end",
    arguments: Scenario.all)
  func items(_ scenario: Scenario) throws {
    var run = LiveRun()
    for news in try played(scenario).told {
      run.take(news)
      for (item, next) in zip(run.items, run.items.dropFirst()) {
        #expect(!next.position.precedes(item.position), "\(scenario): \(item.text), \(next.text)")
        #expect(next.depth <= item.depth + 1, "\(scenario): \(item.text), \(next.text)")
      }
    }
    if case .ended = run.status { #expect(run.items == []) }
    #expect(run.status != .running)
  }

  @Test("a view of every moment of a run is as written down")
  func golden() throws {
    var run = LiveRun()
    var shown: [String] = []
    let text = LiveText(columns: 72, rows: 20, colour: false)
    for name in ["evacuation", "parallel_steps_retry_each_by_itself", "undos_run_in_reverse"] {
      run = LiveRun()
      let scenario = try #require(Scenario.all.first { $0.name == name })
      shown.append("== \(name)")
      for news in try played(scenario).told {
        run.take(news)
        guard case .recorded(let record) = news else { continue }
        let lines = text.lines(of: run, at: record.at.advanced(by: 1_500_000_000))
        let view = lines.joined(separator: "\n")
        if view != shown.last { shown.append(view) }
      }
    }
    expectGolden("live_views", shown.joined(separator: "\n--\n"))
  }

  private func run(title: String) -> LiveRun {
    let start = Instant(nanoseconds: 1_000_000_000)
    let identity = RunIdentity(
      runID: "r", runbook: "evacuate", arguments: ["from": .string(title)], programDigest: "",
      sources: [], version: "", world: "real")
    func record(_ position: String, _ body: JournalRecord.Body) -> JournalRecord {
      JournalRecord(at: start, position: Position(position), body)
    }
    var run = LiveRun([
      record("", .begun(identity)),
      record("", .objectives([Objective(service: "chat", recovery: 180_000_000_000)])),
      record("0", .step(title: title, until: start.advanced(by: 300_000_000_000))),
      record("0.1", .waiting(for: .wait, text: "wait until \(title)", until: nil)),
      record("1.10", .step(title: "second", until: nil)),
      record("1.9", .step(title: "first", until: nil)),
      record(
        "1.9", .retry(attempt: 2, at: start.advanced(by: 8_000_000_000), why: "429\u{1B}[2J")),
    ])
    run.take(.looked(Position("0.1"), "ready is 1"))
    return run
  }

  @Test(
    "no line is wider than the terminal, whatever is written in it, and nothing in it is obeyed")
  func widths() {
    for title in ["scale up", "把流量切到北京二区，然后等待副本就绪", "👩‍🚒 e\u{301}vacuate", "\u{1B}[31m\n\t"] {
      let run = run(title: title)
      for columns in 1...90 {
        for rows in [1, 3, 20] {
          let text = LiveText(columns: columns, rows: rows, colour: false)
          let lines = text.lines(of: run, at: Instant(nanoseconds: 43_000_000_000))
          #expect(lines.count <= rows)
          for line in lines {
            #expect(displayWidth(line) <= columns, "\(columns): \(line)")
            #expect(!line.unicodeScalars.contains { $0.value < 0x20 })
          }
        }
      }
      let wide = LiveText(columns: 90, rows: 20, colour: true)
      let plain = LiveText(columns: 90, rows: 20, colour: false)
      let now = Instant(nanoseconds: 43_000_000_000)
      #expect(
        wide.lines(of: run, at: now).map(LiveRegion.width)
          == plain.lines(of: run, at: now).map { displayWidth($0) })
    }
  }

  @Test("the first line says how far it is against the promise, and by how much it is over")
  func promise() {
    let text = LiveText(columns: 80, rows: 9, colour: false)
    let run = run(title: "az1")
    let early = text.lines(of: run, at: Instant(nanoseconds: 43_000_000_000))
    #expect(early[0] == " 0:42  evacuate from=az1  RTO 3m, 2m18s left ███░░░░░░░░░░░░░")
    #expect(early[1] == "  ● az1, for 42s, 4m18s left")
    #expect(early[2] == "    … wait until az1 (ready is 1), for 42s")
    #expect(early[3].hasPrefix("  ↻ first: 429"))
    let late = text.lines(of: run, at: Instant(nanoseconds: 201_500_000_000))
    #expect(late[0].contains("RTO 3m, over by 21s ████████████████"))
  }

  /// Of 200 branches: so many are done, some have failed, one is tried again, one asks a person, the others go on.
  @Test("once a signal has come it is said what a second one does, and how to go on")
  func stops() {
    let now = Instant(nanoseconds: 2_000_000_000)
    for rows in [20, 4] {
      let text = LiveText(columns: 80, rows: rows, colour: false)
      let lines = text.lines(of: run(title: "first"), at: now, stoppedFor: "dr resume r")
      #expect(lines.count <= rows)
      #expect(lines[1] == "‖ pauses after what is under way; a second Ctrl-C ends it at once")
      #expect(lines[2] == "  either way go on with: dr resume r")
    }
  }

  @Test("a wait that has failed says its text once")
  func failedWait() {
    let start = Instant(nanoseconds: 0)
    var run = run(title: "first")
    run.take(
      JournalRecord(
        at: start, position: Position("0.1"),
        .verdict(
          holds: false, message: "did not hold within 5s: wait until first (ready is 1)",
          evidence: [])))
    let lines = LiveText(columns: 80, rows: 20, colour: false).lines(of: run, at: start)
    #expect(lines.contains("  ✗ did not hold within 5s: wait until first (ready is 1)"), "\(lines)")
  }

  private func fanOut(failed: Set<Int>) -> LiveRun {
    let start = Instant(nanoseconds: 1_000_000_000)
    let identity = RunIdentity(
      runID: "r", runbook: "warm", arguments: [:], programDigest: "", sources: [], version: "",
      world: "real")
    var run = LiveRun()
    func take(_ position: String, _ body: JournalRecord.Body) {
      run.take(JournalRecord(at: start, position: Position(position), body))
    }
    take("", .begun(identity))
    for branch in 0..<200 { take("0.\(branch).0", .step(title: "node \(branch)", until: nil)) }
    for branch in 0..<180 where !failed.contains(branch) { take("0.\(branch).0", .stepDone) }
    for branch in failed.sorted() { take("0.\(branch).0", .stepFailed(why: "out of memory")) }
    take("0.190.0", .retry(attempt: 2, at: start.advanced(by: 9_000_000_000), why: "busy"))
    take("0.199.0.1", .waiting(for: .approve, text: "Go on with node 199?", until: nil))
    return run
  }

  @Test(
    "of many branches those that failed or wait for a person are seen, and the others counted")
  func crowd() {
    let now = Instant(nanoseconds: 43_000_000_000)
    let text = LiveText(columns: 80, rows: 10, colour: false)
    let few = text.lines(of: fanOut(failed: [3, 77, 150]), at: now)
    #expect(few.count == 10)
    #expect(few[0].contains("177 steps done, 20 running, 3 failed"))
    #expect(few[1].hasPrefix("  ? Go on with node 199?"))
    #expect(few[2...4] == [3, 77, 150].map { "  ✗ node \($0): out of memory" }[...])
    #expect(few[5].hasPrefix("  ↻ node 190: busy, attempt 2 in "))
    #expect(few[6].hasPrefix("  ● node 180, for "))
    #expect(few[9] == "  and 16 more under way")
    // However many have failed, a question is seen, and so is what goes on.
    let many = text.lines(of: fanOut(failed: Set(0..<100)), at: now)
    #expect(many[0].contains("80 steps done, 20 running, 100 failed"))
    #expect(many[1].hasPrefix("  ? Go on with node 199?"))
    #expect(many.contains { $0.hasPrefix("  ● node 180") })
    #expect(many[9].hasPrefix("  and 97 more failed, "))
    for rows in 1...40 {
      for columns in [1, 20, 300] {
        let small = LiveText(columns: columns, rows: rows, colour: false)
        let lines = small.lines(of: fanOut(failed: [3, 77]), at: now)
        #expect(lines.count <= rows)
        #expect(lines.allSatisfy { displayWidth($0) <= columns })
      }
    }
  }

  @Test("what is tried again, or was not needed, does not stand there as failed")
  func forgiven() {
    var run = fanOut(failed: [3])
    #expect(run.failures.map(\.text) == ["node 3"])
    run.take(
      JournalRecord(
        at: Instant(nanoseconds: 2_000_000_000), position: Position("0.3.0"),
        .step(title: "node 3", until: nil)))
    #expect(run.failures == [])
    run = fanOut(failed: [3])
    run.take(
      JournalRecord(
        at: Instant(nanoseconds: 2_000_000_000), position: Position("0"),
        .retry(attempt: 2, at: Instant(nanoseconds: 3_000_000_000), why: "node 3")))
    #expect(run.failures == [])
    run = fanOut(failed: [3])
    run.take(
      JournalRecord(
        at: Instant(nanoseconds: 2_000_000_000), .ended(.failed, message: "out of memory")))
    #expect(run.failures == [])
  }

  @Test("a terminal that shows ASCII only is given nothing else, in as many columns")
  func ascii() throws {
    for name in ["evacuation", "undos_run_in_reverse"] {
      let scenario = try #require(Scenario.all.first { $0.name == name })
      var run = LiveRun()
      for news in try played(scenario).told {
        run.take(news)
        let text = LiveText(columns: 72, rows: 20, colour: true)
        for line in text.lines(of: run, at: Instant(nanoseconds: 9_000_000_000)) {
          let shown = asciiOnly(line)
          #expect(shown.utf8.allSatisfy { $0 < 0x80 })
          #expect(
            shown.count { $0 == "?" } == line.count { $0 == "?" },
            "a mark without a likeness: \(line)")
          #expect(displayWidth(shown) == displayWidth(line))
        }
      }
    }
    #expect(asciiOnly("把流量切走 → az2 ✓") == "?????????? > az2 +")
  }

  // MARK: The terminal

  @Test(
    "whatever is drawn and written, the terminal has the lines that stay and the last view below")
  func drawing() {
    for seed in UInt64(1)...200 {
      var random = SeededRandom(seed: seed)
      var region = LiveRegion()
      var terminal = TerminalModel(width: 30, height: 12)
      var stay: [String] = []
      var view: [String] = []
      var isOpen = false
      for step in 0..<40 {
        switch random.next() % 4 {
        case 0:
          let line = "line \(seed).\(step) 机房"
          stay.append(line)
          terminal.write(region.write(line + "\n", columns: 30))
        case 1 where random.next() % 3 == 0:
          view = []
          isOpen = false
          terminal.write(region.clear(columns: 30))
        default:
          view = (0..<Int(random.next() % 6)).map { "view \(step) \($0) 机" }
          isOpen = random.next() % 3 == 0 && !view.isEmpty
          terminal.write(region.draw(view, columns: 30, isOpen: isOpen))
          // Where somebody types, the cursor is after the last line.
          if isOpen { #expect(terminal.column == LiveRegion.width(view[view.count - 1])) }
        }
        let expected = stay + view + (isOpen ? [] : [""])
        // What has left the screen at its top does not come back.
        let rows = terminal.rows
        #expect(rows == expected.suffix(rows.count), "seed \(seed), step \(step)")
        #expect(rows.count > view.count - (isOpen ? 1 : 0))
      }
    }
  }

  @Test("what has not changed is not written again")
  func quiet() {
    var region = LiveRegion()
    #expect(region.draw(["a", "b"], columns: 20) != "")
    #expect(region.draw(["a", "b"], columns: 20) == "")
    #expect(region.draw(["a", "c"], columns: 20) != "")
    #expect(region.clear(columns: 20) != "")
    #expect(region.clear(columns: 20) == "")
  }

  @Test("a terminal that became narrower has broken the lines, and none of them is left")
  func narrower() {
    for width in 5...30 {
      var region = LiveRegion()
      var terminal = TerminalModel(width: 30, height: 20)
      terminal.write(region.write("stays\n", columns: 30))
      terminal.write(region.draw(["0123456789 0123456789", "机房机房机房", "x"], columns: 30))
      terminal.resize(width: width)
      terminal.write(region.draw(["new"], columns: width))
      #expect(terminal.rows.suffix(3) == ["stays", "new", ""], "\(width)")
    }
  }
}

/// As much of a terminal as the view needs, one that breaks lines anew when it becomes narrower.
struct TerminalModel {
  private(set) var width: Int
  let height: Int
  /// Each cell one character; the second cell of a wide one is empty.
  private var cells: [[String]] = [[]]
  private var row = 0
  private(set) var column = 0

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// From the top of the screen to the cursor or below.
  var rows: [String] {
    cells.map { $0.joined().trimmingEnd }
  }

  mutating func resize(width: Int) {
    self.width = width
    var new: [[String]] = []
    var cursor = 0
    for (number, line) in cells.enumerated() {
      if number == row { cursor = new.count }
      var part: [String] = []
      for (index, cell) in line.enumerated() where !cell.isEmpty {
        let size = index + 1 < line.count && line[index + 1].isEmpty ? 2 : 1
        if part.count + size > width {
          new.append(part)
          part = []
        }
        part += size == 2 ? [cell, ""] : [cell]
      }
      new.append(part)
    }
    cells = new
    row = cursor
    scroll()
  }

  mutating func write(_ text: String) {
    var rest = Array(text)[...]
    while let character = rest.popFirst() {
      switch character {
      case "\n":
        column = 0
        row += 1
        while cells.count <= row { cells.append([]) }
        scroll()
      case "\r": column = 0
      case "\u{1B}":
        guard rest.popFirst() == "[" else { continue }
        var digits = ""
        while let next = rest.first, next.isNumber {
          digits.append(next)
          rest.removeFirst()
        }
        switch rest.popFirst() {
        case "A": row = max(0, row - (Int(digits) ?? 1))
        case "K": cells[row] = Array(cells[row].prefix(column))
        case "J":
          cells[row] = Array(cells[row].prefix(column))
          cells.removeSubrange((row + 1)...)
        case _: break  // open: colours
        }
      case _: put(character)  // open: all else is shown
      }
    }
  }

  private mutating func put(_ character: Character) {
    let size = displayWidth(character)
    if column + size > width {
      column = 0
      row += 1
      while cells.count <= row { cells.append([]) }
      scroll()
    }
    while cells[row].count < column + size { cells[row].append(" ") }
    cells[row][column] = String(character)
    if size == 2 { cells[row][column + 1] = "" }
    column += size
  }

  private mutating func scroll() {
    let excess = cells.count - height
    guard excess > 0 else { return }
    cells.removeFirst(excess)
    row -= excess
  }
}

extension String {
  fileprivate var trimmingEnd: String {
    var rest = self[...]
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }
}
