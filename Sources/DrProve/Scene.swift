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

  /// What evaluations asked of the world: calls of API servers, servers that answer, and waits for
  /// those that do not.
  private struct Cost {
    var reads: Int64 = 0
    var asks: Int64 = 0
    var silent: Int64 = 0
  }

  private typealias Observed = [String: (call: WorldCall, observed: Document)]

  private func world(at instant: Instant) throws(Diagnostic) -> SimulatedWorld {
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
    var worst = Cost()
    var holds: [Bool?] = []
    for moment in [struckAt, struckAt.advanced(by: noticed)] {
      let world = try world(at: moment)
      var look = Cost()
      for item in policy.cases {
        let answer = evaluate(item.holds, world, &look)
        if item.name == watched.name { holds.append(answer) }
      }
      worst.reads = max(worst.reads, look.reads)
      worst.asks = max(worst.asks, look.asks)
      worst.silent = max(worst.silent, look.silent)
    }
    let sees =
      holds == [true, true] ? "at once" : holds == [false, true] ? "noticed" : "unclear"
    response["sees"] = .string(sees)
    response["reads"] = .int(worst.reads)
    response["asks"] = .int(worst.asks)
    response["silent"] = .int(worst.silent)
    let then = try world(at: instant)
    var guarding = Cost()
    for rule in policy.guards { _ = evaluate(rule.holds, then, &guarding) }
    response["guarding"] = .int(guarding.reads + guarding.asks)
    response["moves"] = .array(
      moves(of: machine.start(closure: watched.react, []), reaction, in: then))
  }

  private func location(of closure: Value) -> String {
    let checked = machine.program.checked
    return machine.function(of: closure).map { checked.sources.location(checked[$0].span) } ?? ""
  }

  /// What a condition says of a world as it stands; `nil` where it has no answer.
  private func evaluate(_ condition: Value, _ world: SimulatedWorld, _ cost: inout Cost) -> Bool? {
    let fiber = machine.start(closure: condition, [])
    while true {
      machine.refuel()
      switch machine.run(fiber) {
      case .finished(let value): return machine.bool(value)
      case .failed, .directive: return nil
      case .call(let call):
        let asked = WorldCall(
          name: call.name, arguments: call.arguments, effect: call.effect, actClass: nil, key: "")
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
    var act = DocumentObject([
      ("driver", .string(call.name)),
      ("name", given["backend"] ?? given["name"] ?? given["pod"] ?? ""),
    ])
    if let replicas = given["replicas"]?.intValue {
      act["replicas"] = .int(replicas)
      act["replicas_before"] = .int(Observation(observed)?.result.intValue ?? 0)
    }
    if let weights = given["weights"]?.objectValue {
      act["sends"] = .array(
        weights.members.filter { $0.value.intValue ?? 0 > 0 }.map { .string($0.name) })
    }
    return .object(act)
  }
}
