// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import Testing

@testable import DrRun

@Suite("Reports of runs") struct ReportTests {
  private func journal(_ scenario: Scenario) throws -> Journal {
    var host = scenario.host
    _ = try host.live()
    return try Journal(bytes: host.disk)
  }

  @Test("the HTML report and JUnit are as written down, byte for byte the same each time")
  func golden() throws {
    let journal = try journal(.mixed)
    let history = try #require(RunHistory(journal))
    let html = history.html(timeline: journal.timeline)
    expectGolden("report_mixed.html", html)
    expectGolden("report_mixed.xml", history.junit)
    #expect(RunHistory(try Journal(bytes: journal.bytes))?.html(timeline: journal.timeline) == html)
  }

  @Test("what a plan said stands beside what was measured, also after a resumption")
  func predicted() throws {
    var host = Scenario.mixed.host
    let executor = try Executor(
      machine: Machine(program: host.program, limits: Limits()), runbook: host.runbook,
      arguments: [], identity: host.identity, at: host.now)
    let first = try #require(journal(.mixed).records.first { $0.body.kind == "step" })
    executor.prediction = Prediction(
      wholeNanoseconds: 90_000_000_000,
      steps: [.init(position: first.position, nanoseconds: 40_000_000_000)])
    _ = host.drive(executor, .none)
    let journal = try Journal(bytes: host.disk)
    let history = try #require(RunHistory(journal))
    #expect(history.summary.predicted == 90_000_000_000)
    #expect(history.steps.first?.predicted == 40_000_000_000)
    #expect(history.html(timeline: journal.timeline).contains("at most 1m30s"))
    #expect(journal.timeline[1].text == "a plan said that it takes at most 1m30s")
  }

  @Test("a report is whole for every run, and text from outside is never markup")
  func every() throws {
    for scenario in Scenario.all {
      let journal = try journal(scenario)
      guard let history = RunHistory(journal) else { continue }
      let html = history.html(timeline: journal.timeline)
      #expect(html.hasSuffix("</html>\n"), "\(scenario)")
      #expect(history.junit.hasSuffix("</testsuites>\n"), "\(scenario)")
      let opened = history.steps.count { $0.outcome == .open }
      if case .ended(.succeeded, _) = history.summary.status {
        #expect(opened == 0, "\(scenario)")
      }
    }
    var writer = JournalWriter()
    _ = writer.add(sampleRecords()[0])
    _ = writer.add(
      JournalRecord(
        at: Instant(nanoseconds: 2_000), position: Position("0"),
        .step(title: "<script>alert(1)</script>", until: nil)))
    let hostile = try Journal(bytes: JournalFormat.header + writer.take())
    let html = RunHistory(hostile)?.html(timeline: hostile.timeline) ?? ""
    #expect(html.contains("&lt;script&gt;"))
    #expect(!html.contains("<script"))
  }

  @Test("an open approval has the id that the executor asks under; a decided one is not open")
  func approvals() throws {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        code.step("shift") { step in step.approve("Go?", within: 600) }
      })
    host.decisions = ["Go?": (true, 30)]
    let result = try host.live()
    #expect(result?.status == .succeeded)
    #expect(try Journal(bytes: host.disk).openApprovals.isEmpty)
    let whole = Array(try Journal(bytes: host.disk).records)
    let decided = try #require(
      whole.firstIndex { if case .decision = $0.body { true } else { false } })
    var writer = JournalWriter()
    for record in whole[..<decided] { _ = writer.add(record) }
    let open = try Journal(bytes: JournalFormat.header + writer.take()).openApprovals
    #expect(open.map(\.question.id) == host.asked.map(\.id))
    #expect(open.map(\.question.deadline) == host.asked.map(\.deadline))
    #expect(open.map(\.step) == ["shift"])
  }

  @Test(
    "instants are written as UTC",
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (951_827_696, "2000-02-29T12:34:56Z"),
      (1_795_792_898, "2026-11-27T15:21:38Z"), (4_102_444_799, "2099-12-31T23:59:59Z"),
    ])
  func instants(seconds: Int64, text: String) {
    #expect(Instant(nanoseconds: seconds * 1_000_000_000).utcText == text)
  }
}
