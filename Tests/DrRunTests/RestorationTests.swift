// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema
import Testing

@testable import DrRun

/// Whether what must hold does so again, after all was taken back.
@Suite struct RestorationTests {
  private static let verified = Restoration(isVerified: true, why: nil)

  /// A run that does one thing and fails.
  private func host(
    _ prepare: (inout TestHost) -> Void = { _ in }, _ write: @escaping (Code) -> Void
  ) -> TestHost {
    var host = TestHost(
      ProgramBuilder.runbook { code in
        write(code)
        code.fail("no")
      })
    prepare(&host)
    return host
  }

  private func end(_ host: TestHost) throws -> (RunResult, TestHost) {
    var host = host
    return (try #require(try host.live()), host)
  }

  @Test("a verification outside of steps is looked at once everything is taken back")
  func verified() throws {
    let (result, host) = try end(
      host { code in
        code.undo { $0.verify($0.call("ready", "x", $0.int(20)), within: 300) }
        code.reversible("a")
      })
    #expect(result.status == .rolledBack)
    #expect(result.restoration == Self.verified)
    #expect(result.words == "rolled back, verified")
    #expect(host.world.summary == "")
    let verdict = try #require(
      host.records.lastIndex { if case .verdict = $0.body { true } else { false } })
    let undone = try #require(
      host.records.lastIndex { if case .undone = $0.body { true } else { false } })
    #expect(undone < verdict)
    #expect(RunSummary(try host.journal)?.statusText == "rolled back, verified")
  }

  @Test("one that does not hold leaves the run rolled back, and says why it is not verified")
  func notVerified() throws {
    let (result, host) = try end(
      host { code in
        code.undo { $0.verify($0.call("ready", "x", $0.int(9999)), within: 3, else: "x is down") }
        code.reversible("a")
      })
    #expect(result.status == .rolledBack)
    #expect(result.restoration?.isVerified == false)
    #expect(result.restoration?.why?.hasPrefix("x is down") == true)
    #expect(host.world.summary == "")
    let journal = try host.journal
    let page = try #require(RunHistory(journal)).html(timeline: journal.timeline)
    #expect(page.contains("rolled back, not verified"))
    #expect(page.contains("not verified: x is down"))
  }

  @Test("without one the result says so, and how it is written")
  func unsaid() throws {
    let (result, _) = try end(host { $0.reversible("a") })
    #expect(result.restoration?.isVerified == false)
    #expect(result.restoration?.why?.contains("undo { verify") == true)
  }

  @Test("what held before the last act was taken back says nothing")
  func tooEarly() throws {
    let (result, _) = try end(
      host { code in
        code.reversible("a")
        code.undo { $0.verify($0.call("ready", "x", $0.int(0))) }
      })
    #expect(result.restoration?.isVerified == false)
  }

  @Test("a verification after a failure counts as well, and so does one that has no verdict")
  func handlers() throws {
    let (good, _) = try end(
      host { code in
        code.onFailure { $0.verify($0.call("ready", "x", $0.int(0))) }
        code.reversible("a")
      })
    #expect(good.restoration == Self.verified)
    let (bad, _) = try end(
      host({
        $0.world.troubles = [
          "read ready x": Array(repeating: .fails(.refused("forbidden")), count: 9)
        ]
      }) { code in
        code.onFailure { $0.verify($0.call("ready", "x", $0.int(0))) }
        code.reversible("a")
      })
    #expect(bad.restoration?.isVerified == false)
    #expect(bad.restoration?.why?.contains("forbidden") == true)
  }

  @Test("nothing is looked at where nothing was done, and an act that stands is no rollback")
  func nothingDone() throws {
    let (nothing, host) = try end(
      host { code in
        code.undo { $0.verify($0.call("ready", "x", $0.int(9999)), within: 300) }
      })
    #expect(nothing.status == .failed)
    #expect(host.now.nanoseconds - nothing.startedAt.nanoseconds < 1_000_000_000)
    let (stands, _) = try end(
      self.host { code in
        code.undo { $0.verify($0.call("ready", "x", $0.int(0))) }
        code.step("act") { $0.do($0.call("set.apply", "a", $0.int(1))) }
      })
    #expect(stands.status == .failed)
    #expect(stands.restoration == nil)
  }

  @Test("a finished run that is taken back is verified too, also after a crash anywhere")
  func takenBack() throws {
    func finished() throws -> TestHost {
      var host = TestHost(
        ProgramBuilder.runbook { code in
          code.undo { $0.verify($0.call("ready", "x", $0.int(2000)), within: 300) }
          code.reversible("a")
        })
      #expect(try host.live()?.status == .succeeded)
      host.now = host.now.advanced(by: 1_800_000_000_000)
      host.lines = []
      return host
    }
    let reopening = Reopening(why: "calm")
    var whole = try finished()
    let result = try #require(try whole.live(reopening: reopening))
    #expect(result.status == .rolledBack)
    #expect(result.restoration == Self.verified)
    for number in whole.carriedOut.indices {
      var host = try finished()
      guard try host.live(crash: .before(number), reopening: reopening) == nil else { continue }
      do throws(JournalRefusal) {
        _ = try host.live(reopening: reopening)
      } catch {
        // The crash came after the last record and before anybody was told.
        guard case .ended(.rolledBack) = error else { throw error }
      }
      try #require(host.restoration == Self.verified, "before \(number)")
      try #require(host.world.duplicates == [])
    }
  }
}
