// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrRun
import DrSema
import DrSim

/// A reaction, looked at in worlds that stand still.
struct Scene {
  let machine: Machine
  let cluster: String
  let faults: [TimedFault]
  let minor: Int?
  let struckAt: Instant

  /// Whether failovers of before no longer count: what guards say once their windows have passed.
  var hasForgotten = false
  /// Whether no alert fires, whatever is the case.
  var isDeaf = false

  /// What evaluations asked of the world: calls of API servers, servers that answer, and waits for
  /// those that do not.
  private struct Cost {
    var reads: Int64 = 0
    var asks: Int64 = 0
    var silent: Int64 = 0
    /// Alerts that were asked for.
    var alerts: [String] = []
    /// Whether conditions hold that are not asked about.
    var hasOthers = false
  }

  private typealias Observed = [String: (call: WorldCall, observed: Document)]

  func world(at instant: Instant) throws(Diagnostic) -> SimulatedWorld {
    var clusters = try SimulatedCluster.all(of: machine).filter { $0.label == cluster }
    if let minor {
      for index in clusters.indices { clusters[index].kubernetesMinor = minor }
    }
    let world = SimulatedWorld(clusters)
    for fault in faults { world.schedule(fault) }
    world.advance(to: instant)
    return world
  }

  /// Adds what is known of a reaction that begins then.
  func describe(
    _ reaction: String, at instant: Instant, noticed: Int64, in response: inout DocumentObject
  ) throws(Diagnostic) {
    let found = try PolicyModel.all(of: machine, cluster: cluster).first { policy in
      policy.cases.contains { policy.reactionName($0) == reaction }
    }
    guard let policy = found,
      let watched = policy.cases.first(where: { policy.reactionName($0) == reaction })
    else { return }
    response["policy"] = .string(policy.name)
    response["watched"] = .string(watched.name)
    response["at"] = .string(location(of: watched.holds))
    response["lasting"] = .int(watched.lasting)
    var look = Cost()
    response["sees"] = .string(try sight(of: watched, in: policy, noticed, &look))
    response["reads"] = .int(look.reads)
    response["asks"] = .int(look.asks)
    response["silent"] = .int(look.silent)
    response["others"] = .bool(look.hasOthers)
    let asked = look.alerts
    response["alerts"] = .array(asked.map { .string($0) })
    response["found"] = .bool(
      try world(at: struckAt).hearings(of: asked).allSatisfy(\.isFinding))
    let then = try world(at: instant)
    var guarding = Cost()
    for rule in policy.guards { _ = evaluate(rule.holds, by: policy.name, then, &guarding) }
    response["guarding"] = .int(guarding.reads + guarding.asks)
    let moves = moves(of: machine.start(closure: watched.react, []), reaction, in: then)
    response["moves"] = .array(moves)
    if faults.count > 1 {
      response["wavers"] = .bool(
        try wavers(watched, reaction, Self.deeds(moves), until: noticed))
    }
  }

  /// Whether a reaction would do something else where it begins at another moment, before all parts of a
  /// loss are seen.
  private func wavers(
    _ watched: PolicyModel.Case, _ reaction: String, _ deeds: [Document], until noticed: Int64
  ) throws(Diagnostic) -> Bool {
    let step: Int64 = 5_000_000_000
    var moment = watched.lasting
    while moment <= watched.lasting + noticed + 2 * step {
      let world = try world(at: struckAt.advanced(by: moment))
      moment += step
      var cost = Cost()
      guard evaluate(watched.holds, by: reaction, world, &cost) == true else { continue }
      let then = moves(of: machine.start(closure: watched.react, []), reaction, in: world)
      if Self.deeds(then) != deeds { return true }
    }
    return false
  }

  /// What is done to what, whatever was there before.
  private static func deeds(_ moves: [Document]) -> [Document] {
    moves.flatMap { $0["acts"]?.arrayValue ?? [] }.map { act in
      .array(["driver", "name", "replicas", "sends"].map { act[$0] ?? .null })
    }
  }

