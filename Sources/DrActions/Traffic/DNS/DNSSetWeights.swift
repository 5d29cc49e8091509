// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Puts the addresses of zones with a share into a name and takes those of the others out, in one update
/// (RFC 2136) that is carried out only where the records are what was seen before. It is over once every
/// server of the zone answers so. Addresses that belong to no zone are left alone.
struct DNSSetWeights: Act {
  static let name = "dns.set_weights"
  private var front: DNSFront
  /// Of all zones of the front.
  private let weights: [(zone: String, address: IPAddress, percent: Int64)]
  private let patience: Int64
  private let lastZone: LastZone
  private let probes: HealthProbes

  private static let pause = Unit.second / 2

  init(_ arguments: Arguments) throws(WorldFailure) {
    front = try DNSFront(arguments)
    lastZone = try LastZone(arguments)
    probes = try HealthProbes(arguments)
    patience = try arguments.int("patience", atLeast: 0)
    let given = try arguments.percents("weights")
    for (zone, percent) in given where percent > 0 {
      guard front.addresses.contains(where: { $0.zone == zone }) else {
        throw .refused("\(front.target): no address of \(zone) is known")
      }
    }
    weights = front.addresses.map { zone, address in
      (zone, address, given.first { $0.name == zone }?.value ?? 0)
    }
    guard weights.contains(where: { $0.percent > 0 }) else {
      throw .refused("\(front.target) would be left without the address of any zone")
    }
  }

  // MARK: What is wanted

  private var wanted: Set<IPAddress> { Set(weights.filter { $0.percent > 0 }.map(\.address)) }
  private var unwanted: Set<IPAddress> { Set(weights.map(\.address)).subtracting(wanted) }

  private func isSet(_ addresses: Set<IPAddress>) -> Bool {
    wanted.isSubset(of: addresses) && unwanted.isDisjoint(with: addresses)
  }

  private func changes(_ now: Set<IPAddress>) -> [String] {
    weights.compactMap { zone, address, percent in
      let kind = address.type == DNSType.a ? "A" : "AAAA"
      return switch (wanted.contains(address), now.contains(address)) {
      case (true, false): "\(kind) \(address.text) of \(zone) is put in"
      case (false, true): "\(kind) \(address.text) of \(zone) is taken out"
      case (true, true), (false, false): nil
      }
    }
  }

  /// What DNS cannot do, where the shares that are wanted differ.
  private var note: [String] {
    let sharing = weights.filter { $0.percent > 0 }
    guard Set(sharing.map(\.percent)).count > 1 else { return [] }
    let share = Unit.percentText(Unit.wholePercent / Int64(sharing.count) / 10_000 * 10_000)
    return [
      "plain DNS carries no weights: \(Words.list(sharing.map(\.zone))) get \(share) each, not "
        + Words.list(sharing.map { Unit.percentText($0.percent) })
    ]
  }

  // MARK: The act

  /// Goes on once the servers are known.
  private func found<Value>(
    _ next: @escaping (DNSSetWeights) -> Flow<Value>
  ) -> Flow<Value> {
    front.found().then { front in
      var act = self
      act.front = front
      return next(act)
    }
  }

  func observe() -> Flow<Observation> { found { $0.look() } }

  private func look() -> Flow<Observation> {
    front.readAll().then { found in
      guard let first = found.first else { return .failure(.refused("there is no server")) }
      let now: Set<IPAddress>
      switch first.result {
      case .success(let answers): now = answers.addresses
      case .failure(let failure): return .failure(failure)
      }
      let silent = found.filter(\.isSilent).map(\.server)
      let changes = changes(now)
      let notes = note + silent.map { "\($0.text) does not answer, and is not waited for" }
      let drain = Drain(
        weights.map { ($0.zone, now.contains($0.address), wanted.contains($0.address)) })
      return lastZone.guarding(
        drain,
        Observation(
          target: front.target, changes: changes.isEmpty ? [] : changes + notes,
          permissions: [
            front.key.map { "the key \($0.text) at \(front.primary.name)" }
              ?? "updates without a key at \(front.primary.name)"
          ],
          state: [
            "addresses": .array(DNSFront.sorted(now).map { .string($0.text) }),
            "silent": .array(silent.map { .string($0.name) }),
          ], result: front.percents(now)), look: probes.look)
    }
  }

