// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
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
    .predicted(Prediction(wholeNanoseconds: nil, steps: [])),
    .predicted(
      Prediction(
        wholeNanoseconds: 5_000_000_000,
        steps: [.init(position: Position("0.1"), nanoseconds: 2_000_000_000)])),
    .objectives([]), .objectives([Objective(service: "deepseek", recovery: 180_000_000_000)]),
    .accepted(program: "p2", by: "oncall"), .reopened(why: "calm", audience: "oncall"),
    .reopened(why: "asked", audience: nil),
    .life(
      Life(
        by: "alice", machine: "host1", version: "0.1.0", file: "/home/a.dr",
        clusters: [
          ClusterPlace(
            cluster: "prod", context: "admin", server: "https://10.0.0.1:6443", user: "root")
        ])),
    .life(Life(by: "", machine: "", version: "", file: "", clusters: [])),
    .restored(Restoration(isVerified: true, why: nil)),
    .restored(Restoration(isVerified: false, why: "it is down")),
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

/// Each record a batch of its own, and where they end.
func encoded(_ records: [JournalRecord]) -> (bytes: [UInt8], ends: [Int]) {
  var writer = JournalWriter()
  var bytes = JournalFormat.header
  var ends = [bytes.count]
  for record in records {
    _ = writer.add(record)
    bytes += writer.take()
    ends.append(bytes.count)
  }
  return (bytes, ends)
}

/// A step that scaled a deployment: begun, promised, done and ended, with two flushes.
func finishedStep(_ number: Int, _ writer: inout JournalWriter) -> [UInt8] {
  let start = 1_764_000_000_000_000_000 + Int64(number) * 21_000_000
  func record(_ after: Int64, _ position: String, _ body: JournalRecord.Body) -> JournalRecord {
    JournalRecord(at: Instant(nanoseconds: start + after), position: Position(position), body)
  }
  let call = CallNote(
    "kube.scale",
    ["cluster": "prod", "namespace": "deepseek", "name": .string("web-\(number)"), "replicas": 2])
  let observation = Observation(
    target: "deployments/web-\(number) in deepseek", changes: ["replicas 1 → 2"],
    permissions: [
      "get deployments.apps in deepseek", "patch deployments.apps/scale in deepseek",
    ],
    state: ["replicas": 1, "resource_version": .string("\(4_000_000 + number * 7)")], result: 1)
  let intent = Intent(
    call: call, actClass: .apply, key: "20261123T201500Z-k3v9/\(number).0",
    observation: observation)
  _ = writer.add(record(0, "\(number)", .step(title: "scale web \(number)", until: nil)))
  _ = writer.add(record(1_200_345, "\(number).0", .intent(intent)))
  let first = writer.take()
  _ = writer.add(record(9_876_543, "\(number).0", .outcome(.success(1))))
  _ = writer.add(record(9_876_999, "\(number)", .stepDone))
  return first + writer.take()
}

@Suite struct JournalTests {
  @Test("reads back what was written")
  func roundTrip() throws {
    let records = sampleRecords()
    let (bytes, _) = encoded(records)
    let journal = try Journal(bytes: bytes)
    #expect(Array(journal.records) == records)
    #expect(journal.count == records.count)
    #expect(journal.first == records.first)
    #expect(journal.last == records.last)
    #expect(journal.tornCount == 0)
    #expect(journal.validCount == bytes.count)
    #expect(journal.identity?.runbook == "evacuate")
  }

  @Test("reads back values of every kind and size")
  func values() throws {
    var random = SeededRandom(seed: 7)
    var records = [sampleRecords()[0]]
    for _ in 0..<500 {
      let call = CallNote(name: "c\(random.below(5_000))", arguments: randomDocument(&random, 4))
      records.append(
        JournalRecord(
          at: Instant(nanoseconds: Int64(bitPattern: random.next())),
          position: Position("\(random.below(90)).\(random.below(4))"),
          attempt: Int(random.below(3)) + 1, .read(call, .success(randomDocument(&random, 4)))))
    }
    var writer = JournalWriter()
    var bytes = JournalFormat.header
    for (index, record) in records.enumerated() {
      _ = writer.add(record)
      if index % 7 == 0 { bytes += writer.take() }
    }
    bytes += writer.take()
    #expect(Array(try Journal(bytes: bytes).records) == records)
  }

