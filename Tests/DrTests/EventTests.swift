// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A build without the network has no runs.
private var hasRuns: Bool {
  (try? run(dr, ["--help"]).output.contains("runs")) ?? false
}

@Suite("Events", .enabled(if: hasRuns))
struct EventTests {
  private typealias Object = [String: Any]

  private func objects(_ text: String) throws -> [Object] {
    try text.split(separator: "\n").map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? Object
      return try #require(object, "\(line)")
    }
  }

  /// Nanoseconds since 1970 of `2026-11-23T20:15:00.250000000Z`.
  private func nanoseconds(_ value: Any?) throws -> Int64 {
    let text = try #require(value as? String)
    #expect(text.count == 30 && text.hasSuffix("Z"), "\(text)")
    let parts = text.dropLast().split(separator: ".").map(String.init)
    let date = try #require(ISO8601DateFormatter().date(from: "\(parts[0])Z"))
    return Int64(date.timeIntervalSince1970) * 1_000_000_000 + (Int64(parts[1]) ?? -1)
  }

  /// An event is the record: the same members, times as text.
  private func expectSame(_ event: Object, _ record: Object, run: String) throws {
    var event = event
    #expect(event.removeValue(forKey: "v") as? Int == 1)
    #expect(event["run"] as? String == run)
    var record = record
    #expect(event.removeValue(forKey: "event") as? String == record["kind"] as? String)
    record["kind"] = nil
    record["run"] = run
    for name in ["at", "until", "next"] {
      guard let written = record.removeValue(forKey: name) else { continue }
      #expect(
        try nanoseconds(event.removeValue(forKey: name)) == (written as? NSNumber)?.int64Value)
    }
    #expect(event as NSDictionary == record as NSDictionary)
  }

  private let program = """
    use web

    runbook go() {
      step "first" within 1m retry 1 every 100ms {
        pause 100ms
        parallel {
          step "one" { verify 1 == 1 }
          step "two" within 1s { web.get("env:DR_TEST_URL") }
        }
      }
    }
    """

  @Test("a run's events are the records of its journal, in their order, and have no secret in them")
  func records() throws {
    try inFolder { folder in
      try program.write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      let environment = ["DR_STATE": folder, "DR_TEST_URL": "http://127.0.0.1:1/s3cr3t"]
      let told = try run(
        dr, ["run", "\(folder)/a.dr", "go", "--world", "real", "--json"],
        environment: environment)
      #expect(told.status != 0)
      #expect(!"\(told)".contains("s3cr3t"))
      let events = try objects(told.output)
      let exported = try run(dr, ["runs", "export", "--format", "json"], environment: environment)
      let journal = try #require(
        JSONSerialization.jsonObject(with: Data(exported.output.utf8)) as? Object)
      let records = try #require(journal["records"] as? [Object])
      let id = try #require(journal["run"] as? String)
      #expect(events.count == records.count)
      for (event, record) in zip(events, records) { try expectSame(event, record, run: id) }
      let names = events.compactMap { $0["event"] as? String }
      #expect(names.first == "begun")
      #expect(names.last == "ended")
      #expect(Set(["step", "retry", "attempt", "waiting", "elapsed"]).isSubset(of: Set(names)))
      let tail = try run(dr, ["runs", "tail", "-n", "1000", "--json"], environment: environment)
      #expect(tail.output == told.output)
    }
  }

  @Test("a life that was paused and the next one tell each its own, together the journal")
  func resumed() throws {
    try inFolder { folder in
      let program = "runbook go() { step \"ask\" { approve \"Go?\" within 1h } }\n"
      try program.write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      let environment = ["DR_STATE": folder]
      let process = Process()
      process.executableURL = URL(fileURLWithPath: dr)
      process.arguments = ["run", "\(folder)/a.dr", "go", "--world", "real", "--json"]
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      let pipe = Pipe()
      process.standardOutput = pipe
      process.standardError = FileHandle.nullDevice
      process.standardInput = FileHandle.nullDevice
      try process.run()
      var first = ""
      while !first.contains("approve") {
        let data = pipe.fileHandleForReading.availableData
        guard !data.isEmpty else { break }
        first += String(decoding: data, as: UTF8.self)
      }
      process.terminate()
      process.waitUntilExit()
      first += String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      #expect(process.terminationStatus == 143)
      let second = try run(dr, ["resume", "--json", "--yes"], environment: environment)
      #expect(second.status == 0, "\(second)")
      #expect(try objects(first).last?["event"] as? String == "paused")
      #expect(try objects(second.output).first?["event"] as? String == "resumed")
      let tail = try run(dr, ["runs", "tail", "-n", "1000", "--json"], environment: environment)
      #expect(tail.output == first + second.output)
    }
  }

  @Test("a simulated run and drill tell events too, and the drill's report is the last")
  func simulated() throws {
    let program = "examples/deepseek-cross-az/deepseek.dr"
    let drill = try run(dr, ["drill", program, "az1_goes_dark", "--json"], in: root)
    let events = try objects(drill.output)
    #expect(Set(events.dropLast().compactMap { $0["event"] as? String }) == ["simulated"])
    #expect(events.last?["event"] as? String == "drill")
    #expect(events.last?["verdict"] as? String == (drill.status == 0 ? "kept" : "broken"))
    #expect(
      try objects(run(dr, ["drill", program, "--json"], in: root).output).count >= events.count)
  }
}