  private func before(_ observed: Observation) -> Set<IPAddress>? {
    guard let texts = observed.state["addresses"]?.arrayValue?.compactMap(\.stringValue) else {
      return nil
    }
    return Set(texts.compactMap { IPAddress($0) })
  }

  private var shapeless: WorldFailure {
    .refused("\(front.target): what was observed before is incomplete")
  }

  func perform(_ observed: Observation) -> Flow<Document> { found { $0.shift(observed) } }

  private func shift(_ observed: Observation) -> Flow<Document> {
    guard let before = before(observed) else { return .failure(shapeless) }
    return front.read(front.primary).then { now in
      if isSet(now.addresses) { return follow(observed) }
      guard now.addresses == before else { return .failure(changed(before, now.addresses)) }
      return front.update(
        from: before, adding: DNSFront.sorted(wanted.subtracting(before)),
        removing: DNSFront.sorted(unwanted.intersection(before))
      ).then { reply in
        if reply.code == DNSCode.noError { return follow(observed) }
        return refusal(reply, observed, before)
      }
    }
  }

  /// Looks before it believes a no, which need not be signed.
  private func refusal(
    _ reply: DNSMessage, _ observed: Observation, _ before: Set<IPAddress>
  ) -> Flow<Document> {
    front.read(front.primary).otherwise { .failure(.inDoubt($0.message)) }.then { now in
      if isSet(now.addresses) { return follow(observed) }
      guard now.addresses == before else { return .failure(changed(before, now.addresses)) }
      return .failure(DNSRefusal(front, reply).failure)
    }
  }

  private func changed(_ before: Set<IPAddress>, _ now: Set<IPAddress>) -> WorldFailure {
    .refused(
      "\(front.target) was changed by somebody else since it was looked at: it had "
        + "\(DNSFront.text(before)), and has \(DNSFront.text(now)); find out who changes it, then "
        + "run again")
  }

  // MARK: Reading back

  /// Waits until all servers answer as wanted. A longer wait is a doubt, for the change is made.
  private func follow(_ observed: Observation, waited: Int64 = 0) -> Flow<Document> {
    lagging(observed).then { lagging in
      guard let lagging else { return .value(observed.result) }
      guard waited < patience else {
        return .failure(.inDoubt("\(lagging), after \(Unit.durationText(patience))"))
      }
      return .sleep(nanoseconds: Self.pause) {
        follow(observed, waited: waited + Self.pause)
      }
    }
  }

  /// Which servers do not yet answer as wanted; `nil` where all do.
  private func lagging(_ observed: Observation) -> Flow<String?> {
    let silent = observed.state["silent"]?.arrayValue?.compactMap(\.stringValue) ?? []
    return front.readAll().map { found in
      let serial = found.first.flatMap { try? $0.result.get().serial } ?? 0
      let late: [String] = found.compactMap { look in
        let server = look.server
        switch look.result {
        case .success(let answers):
          // RFC 1982: whether it is older.
          let isOld = Int32(bitPattern: answers.serial &- serial) < 0
          if isSet(answers.addresses), !isOld { return nil }
          return "\(server.text) still answers \(DNSFront.text(answers.addresses)), "
            + "serial \(answers.serial)"
        case .failure(let failure):
          return look.isSilent && silent.contains(server.name) ? nil : failure.message
        }
      }
      guard !late.isEmpty else { return nil }
      return "\(front.name.text) is changed at \(front.primary.text), serial \(serial), but "
        + late.joined(separator: "; ")
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> { found { $0.settled(observed) } }

  private func settled(_ observed: Observation) -> Flow<Settlement> {
    guard let before = before(observed) else { return .failure(shapeless) }
    return front.read(front.primary).then { now in
      guard isSet(now.addresses) else {
        return .value(now.addresses == before ? .notDone : .unknown)
      }
      return lagging(observed).then { lagging in
        lagging.map { .failure(.busy($0)) } ?? .value(.done(observed.result))
      }
    }
  }
}