  /// When a condition holds: at once, when Kubernetes has noticed the loss, or when the watcher has been
  /// told of it. Adds up what the dearest look of the policy asks for, and the alerts of this condition.
  private func sight(
    of watched: PolicyModel.Case, in policy: PolicyModel, _ noticed: Int64, _ worst: inout Cost
  ) throws(Diagnostic) -> String {
    var deaf = self
    deaf.isDeaf = true
    var holds: [Bool?] = []
    for moment in [struckAt, struckAt.advanced(by: noticed)] {
      let world = try world(at: moment)
      var look = Cost()
      for item in policy.cases {
        var own = Cost()
        let answer = deaf.evaluate(item.holds, by: policy.reactionName(item), world, &own)
        look.reads += own.reads
        look.asks += own.asks
        look.silent += own.silent
        guard item.name == watched.name else {
          if answer == true { worst.hasOthers = true }
          continue
        }
        holds.append(answer)
        worst.alerts += own.alerts.filter { !worst.alerts.contains($0) }
      }
      worst.reads = max(worst.reads, look.reads)
      worst.asks = max(worst.asks, look.asks)
      worst.silent = max(worst.silent, look.silent)
    }
    if holds == [true, true] { return "at once" }
    if holds == [false, true] { return "noticed" }
    guard !worst.alerts.isEmpty else { return "unclear" }
    var own = Cost()
    let delay = try world(at: struckAt).hearings(of: worst.alerts).compactMap(\.delay).max() ?? 0
    let late = try world(at: struckAt.advanced(by: noticed + delay))
    let answer = evaluate(watched.holds, by: policy.reactionName(watched), late, &own)
    for item in policy.cases where item.name != watched.name {
      if evaluate(item.holds, by: policy.reactionName(item), late, &own) == true {
        worst.hasOthers = true
      }
    }
    return answer == true ? "told" : "unclear"
  }

  /// Why nobody knows what the policies of a service see of a loss: alerts whose expressions are not
  /// simulated; and why they never see it: alerts of which nobody tells the watcher.
  func deafness(
    of service: String, _ noticed: Int64
  ) throws(Diagnostic) -> (unknown: String?, untold: String?) {
    var asked = Cost()
    var worlds: [SimulatedWorld] = []
    for moment in [struckAt, struckAt.advanced(by: noticed)] {
      worlds.append(try world(at: moment))
    }
    for policy in try PolicyModel.all(of: machine, cluster: cluster) where policy.service == service
    {
      for world in worlds {
        for item in policy.cases {
          _ = evaluate(item.holds, by: policy.reactionName(item), world, &asked)
        }
      }
    }
    func first(_ isMeant: (SimulatedWorld.Hearing) -> Bool) -> String? {
      asked.alerts.first { worlds[0].hearing(of: $0).map(isMeant) ?? false }
    }
    return (first { !$0.isKnown }, first { $0.delay == nil })
  }

  // MARK: At rest

  /// What the policies of a service begin in a world in which nothing changes by itself, sooner or
  /// later: where a condition holds, not everything of its detector looks bad, and guards agree once
  /// failovers of before no longer count.
  func reactions(
    of service: String, in world: SimulatedWorld
  ) throws(Diagnostic) -> [Document] {
    var scene = self
    scene.hasForgotten = true
    var cost = Cost()
    var found: [Document] = []
    for policy in try PolicyModel.all(of: machine, cluster: cluster) where policy.service == service
    {
      let answers = policy.cases.map {
        scene.evaluate($0.holds, by: policy.reactionName($0), world, &cost)
      }
      let isHeld = policy.guards.contains {
        scene.evaluate($0.holds, by: policy.name, world, &cost) != true
      }
      for (number, item) in policy.cases.enumerated() where answers[number] == true && !isHeld {
        let group = policy.cases.indices.filter { policy.cases[$0].detector == item.detector }
        if group.count > 1, group.allSatisfy({ answers[$0] != false }) { continue }
        let moves = scene.moves(
          of: machine.start(closure: item.react, []), policy.reactionName(item), in: world)
        found.append([
          "policy": .string(policy.name), "watched": .string(item.name),
          "at": .string(location(of: item.holds)),
          "acts": .array(moves.flatMap { $0["acts"]?.arrayValue ?? [] }),
        ])
      }
    }
    return found
  }

  /// Whether a policy takes back what it did, in a world in which nothing changes by itself: it has a
  /// failback, and none of its conditions holds.
  func goesBack(_ reaction: String, in world: SimulatedWorld) throws(Diagnostic) -> Bool {
    let found = try PolicyModel.all(of: machine, cluster: cluster).first { policy in
      policy.cases.contains { policy.reactionName($0) == reaction }
    }
    guard let policy = found, policy.failbackAfter != nil else { return false }
    var cost = Cost()
    return !policy.cases.contains {
      evaluate($0.holds, by: policy.reactionName($0), world, &cost) == true
    }
  }

  private func location(of closure: Value) -> String {
    let checked = machine.program.checked
    return machine.function(of: closure).map { checked.sources.location(checked[$0].span) } ?? ""
  }

  /// What a condition says of a world as it stands; `nil` where it has no answer.
  private func evaluate(
    _ condition: Value, by asker: String, _ world: SimulatedWorld, _ cost: inout Cost
  ) -> Bool? {
    let fiber = machine.start(closure: condition, [])
    while true {
      machine.refuel()
      switch machine.run(fiber) {
      case .finished(let value): return machine.bool(value)
      case .failed, .directive: return nil
      case .call(let call):
        let asked = WorldCall(
          name: call.name, arguments: call.arguments, effect: call.effect, actClass: nil,
          key: "policy/\(asker)")
        guard case .success(let document) = answer(asked, .read, world, &cost),
          let value = try? machine.value(document, as: call.resultType)
        else { return nil }
        machine.resume(fiber, with: value)
      }
    }
  }

