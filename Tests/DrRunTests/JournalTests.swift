// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrSema
import Testing

@testable import DrRun

/// Sixty records with every kind among them.
func sampleRecords() -> [JournalRecord] {
  let identity = RunIdentity(
    runID: "20261123T201500-k3v9", runbook: "evacuate",
    arguments: ["from": "az1", "to": "az2"], programDigest: "ab12",
    sources: [.init(name: "main.dr", digest: "cd34")], version: "0.1.0", world: "simulated")
  let observation = Observation(
    target: "deployments/a in b", changes: ["replicas 1 → 2"], permissions: ["patch x"],
    state: ["replicas": 1], result: 1)
  let call = CallNote("kube.scale", ["namespace": "b", "replicas": 2])
  let intent = Intent(call: call, actClass: .apply, key: "r/2.0", observation: observation)
  let until = Instant(nanoseconds: 9_000)
  let bodies: [JournalRecord.Body] = [
    .begun(identity), .step(title: "scale “up”\n", until: until), .step(title: "x", until: nil),
    .read(call, .success(["a": .float(1.5)])), .read(call, .failure(.busy("429"))), .intent(intent),
    .outcome(.success(.null)), .outcome(.failure(.inDoubt("?"))),
    .outcome(.failure(.unreachable("!"))), .outcome(.failure(.refused("no"))),
    .outcome(.failure(.unavailable("none"))),
    .settled(Settlement(state: .done, result: 3, by: nil)),
    .settled(Settlement(state: .notDone, result: nil, by: "oncall")),
    .settled(Settlement(state: .unknown, result: nil, by: nil)),
    .waiting(for: .wait, text: "wait until ready", until: until),
    .waiting(for: .approve, text: "Go?", until: nil),
    .verdict(holds: true, message: nil, evidence: [Evidence(call: call, answer: .success(2))]),
    .verdict(holds: false, message: "not", evidence: []),
    .decision(approved: true, by: "oncall"), .decision(approved: nil, by: nil), .elapsed,
    .retry(attempt: 2, at: until, why: "busy"), .attempt(2), .expired, .stepDone,
    .stepFailed(why: "late"), .unwinding(undos: 2, why: "late"), .undone(failure: nil),
    .undone(failure: "busy"), .lock(name: "deepseek", fencing: 4), .paused(why: "interrupted"),
    .resumed, .ended(.rolledBack, message: "late"), .ended(.succeeded, message: nil),
  ]
  return (0..<60).map { index in
    let body = index == 0 ? bodies[0] : bodies[1 + (index - 1) % (bodies.count - 1)]
    let attempt =
      switch body {
      case .retry, .attempt: 2
      case _: 1
      }
    return JournalRecord(
      at: Instant(nanoseconds: 1_000 + Int64(index)),
      position: index == 0 ? .root : Position("2.\(index)"), attempt: attempt, body)
  }
}

func encoded(_ records: [JournalRecord]) -> (bytes: [UInt8], ends: [Int]) {
  var writer = JournalWriter()
  var bytes = JournalFormat.header
  var ends = [bytes.count]
  for record in records {
    bytes += writer.encode(record) ?? []
    ends.append(bytes.count)
  }
  return (bytes, ends)
}

@Suite struct JournalTests {
  @Test("reads back what was written")
  func roundTrip() throws {
    let records = sampleRecords()
    let (bytes, _) = encoded(records)
    let journal = try Journal(bytes: bytes)
    #expect(journal.records == records)
    #expect(journal.tornCount == 0)
    #expect(journal.validCount == bytes.count)
    #expect(journal.identity?.runbook == "evacuate")
  }

  @Test("goes on after what was read as if it had never stopped")
  func continues() throws {
    let records = sampleRecords()
    let (bytes, ends) = encoded(records)
    for count in [0, 1, 17, 59] {
      var writer = JournalWriter(after: try Journal(bytes: Array(bytes.prefix(ends[count]))))
      var whole = Array(bytes.prefix(ends[count]))
      for record in records[count...] { whole += writer.encode(record) ?? [] }
      #expect(whole == bytes)
    }
  }

  @Test("cuts a torn tail at every length")
  func truncation() throws {
    let (bytes, ends) = encoded(sampleRecords())
    let hashes = try hashes(bytes, ends)
    for count in ends[0]...bytes.count {
      let index = try #require(ends.lastIndex { $0 <= count })
      var reader = JournalReader(
        bytes: Array(bytes.prefix(count)), offset: ends[index], hash: hashes[index])
      try reader.readRecords()
      try #require(reader.offset == ends[index])
    }
    for count in [0, 1, 15, 16, 17, ends[1] - 1, ends[1], ends[59] + 3, bytes.count - 1] {
      let journal = try Journal(bytes: Array(bytes.prefix(count)))
      let whole = ends.last { $0 <= count } ?? 0
      #expect(journal.validCount == whole)
      #expect(journal.tornCount == count - whole)
    }
  }