  private func randomDocument(_ random: inout SeededRandom, _ depth: Int) -> Document {
    switch random.below(depth > 0 ? 9 : 7) {
    case 0: return .null
    case 1: return .bool(random.below(2) == 0)
    case 2: return .int(Int64(bitPattern: random.next()))
    case 3: return .int(Int64(random.below(256)) - 128)
    case 4: return .float(Double(random.below(1_000)) / 8)
    case 5: return .string(String(repeating: "é", count: Int(random.below(200))))
    case 6: return .string("t\(random.below(3_000))")
    case 7:
      return .array((0..<random.below(4)).map { _ in randomDocument(&random, depth - 1) })
    case _:
      return .object(
        DocumentObject(
          (0..<random.below(4)).map { ("m\($0)", randomDocument(&random, depth - 1)) }))
    }
  }

  /// A journal is gone over before it is believed; what is refused later would be refused too late.
  @Test("going over a record finds what reading it finds, and ends where it ends")
  func passing() {
    var random = SeededRandom(seed: 11)
    var encoder = RecordEncoder()
    for record in sampleRecords() { _ = encoder.write(record) }
    for round in 0..<3_000 {
      var bytes = encoder.bytes
      if round > 0 { bytes[Int(random.below(Int64(bytes.count)))] ^= 1 << random.below(8) }
      var reading = RecordDecoder(bytes)
      var passing = reading
      reading.enter(0..<bytes.count)
      passing.enter(0..<bytes.count)
      while !reading.isAtEnd {
        let read = Result { () throws(RecordError) in try reading.record() }
        let passed = Result { () throws(RecordError) in
          // The first is always read: what a run is called stands in the keys of its acts.
          try passing.offset == 0 ? passing.record() : passing.pass()
        }
        let mistakes = (read, passed)
        if case (.failure(let a), .failure(let b)) = mistakes {
          #expect(a.message == b.message, "round \(round)")
          break
        }
        guard case (.success(let a), .success(let b)) = mistakes else {
          Issue.record("round \(round): \(mistakes)")
          break
        }
        #expect(a.at == b.at && a.attempt == b.attempt, "round \(round)")
        #expect(reading.offset == passing.offset, "round \(round)")
        #expect(reading.context == passing.context, "round \(round)")
      }
      if round == 0 { #expect(reading.isAtEnd) }
    }
  }

  @Test("goes on after what was read as if it had never stopped")
  func continues() throws {
    let records = sampleRecords()
    let (bytes, ends) = encoded(records)
    for count in [0, 1, 17, 59] {
      var writer = JournalWriter(after: try Journal(bytes: Array(bytes.prefix(ends[count]))))
      var whole = Array(bytes.prefix(ends[count]))
      for record in records[count...] {
        _ = writer.add(record)
        whole += writer.take()
      }
      #expect(whole == bytes)
    }
  }

  @Test("cuts a torn tail at every length")
  func truncation() throws {
    let (bytes, ends) = encoded(sampleRecords())
    let readers = try readers(bytes)
    for count in ends[0]...bytes.count {
      let index = try #require(ends.lastIndex { $0 <= count })
      var reader = JournalReader(bytes: Array(bytes.prefix(count)), after: readers[index])
      try reader.readBatches()
      try #require(reader.offset == ends[index])
    }
    for count in [0, 1, 15, 16, 17, 18, ends[1] - 1, ends[1], ends[59] + 3, bytes.count - 1] {
      let journal = try Journal(bytes: Array(bytes.prefix(count)))
      let whole = ends.last { $0 <= count } ?? 0
      #expect(journal.validCount == whole)
      #expect(journal.tornCount == count - whole)
    }
  }

  @Test("cuts a batch of several records as a whole")
  func tornBatch() throws {
    let records = sampleRecords()
    var writer = JournalWriter()
    var bytes = JournalFormat.header
    for record in records.prefix(3) { _ = writer.add(record) }
    bytes += writer.take()
    let whole = bytes.count
    for record in records[3..<9] { _ = writer.add(record) }
    bytes += writer.take()
    for count in whole..<bytes.count {
      let journal = try Journal(bytes: Array(bytes.prefix(count)))
      try #require(Array(journal.records) == Array(records.prefix(3)))
      try #require(journal.validCount == whole)
    }
  }

  @Test("cuts a tail of zeros that a power failure leaves")
  func zeroTail() throws {
    let (bytes, ends) = encoded(sampleRecords())
    let readers = try readers(bytes)
    for count in ends[0]..<bytes.count {
      let filled = bytes.prefix(count) + Array(repeating: 0, count: bytes.count - count + 9)
      let index = try #require(ends.lastIndex { $0 <= count })
      var reader = JournalReader(bytes: Array(filled), after: readers[index])
      try reader.readBatches()
      try #require(reader.offset == ends[index])
    }
    for count in 0..<ends[0] {
      let filled = bytes.prefix(count) + Array(repeating: 0, count: 99)
      #expect(try Journal(bytes: Array(filled)).validCount == 0)
    }
  }

  /// Readers that stand at the end of the header and of each batch.
  private func readers(_ bytes: [UInt8]) throws -> [JournalReader] {
    var reader = JournalReader(bytes: Array(bytes.prefix(JournalFormat.headerCount)))
    try reader.read()
    var readers = [JournalReader(bytes: bytes, after: reader)]
    while readers[readers.count - 1].offset < bytes.count {
      var next = readers[readers.count - 1]
      guard try next.readBatch() else { break }
      readers.append(next)
    }
    return readers
  }

  @Test("a missing piece is damage where a whole batch follows, and a torn tail where none does")
  func missingPieces() throws {
    var (bytes, ends) = encoded(sampleRecords() + sampleRecords().dropFirst())
    let piece = 512 * 3..<512 * 4
    let lost = try #require(ends.lastIndex { $0 <= piece.lowerBound })
    let after = try #require(ends.firstIndex { $0 >= piece.upperBound })
    for index in piece { bytes[index] = 0 }
    #expect(throws: JournalRefusal.self) { try Journal(bytes: bytes) }
    let torn = try Journal(bytes: Array(bytes.prefix(ends[after] - 1)))
    #expect(torn.validCount == ends[lost])
    #expect(torn.tornCount == ends[after] - 1 - ends[lost])
  }

  @Test("refuses every single flipped bit, and says where")
  func flips() throws {
    let records = sampleRecords()
    var (bytes, ends) = encoded(records)
    var believed: [Int] = []
    let readers = try readers(bytes)
    for index in records.indices {
      for offset in ends[index]..<ends[index + 1] {
        for bit in 0..<8 {
          bytes[offset] ^= 1 << bit
          var reader = JournalReader(bytes: bytes, after: readers[index])
          do throws(JournalRefusal) {
            try reader.readBatches()
            believed.append(offset)
          } catch {
            if case .damaged(let damage) = error, damage.offset == ends[index],
              damage.records == index
            {
            } else {
              believed.append(offset)
            }
          }
          bytes[offset] ^= 1 << bit
        }
      }
    }
    for offset in 0..<ends[0] {
      for bit in 0..<8 {
        bytes[offset] ^= 1 << bit
        if (try? Journal(bytes: bytes)) != nil { believed.append(offset) }
        bytes[offset] ^= 1 << bit
      }
    }
    #expect(believed == [])
    #expect(Array(try Journal(bytes: bytes).records) == records)
  }

  @Test(
    "of a damaged journal all that stands before the damage is shown, and nothing goes on from it")
  func believed() throws {
    let records = sampleRecords()
    let (bytes, ends) = encoded(records)
    for index in records.indices.dropLast() {
      var changed = bytes
      changed[ends[index] + 12] ^= 1
      let journal = try Journal(believedOf: changed)
      #expect(Array(journal.records) == Array(records.prefix(index)))
      let damage = try #require(journal.damage)
      #expect(damage.offset == ends[index])
      #expect(damage.records == index)
      #expect(
        damage.message.hasPrefix(
          "the journal is damaged at byte \(ends[index]), after \(index) record"))
      #expect(throws: JournalRefusal.damaged(damage)) { try Journal(bytes: changed) }
      let host = Scenario.mixed.host
      #expect(throws: JournalRefusal.damaged(damage)) {
        try Executor(
          machine: Machine(program: host.program, limits: Limits()), runbook: host.runbook,
          arguments: [], identity: host.identity, journal: journal, at: host.now)
      }
    }
    // A batch that is missing breaks the chain, however whole the rest is.
    let cut = Array(bytes[..<ends[3]] + bytes[ends[4]...])
    #expect(try Journal(believedOf: cut).damage?.records == 3)
    #expect(try Journal(believedOf: bytes).damage == nil)
    #expect(throws: JournalRefusal.self) {
      try Journal(believedOf: Array("no journal at all".utf8))
    }
  }

  @Test("takes no more than 300 bytes for a step with an act")
  func size() throws {
    var writer = JournalWriter()
    _ = writer.add(sampleRecords()[0])
    _ = writer.take()
    var count = 0
    for step in 0..<100 { count += finishedStep(step, &writer).count }
    #expect(count / 100 <= 300)
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

  @Test("a record that is too large leaves no trace in those after it")
  func tooLarge() throws {
    let records = sampleRecords()
    var writer = JournalWriter()
    for (index, record) in records.enumerated() {
      let large = CallNote(
        name: "large \(index)", arguments: .string(String(repeating: "x", count: 5 << 20)))
      if index == 9 {
        let isAdded = writer.add(
          JournalRecord(at: record.at, .read(large, .success("new text"))))
        #expect(!isAdded)
      }
      _ = writer.add(record)
    }
    let journal = try Journal(bytes: JournalFormat.header + writer.take())
    #expect(Array(journal.records) == records)
  }

  @Test("splits a batch that would be too long to read")
  func longBatch() throws {
    let begun = sampleRecords()[0]
    let value = Document.string(String(repeating: "x", count: 1_000_000))
    let read = JournalRecord(
      at: begun.at, position: Position("1"), .read(CallNote("k", [:]), .success(value)))
    var writer = JournalWriter()
    _ = writer.add(begun)
    for _ in 0..<12 { _ = writer.add(read) }
    let bytes = JournalFormat.header + writer.take()
    let journal = try Journal(bytes: bytes)
    #expect(journal.count == 13)
    #expect(Array(journal.records.dropFirst()) == Array(repeating: read, count: 12))
  }

  @Test("refuses other files and versions")
  func foreign() {
    #expect(throws: JournalRefusal.self) { try Journal(bytes: Array("hello, world, hello".utf8)) }
    #expect(throws: JournalRefusal.self) { try Journal(bytes: Array("hello".utf8)) }
    var bytes = Array(JournalFormat.header.prefix(8))
    bytes.append(littleEndian: 1)
    bytes.append(littleEndian: CRC32C.checksum(bytes))
    bytes.append(JournalFormat.end)
    #expect {
      try Journal(bytes: bytes)
    } throws: { error in
      (error as? JournalRefusal) == .notAJournal("the journal has format 1; this tool reads 2")
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
    let isAdded = writer.add(record)
    #expect(!isAdded)
    let bytes = writer.take()
    #expect(bytes == [])
  }
}

extension DocumentObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, Document)...) { self.init(elements) }
}
