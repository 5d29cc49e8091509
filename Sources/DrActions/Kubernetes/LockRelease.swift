// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Gives a lock back. The Lease stays, since its transitions go on counting; a lock that is not
/// ours any more is left as it is.
struct LockRelease: Act {
  static let name = "lock.release"
  private let lease: LeaseClient

  init(_ arguments: Arguments) throws(WorldFailure) { lease = try LeaseClient(arguments) }
  init(_ lease: LeaseClient) { self.lease = lease }

  func observe() -> Flow<Observation> {
    lease.read().map { found, _ in
      let isOurs = found?.holder == lease.holder
      return Observation(
        target: lease.target, changes: isOurs ? ["released"] : [],
        permissions: lease.permissions(["get", "patch"]), state: found?.document ?? .null,
        result: .null)
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> { release() }

  func release(attempt: Int = 1) -> Flow<Document> {
    lease.read().then { found, _ in
      guard let found, found.holder == lease.holder else { return .value(.null) }
      let patch = DocumentObject([("spec", ["holderIdentity": .null])])
      return lease.kube.patch(
        lease.path(lease.objectName), resourceVersion: found.resourceVersion, patch
      ).then { reply in
        if reply.isSuccess { return .value(.null) }
        guard reply.status == 409, attempt < KubeConflict.attempts else {
          return .failure(reply.changeFailure("release lock \(lease.name)"))
        }
        return release(attempt: attempt + 1)
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    lease.read().map { found, _ in found?.holder == lease.holder ? .notDone : .done(.null) }
  }
}
