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

  /// A run that alice began on one machine and bob went on with on another; cut where the journal is damaged.
  private func handedOver(isDamaged: Bool) throws -> Journal {
    func life(_ by: String, _ machine: String, _ server: String) -> JournalRecord.Body {
      .life(
        Life(
          by: by, machine: machine, version: "0.1.0", file: "/srv/shop.dr",
          clusters: [
            ClusterPlace(cluster: "prod", context: "prod-admin", server: server, user: "admin")
          ]))
    }
    let begun = try #require(sampleRecords().first).body
    let bodies: [(String, JournalRecord.Body)] = [
      ("", begun), ("", life("alice", "bastion1", "https://10.0.0.1:6443")),
      ("0", .step(title: "shift", until: nil)), ("", .resumed),
      ("", life("bob", "bastion2", "https://10.0.0.2:6443")), ("0", .stepDone),
      ("", .ended(.succeeded, message: nil)),
    ]
    var (bytes, ends) = encoded(
      bodies.enumerated().map { index, item in
        JournalRecord(
          at: Instant(nanoseconds: Int64(index + 1) * 1_000_000_000),
          position: Position(item.0), item.1)
      })
    if isDamaged { bytes[ends[5] + 12] ^= 1 }
    return try Journal(believedOf: bytes)
  }

  @Test("all reports name who worked on a run, where, for which clusters, and with what")
  func facts() throws {
    let journal = try handedOver(isDamaged: false)
    let history = try #require(RunHistory(journal))
    let texts = [
      history.summary.facts.map { "\($0.name) \($0.value)" }.joined(separator: "\n"),
      JSON.write(history.summary.document), history.html(timeline: journal.timeline), history.junit,
    ]
    for text in texts {
      for fact in [
        "alice", "bastion1", "bob", "bastion2", "https://10.0.0.1:6443", "https://10.0.0.2:6443",
        "prod-admin", "admin", "/srv/shop.dr", "ab12", "0.1.0",
      ] {
        #expect(text.contains(fact), "\(fact): \(text)")
      }
    }
    #expect(journal.timeline[1].text.hasPrefix("by alice on bastion1, with dr 0.1.0, cluster prod"))
  }

  @Test("a report of a damaged journal never looks like that of a whole one")
  func damaged() throws {
    let journal = try handedOver(isDamaged: true)
    let damage = try #require(journal.damage)
    let history = try #require(RunHistory(journal))
    #expect(history.summary.statusText == "journal damaged")
    #expect(history.summary.endedAt == nil)
    let html = history.html(timeline: journal.timeline)
    #expect(html.contains("badge bad\">journal damaged"))
    #expect(html.contains("damaged at byte \(damage.offset), after 5 records"))
    #expect(!html.contains("succeeded"))
    #expect(history.junit.contains("errors=\"1\""))
    #expect(history.junit.contains("<error message=\"the journal is damaged at byte"))
    #expect(history.summary.document["status"] == "damaged")
    #expect(history.summary.document["damaged"]?["records"] == 5)
    #expect(history.summary.document["damaged"]?["offset"] == .int(Int64(damage.offset)))
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
