// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

extension SimulatedWorld {
  /// A lock as a call means it.
  private struct LockRequest {
    let cluster: Int
    let name: String
    let holder: String
    let ttl: Int64

    var target: String { "leases/\(name) in default" }

    func permissions(_ verbs: [String]) -> [String] {
      verbs.map { "\($0) leases.coordination.k8s.io in default" }
    }
  }

  private func lock(_ arguments: CallArguments) throws(WorldFailure) -> LockRequest {
    LockRequest(
      cluster: try reachableCluster(arguments), name: try arguments.text("name"),
      holder: try arguments.text("holder"), ttl: try arguments.int("ttl"))
  }

  private func lease(_ lock: LockRequest) -> Int? {
    leases.firstIndex { $0.cluster == lock.cluster && $0.name == lock.name }
  }

  private func refusal(_ lock: LockRequest) -> WorldFailure {
    guard let lease = lease(lock), !leases[lease].holder.isEmpty else {
      return .held("lock \(lock.name) is not held any more")
    }
    let left = (leases[lease].validUntil.nanoseconds - now.nanoseconds) / Second.one
    return .held(
      left > 0
        ? "lock \(lock.name) is held by \(leases[lease].holder) for \(left)s more unless renewed"
        : "lock \(lock.name) was taken over by \(leases[lease].holder)")
  }

  private func isHeldByOther(_ lock: LockRequest) -> Bool {
    guard let lease = lease(lock) else { return false }
    let state = leases[lease]
    return !state.holder.isEmpty && state.holder != lock.holder && state.validUntil > now
  }

  private func isOurs(_ lock: LockRequest) -> Bool {
    lease(lock).map { leases[$0].holder == lock.holder } ?? false
  }

  func acquire(_ arguments: CallArguments) throws(WorldFailure) -> SimulatedAct {
    let lock = try lock(arguments)
    let number = {
      let before = self.lease(lock).map { self.leases[$0].transitions } ?? 0
      return self.isOurs(lock) ? before : before + 1
    }
    return SimulatedAct(
      observe: { () throws(WorldFailure) in
        guard !self.isHeldByOther(lock) else { throw self.refusal(lock) }
        return Observation(
          target: lock.target,
          changes: ["held by \(lock.holder) for \(lock.ttl / Second.one)s"],
          permissions: lock.permissions(["get", "create", "patch"]), state: .null,
          result: .int(number()))
      },
      perform: { (_) throws(WorldFailure) in
        guard !self.isHeldByOther(lock) else { throw self.refusal(lock) }
        let state = LeaseState(
          cluster: lock.cluster, name: lock.name, holder: lock.holder, renewedAt: self.now,
          ttl: lock.ttl, transitions: number())
        if let lease = self.lease(lock) {
          self.leases[lease] = state
        } else {
          self.leases.append(state)
        }
        return .int(state.transitions)
      },
      isDone: { (_) throws(WorldFailure) in self.isOurs(lock) })
  }

  func renew(_ arguments: CallArguments) throws(WorldFailure) -> SimulatedAct {
    let lock = try lock(arguments)
    return SimulatedAct(
      observe: { () throws(WorldFailure) in
        guard self.isOurs(lock) else { throw self.refusal(lock) }
        return Observation(
          target: lock.target, changes: ["held for \(lock.ttl / Second.one)s more"],
          permissions: lock.permissions(["get", "patch"]), state: .null, result: .null)
      },
      perform: { (_) throws(WorldFailure) in
        guard self.isOurs(lock), let lease = self.lease(lock) else { throw self.refusal(lock) }
        self.leases[lease].renewedAt = self.now
        self.leases[lease].ttl = lock.ttl
        return .null
      },
      isDone: { (_) throws(WorldFailure) in false })
  }

  func release(_ arguments: CallArguments) throws(WorldFailure) -> SimulatedAct {
    let lock = try lock(arguments)
    return SimulatedAct(
      observe: { () throws(WorldFailure) in
        Observation(
          target: lock.target, changes: self.isOurs(lock) ? ["released"] : [],
          permissions: lock.permissions(["get", "patch"]), state: .null, result: .null)
      },
      perform: { (_) throws(WorldFailure) in
        if self.isOurs(lock), let lease = self.lease(lock) { self.leases[lease].holder = "" }
        return .null
      },
      isDone: { (_) throws(WorldFailure) in !self.isOurs(lock) })
  }
}