  /// The answer of a world in which no time passes.
  private func answer(
    _ call: WorldCall, _ phase: CallPhase, _ world: SimulatedWorld, _ cost: inout Cost
  ) -> Answer {
    if hasForgotten, call.name == "runs.failovers" { return .success(.int(0)) }
    if call.name == "alerts.firing" {
      let alert = call.arguments["alert"]?.stringValue ?? ""
      if !cost.alerts.contains(alert) { cost.alerts.append(alert) }
      if isDeaf { return .success(.bool(false)) }
    }
    let pending = world.begin(call, phase)
    let answer: Answer
    switch world.proceed(pending) {
    case .answer(let given): answer = given
    case .later: answer = .failure(.busy("it takes longer"))
    }
    let isServer = call.name.hasPrefix("inference.")
    let timeout = call.arguments["timeout"]?.intValue
    if call.name.hasSuffix("success_rate") || isServer && pending.latency >= timeout ?? .max {
      cost.silent += pending.latency
    } else if isServer {
      cost.asks += 1
    } else {
      cost.reads += 1
    }
    return answer
  }

  // MARK: The runbook

  /// The statements of a reaction with the acts in them, as the planner finds them.
  private func moves(
    of body: Fiber, _ reaction: String, in world: SimulatedWorld
  ) -> [Document] {
    let identity = RunIdentity(
      runID: "rehearsal", runbook: reaction, arguments: DocumentObject(), programDigest: "",
      sources: [], version: "", world: "simulated")
    let planner = Planner(machine: machine, body: body, identity: identity)
    var acts: Observed = [:]
    var reads: [Int] = []
    var events = [Event.begin]
    while let event = events.popLast() {
      for order in planner.handle([event], at: world.now) {
        guard case .call(let id, let call, let phase) = order else { continue }
        var cost = Cost()
        let answer = answer(call, phase, world, &cost)
        if case .read = phase {
          reads.append(planner.itemCount - 1)
        } else if case .success(let document) = answer {
          acts[String(call.key.drop { $0 != "/" }.dropFirst())] = (call, document)
        }
        events.append(.answered(id, answer))
      }
    }
    return moves(planner.plan?.items ?? [], acts, reads)
  }

  /// A run of another runbook is its statements; steps and branches are one statement with all that
  /// is in them.
  private func moves(_ items: [PlanItem], _ acts: Observed, _ reads: [Int]) -> [Document] {
    var moves: [Document] = []
    var index = 0
    while index < items.count {
      let item = items[index]
      var end = index + 1
      while item.kind != .run, end < items.count, items[end].depth > item.depth { end += 1 }
      let range = index..<end
      index = end
      if item.kind == .run || item.onlyOnFailure || item.note == "is skipped" { continue }
      var move = DocumentObject([
        ("kind", .string(item.kind.rawValue)), ("text", .string(item.title)),
        ("at", .string(machine.program.checked.sources.location(item.span))),
        ("bounded", .bool(item.worstCase?.isBounded ?? true)),
        ("reads", .int(Int64(reads.count(where: range.contains)))),
      ])
      if let bound = item.worstCaseNanoseconds { move["within"] = .int(bound) }
      move["acts"] = .array(
        items[range].filter { $0.kind == .act && !$0.onlyOnFailure }.compactMap { act in
          acts[act.position.text].map { self.act($0.call, $0.observed) }
        })
      moves.append(.object(move))
    }
    return moves
  }

  private func act(_ call: WorldCall, _ observed: Document) -> Document {
    let given = call.arguments
    let observation = Observation(observed)
    var act = DocumentObject([
      ("driver", .string(call.name)),
      ("changes", .bool(observation.map { !$0.changes.isEmpty } ?? true)),
      ("name", given["backend"] ?? given["name"] ?? given["pod"] ?? given["node"] ?? ""),
    ])
    if let replicas = given["replicas"]?.intValue {
      act["replicas"] = .int(replicas)
      act["replicas_before"] = .int(observation?.result.intValue ?? 0)
    }
    if let weights = given["weights"]?.objectValue {
      act["sends"] = .array(
        weights.members.filter { $0.value.intValue ?? 0 > 0 }.map { .string($0.name) })
    }
    return .object(act)
  }
}

extension SimulatedWorld {
  /// What is known of these alerts.
  fileprivate func hearings(of alerts: [String]) -> [Hearing] { alerts.compactMap(hearing) }
}
