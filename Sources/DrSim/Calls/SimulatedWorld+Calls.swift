// SPDX-License-Identifier: Apache-2.0
//
// What drivers ask of the world. A call takes its time, and what it reads or does is what there is
// when that time is over; a measurement covers it.

import DrData
import DrRun

/// A call under way.
package struct PendingCall: Sendable {
  let call: WorldCall
  let phase: CallPhase
  let begunAt: Instant
  /// After how many nanoseconds `proceed` is to be asked.
  package let latency: Int64
}

/// What became of a call.
package enum CallProgress: Sendable {
  case answer(Result<Document, WorldFailure>)
  /// Not over: ask again after so many nanoseconds.
  case later(Int64)
}

/// An act as the world does it. What is thrown is its failure.
struct SimulatedAct {
  let observe: () throws(WorldFailure) -> Observation
  /// `nil`: not over yet, ask again after a while.
  let perform: (Observation) throws(WorldFailure) -> Document?
  /// Whether what the act is to bring about is the case.
  let isDone: (Observation) throws(WorldFailure) -> Bool
  /// It took too long: takes back what it has begun.
  var giveUp: (Observation) -> Void = { _ in }
}

/// How long calls take, in nanoseconds.
enum Latency {
  static let kubernetesRead = 20 * Second.milli
  static let kubernetesAct = 50 * Second.milli
  static let socket = 2 * Second.milli
  /// One token of a small model.
  static let generation = 200 * Second.milli
  /// How long is waited for a connection, as HTTPTransport does.
  static let connection = 5 * Second.one
  /// How long is waited for an API server that does not answer.
  static let silence = 10 * Second.one
  /// Between two tries of an eviction (kubectl drain).
  static let eviction = 5 * Second.one
  /// After how long an act that does not end is given up.
  static let patience = 24 * 3_600 * Second.one
}

extension SimulatedWorld {
  /// Carries a call out, letting time pass until it is over, and says how much that was.
  package func answer(
    _ call: WorldCall, _ phase: CallPhase
  ) -> (answer: Result<Document, WorldFailure>, latencyNanoseconds: Int64) {
    let pending = begin(call, phase)
    var progress = CallProgress.later(pending.latency)
    while true {
      switch progress {
      case .answer(let answer):
        return (answer, now.nanoseconds - pending.begunAt.nanoseconds)
      case .later(let delay):
        advance(by: delay)
        progress = proceed(pending)
      }
    }
  }

  /// Begins a call now; `proceed` is to be asked after its latency.
  package func begin(_ call: WorldCall, _ phase: CallPhase) -> PendingCall {
    var latency = usualLatency(call, phase)
    // What takes longer than a second is a measurement or a timeout, which are exact.
    latency += random.below(min(latency, Second.one) / 100 * chance.latencyPercent)
    return PendingCall(call: call, phase: phase, begunAt: now, latency: latency)
  }

  /// Ends a call whose time is over.
  package func proceed(_ pending: PendingCall) -> CallProgress {
    do throws(WorldFailure) {
      let arguments = CallArguments(call: pending.call)
      let result: Document?
      let waited = now.nanoseconds - pending.begunAt.nanoseconds
      let patience = pending.call.arguments["timeout"]?.intValue ?? Latency.patience
      if case .read = pending.phase {
        result = try read(arguments, since: pending.begunAt)
      } else {
        let act = try act(arguments)
        result = try carryOut(act, pending.phase)
        if result == nil, waited >= patience { giveUp(act, pending.phase) }
        recordAvailability()
      }
      if let result { return .answer(.success(result)) }
      guard waited < patience else { throw .busy("it does not end in time") }
      return .later(Latency.eviction)
    } catch {
      return .answer(.failure(error))
    }
  }

  private func giveUp(_ act: SimulatedAct, _ phase: CallPhase) {
    guard case .perform(let document) = phase, let observed = Observation(document) else { return }
    act.giveUp(observed)
  }

  private func carryOut(
    _ act: SimulatedAct, _ phase: CallPhase
  ) throws(WorldFailure) -> Document? {
    switch phase {
    case .read: throw .refused("an act is not read")
    case .observe: return try act.observe().document
    case .perform(let document):
      guard let observed = Observation(document) else {
        throw .refused("what was observed before is incomplete")
      }
      return try act.perform(observed)
    case .settle(let document):
      guard let observed = Observation(document) else {
        throw .refused("what was observed before is incomplete")
      }
      let isDone = try act.isDone(observed)
      return isDone ? ["state": "done", "result": observed.result] : ["state": "not_done"]
    }
  }