  @Test("cuts a tail of zeros that a power failure leaves")
  func zeroTail() throws {
    let (bytes, ends) = encoded(sampleRecords())
    let hashes = try hashes(bytes, ends)
    for count in ends[0]..<bytes.count {
      let filled = bytes.prefix(count) + Array(repeating: 0, count: bytes.count - count + 9)
      let index = try #require(ends.lastIndex { $0 <= count })
      var reader = JournalReader(
        bytes: Array(filled), offset: ends[index], hash: hashes[index])
      try reader.readRecords()
      try #require(reader.offset == ends[index])
    }
    for count in 0..<ends[0] {
      let filled = bytes.prefix(count) + Array(repeating: 0, count: 99)
      #expect(try Journal(bytes: Array(filled)).validCount == 0)
    }
  }

  /// What the record of each number is chained to.
  private func hashes(_ bytes: [UInt8], _ ends: [Int]) throws -> [[UInt8]] {
    [JournalFormat.firstHash]
      + ends.dropLast().map { end in Array(bytes[(end + 12)..<(end + 44)]) }
  }

  @Test("refuses every single flipped bit")
  func flips() throws {
    let records = sampleRecords()
    var (bytes, ends) = encoded(records)
    var believed = 0
    let hashes = try hashes(bytes, ends)
    for index in records.indices {
      for offset in ends[index]..<ends[index + 1] {
        for bit in 0..<8 {
          bytes[offset] ^= 1 << bit
          var reader = JournalReader(bytes: bytes, offset: ends[index], hash: hashes[index])
          do throws(JournalRefusal) {
            try reader.readRecords()
            believed += 1
          } catch {
            guard case .damaged(ends[index], _) = error else { believed += 1; continue }
          }
          bytes[offset] ^= 1 << bit
        }
      }
    }
    for offset in 0..<ends[0] {
      for bit in 0..<8 {
        bytes[offset] ^= 1 << bit
        if (try? Journal(bytes: bytes)) != nil { believed += 1 }
        bytes[offset] ^= 1 << bit
      }
    }
    #expect(believed == 0)
    #expect(try Journal(bytes: bytes).records == records)
  }

  @Test("refuses a missing, repeated or exchanged record")
  func gaps() throws {
    let (bytes, ends) = encoded(sampleRecords())
    func record(_ index: Int) -> ArraySlice<UInt8> { bytes[ends[index]..<ends[index + 1]] }
    let gap = bytes[..<ends[5]] + bytes[ends[6]...]
    #expect(throws: JournalRefusal.self) { try Journal(bytes: Array(gap)) }
    let twice = bytes[..<ends[6]] + record(5) + bytes[ends[6]...]
    #expect(throws: JournalRefusal.self) { try Journal(bytes: Array(twice)) }
    let exchanged = bytes[..<ends[5]] + record(6) + record(5) + bytes[ends[7]...]
    #expect(throws: JournalRefusal.self) { try Journal(bytes: Array(exchanged)) }
  }

  @Test("refuses other files and versions")
  func foreign() {
    #expect(throws: JournalRefusal.self) { try Journal(bytes: Array("hello, world, hello".utf8)) }
    #expect(throws: JournalRefusal.self) { try Journal(bytes: Array("hello".utf8)) }
    var bytes = Array(JournalFormat.header.prefix(8))
    bytes.append(littleEndian: 2)
    bytes.append(littleEndian: CRC32C.checksum(bytes))
    #expect {
      try Journal(bytes: bytes)
    } throws: { error in
      (error as? JournalRefusal) == .notAJournal("the journal has format 2; this tool reads 1")
    }
  }

  @Test("keeps large evidence as a digest and refuses large records")
  func bounds() {
    let large = Document.string(String(repeating: "x", count: 5_000))
    let copy = Bounded.copy(large)
    #expect(copy["bytes"] == 5_002)
    #expect(copy["sha256"]?.stringValue?.count == 64)
    #expect(JSON.write(copy).utf8.count < Bounded.copyBytes)
    #expect(!Bounded.fits(.string(String(repeating: "x", count: 1 << 20))))
    var writer = JournalWriter()
    let record = JournalRecord(
      at: Instant(nanoseconds: 0), .paused(why: String(repeating: "x", count: 5 << 20)))
    #expect(writer.encode(record) == nil)
  }
}

extension DocumentObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, Document)...) { self.init(elements) }
}
