// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Holds on to a lock. Refused once somebody else has it: the run must then stop acting.
struct LockRenew: Act {
  static let name = "lock.renew"
  private let lease: LeaseClient

  init(_ arguments: Arguments) throws(WorldFailure) { lease = try LeaseClient(arguments) }
  init(_ lease: LeaseClient) { self.lease = lease }

  func observe() -> Flow<Observation> {
    lease.read().then { found, date in
      guard let found, found.holder == lease.holder else {
        return .failure(lease.heldFailure(found, at: date))
      }
      return .value(
        Observation(
          target: lease.target, changes: ["held for \(lease.seconds)s more"],
          permissions: lease.permissions(["get", "patch"]), state: found.document,
          result: .null))
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> { renew() }

  func renew(attempt: Int = 1) -> Flow<Document> {
    lease.read().then { found, date in
      guard let found, found.holder == lease.holder else {
        return .failure(lease.heldFailure(found, at: date))
      }
      let spec = lease.held(at: date, transitions: found.transitions, isNew: false)
      return lease.kube.patch(
        lease.path(lease.objectName), resourceVersion: found.resourceVersion,
        DocumentObject([("spec", spec)])
      ).then { reply in
        if reply.isSuccess { return .value(.null) }
        guard reply.status == 409, attempt < KubeConflict.attempts else {
          return .failure(reply.changeFailure("renew lock \(lease.name)"))
        }
        return renew(attempt: attempt + 1)
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    lease.read().map { found, _ in
      guard let found, found.holder == lease.holder else { return .notDone }
      let before = observed.state["renew_time"]?.stringValue
      return found.renewTime == before ? .notDone : .done(.null)
    }
  }
}
