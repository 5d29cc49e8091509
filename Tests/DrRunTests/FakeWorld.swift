// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrRun
import DrSema

/// Numbers under names, and acts on them of every class, which are counted.
///
/// `set.CLASS(target, value)` sets, `add.CLASS(target, value)` adds; both give what was there
/// before. `get(target)` reads; `ready(target, value)` is true from that many seconds on.
struct FakeWorld: Sendable {
  enum Trouble: Sendable {
    case fails(WorldFailure)
    /// The act happens, its answer is lost.
    case losesAnswer
    /// The act does not happen, and its caller cannot know.
    case losesRequest
    case settlesUnknown
    case gives(Document)
    /// It must not be done now.
    case hinders(String)
  }

  var numbers: [String: Int64] = [:]
  /// Every act that really happened: name, target, value, key.
  var ledger: [String] = []
  var keys: Set<String> = []
  var holders: [String: String] = [:]
  var fencing: Int64 = 0
  /// What came with each act that happened.
  var fences: [String] = []
  /// By `phase name target`: what goes wrong the next times.
  var troubles: [String: [Trouble]] = [:]
  var now = Instant(nanoseconds: 0)
  var inFlight = 0
  var inFlightMax = 0

  mutating func answer(_ call: WorldCall, _ phase: CallPhase) -> Answer {
    if call.name.hasPrefix("lock.") { return lock(call, phase) }
    let target = call.arguments["target"]?.stringValue ?? ""
    let value = call.arguments["value"]?.intValue ?? 0
    let trouble = takeTrouble("\(phase.word) \(call.name) \(target)")
    if case .fails(let failure)? = trouble { return .failure(failure) }
    if case .gives(let document)? = trouble { return .success(document) }
    let before = numbers[target] ?? 0
    switch phase {
    case .read:
      if call.name == "ready" { return .success(.bool(now.nanoseconds >= value * 1_000_000_000)) }
      return .success(.int(before))
    case .observe:
      let after = call.name.hasPrefix("add.") ? before + value : value
      var hindrance: String?
      if case .hinders(let why)? = trouble { hindrance = why }
      return .success(
        Observation(
          target: target, changes: before == after ? [] : ["\(before) → \(after)"],
          permissions: ["write \(target)"], state: ["before": .int(before)],
          result: .int(before), hindrance: hindrance
        ).document)
    case .perform(let observed):
      if case .losesRequest? = trouble { return .failure(.inDoubt("no answer")) }
      perform(call, target, value)
      if case .losesAnswer? = trouble { return .failure(.inDoubt("no answer")) }
      return .success(observed["result"] ?? .null)
    case .settle:
      if case .settlesUnknown? = trouble { return .success(["state": "unknown"]) }
      return .success(["state": .string(state(call, target, value))])
    }
  }

  private mutating func perform(_ call: WorldCall, _ target: String, _ value: Int64) {
    if call.actClass == .keyed, keys.contains(call.key) { return }
    keys.insert(call.key)
    fences.append(call.fence)
    ledger.append("\(call.name) \(target) \(value) \(call.key)")
    numbers[target] = call.name.hasPrefix("add.") ? (numbers[target] ?? 0) + value : value
  }

  private func state(_ call: WorldCall, _ target: String, _ value: Int64) -> String {
    switch call.actClass {
    case .verify: keys.contains(call.key) ? "done" : "not_done"
    case .keyed, .apply, .read, .once, nil: "unknown"
    }
  }

  /// Somebody else takes every lock that is held: its hold has expired.
  mutating func isRobbed(by other: String) {
    for name in holders.keys.sorted() where holders[name] != nil {
      holders[name] = other
      fencing += 1
    }
  }

  private mutating func lock(_ call: WorldCall, _ phase: CallPhase) -> Answer {
    let name = call.arguments["name"]?.stringValue ?? ""
    let holder = call.arguments["holder"]?.stringValue ?? ""
    if case .fails(let failure)? = takeTrouble("\(phase.word) \(call.name) \(name)") {
      return .failure(failure)
    }
    guard case .perform = phase else {
      return .success(
        Observation(target: name, changes: [], permissions: [], state: .null, result: .null)
          .document)
    }
    if let other = holders[name], other != holder { return .failure(.held("held by \(other)")) }
    switch call.name {
    case "lock.acquire":
      holders[name] = holder
      fencing += 1
      return .success(.int(fencing))
    case "lock.release":
      holders[name] = nil
      return .success(.null)
    case _: return .success(.null)
    }
  }

  private mutating func takeTrouble(_ name: String) -> Trouble? {
    guard let next = troubles[name]?.first else { return nil }
    troubles[name]?.removeFirst()
    return next
  }

  /// Who holds what, and every number, in one line.
  var summary: String {
    let pairs = numbers.filter { $0.value != 0 }.sorted { $0.key < $1.key }
    let locks = holders.sorted { $0.key < $1.key }
    return (pairs.map { "\($0.key)=\($0.value)" } + locks.map { "\($0.key):\($0.value)" })
      .joined(separator: " ")
  }

  /// How often each act of these classes happened.
  var duplicates: [String] {
    var seen: Set<String> = []
    return ledger.filter { line in
      let name = line.split(separator: " ").first ?? ""
      return !name.hasSuffix(".apply") && !name.hasSuffix(".read") && !seen.insert(line).inserted
    }
  }
}

extension CallPhase {
  var word: String {
    switch self {
    case .read: "read"
    case .observe: "observe"
    case .perform: "perform"
    case .settle: "settle"
    }
  }
}