  private func read(
    _ arguments: CallArguments, since begunAt: Instant
  ) throws(WorldFailure) -> Document {
    switch arguments.call.name {
    case "kube.reachable": return .bool(clusters[try cluster(arguments)].isUp)
    case "kube.pods": return try readPods(arguments)
    case "kube.nodes": return try readNodes(arguments)
    case "kube.free": return try readFree(arguments)
    case "kube.replicas": return try readReplicas(arguments)
    case "inference.serving": return .bool(try isServing(arguments))
    case "haproxy.weights", "gslb.weights", "route.weights", "dns.weights",
      "provider.weights":
      return weights(of: try front(arguments))
    case "haproxy.success_rate", "probe.success_rate":
      return try successRate(arguments, since: begunAt)
    case "runs.failovers":
      return .int(
        failovers(of: try arguments.text("service"), last: try arguments.int("last")))
    default:  // open: the standard library may name any native
      guard let answer = try readOutside(arguments) else { throw unknown(arguments) }
      return answer
    }
  }

  private func act(_ arguments: CallArguments) throws(WorldFailure) -> SimulatedAct {
    switch arguments.call.name {
    case "kube.scale": return try scale(arguments)
    case "kube.cordon": return try cordon(arguments, true)
    case "kube.uncordon": return try cordon(arguments, false)
    case "kube.evict": return try evict(arguments)
    case "kube.drain": return try drain(arguments)
    case "kube.delete": return try delete(arguments)
    case "kube.apply": return try apply(arguments)
    case "inference.generate": return try generate(arguments)
    case "haproxy.set_weights", "gslb.set_weights", "route.set_weights", "dns.set_weights",
      "provider.set_weights":
      return try setWeights(arguments)
    case "lock.acquire": return try acquire(arguments)
    case "lock.renew": return try renew(arguments)
    case "lock.release": return try release(arguments)
    default:  // open: the standard library may name any native
      guard let act = try actOutside(arguments) else { throw unknown(arguments) }
      return act
    }
  }

  private func unknown(_ arguments: CallArguments) -> WorldFailure {
    .unavailable("the simulated world has no \(arguments.call.name)")
  }

  // MARK: Time

  private func usualLatency(_ call: WorldCall, _ phase: CallPhase) -> Int64 {
    let area = call.name.prefix { $0 != "." }
    switch (area, phase) {
    case ("haproxy", .read) where call.name.hasSuffix("success_rate"),
      ("probe", .read):
      return max(1, call.arguments["over"]?.intValue ?? 0)
    case ("haproxy", _), ("dns", _): return Latency.socket
    case ("runs", _): return 0
    case ("inference", .read), ("inference", .perform): return inferenceLatency(call)
    case ("inference", .observe), ("inference", .settle): return 0
    case (_, .perform):  // open: natives of the Kubernetes API
      return isAnswered(call) ? Latency.kubernetesAct : Latency.silence
    case _:  // open: the same
      return isAnswered(call) ? Latency.kubernetesRead : Latency.silence
    }
  }

  private func isAnswered(_ call: WorldCall) -> Bool {
    let found = try? cluster(CallArguments(call: call))
    return found.map { clusters[$0].isUp } ?? true
  }

  // MARK: Clusters

  /// The cluster that a call names: by its label, else, where there is none of that label, the
  /// first, as the current context is taken for real.
  func cluster(_ arguments: CallArguments) throws(WorldFailure) -> Int {
    let label = try arguments.text("cluster")
    if let found = clusters.firstIndex(where: { $0.label == label }) { return found }
    guard !clusters.isEmpty else { throw .refused("the simulated world has no cluster") }
    return 0
  }

  /// The same, where its API servers answer.
  func reachableCluster(_ arguments: CallArguments) throws(WorldFailure) -> Int {
    let cluster = try cluster(arguments)
    guard clusters[cluster].isUp else {
      throw .unreachable("the API server of \(clusters[cluster].label) does not answer")
    }
    return cluster
  }
}
