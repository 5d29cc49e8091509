// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrRun

/// Takes a lock that is free, has expired, or is ours already; gives the fencing number.
struct LockAcquire: Act {
  static let name = "lock.acquire"
  private let lease: LeaseClient

  init(_ arguments: Arguments) throws(WorldFailure) { lease = try LeaseClient(arguments) }
  init(_ lease: LeaseClient) { self.lease = lease }

  func observe() -> Flow<Observation> {
    lease.read().then { found, date in
      if lease.isHeldByOther(found, at: date) {
        return .failure(lease.heldFailure(found, at: date))
      }
      let isOurs = found?.holder == lease.holder
      let number = isOurs ? found?.transitions ?? 1 : (found?.transitions ?? 0) + 1
      var changes = ["held by \(lease.holder) for \(lease.seconds)s"]
      if let found, !found.holder.isEmpty, !isOurs {
        changes.append("taken over from \(found.holder), whose hold has expired")
      }
      return .value(
        Observation(
          target: lease.target, changes: changes,
          permissions: lease.permissions(
            found == nil ? ["get", "create", "patch"] : ["get", "patch"]),
          state: found?.document ?? .null, result: .int(number)))
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> { take() }

  func take(attempt: Int = 1) -> Flow<Document> {
    lease.read().then { found, date in
      if lease.isHeldByOther(found, at: date) {
        return .failure(lease.heldFailure(found, at: date))
      }
      guard let found else { return create(date, attempt) }
      if found.holder.isEmpty || found.holder == lease.holder {
        return claim(found, date, attempt)
      }
      // Expired by the server's clock. The holder's may be behind: look whether it still renews.
      return .sleep(nanoseconds: min(max(found.seconds / 3, 1), 5) * Unit.second) {
        lease.read().then { again, date in
          guard let again, again.resourceVersion == found.resourceVersion else {
            return attempt < KubeConflict.attempts
              ? take(attempt: attempt + 1) : .failure(lease.heldFailure(again, at: date))
          }
          return claim(again, date, attempt)
        }
      }
    }
  }

  private func create(_ date: Int64, _ attempt: Int) -> Flow<Document> {
    let body: Document = [
      "apiVersion": "coordination.k8s.io/v1",
      "kind": "Lease",
      "metadata": ["name": .string(lease.objectName), "namespace": .string(lease.namespace)],
      "spec": lease.held(at: date, transitions: 1, isNew: true),
    ]
    return lease.kube.change(
      .post, lease.path(nil), contentType: "application/json", body
    ).then { finish($0, number: 1, attempt) }
  }

  private func claim(_ found: Lease, _ date: Int64, _ attempt: Int) -> Flow<Document> {
    let isOurs = found.holder == lease.holder
    let number = isOurs ? found.transitions : found.transitions + 1
    let spec = lease.held(at: date, transitions: number, isNew: !isOurs)
    return lease.kube.patch(
      lease.path(lease.objectName), resourceVersion: found.resourceVersion,
      DocumentObject([("spec", spec)])
    ).then { finish($0, number: number, attempt) }
  }

  /// A conflict means that somebody was faster, perhaps a copy of this very act: look again.
  private func finish(_ reply: KubeReply, number: Int64, _ attempt: Int) -> Flow<Document> {
    if reply.isSuccess { return .value(.int(number)) }
    guard reply.status == 409 || reply.status == 404, attempt < KubeConflict.attempts else {
      return .failure(reply.changeFailure("take lock \(lease.name)"))
    }
    return take(attempt: attempt + 1)
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    lease.read().map { found, date in
      guard let found, found.holder == lease.holder, found.secondsLeft(at: date) > 0 else {
        return .notDone
      }
      return .done(.int(found.transitions))
    }
  }
}

/// A few digits that keep apart the object names of locks whose names differ in other characters.
enum NameHash {
  static func short(_ name: String) -> String { String(SHA256.hexDigest(name.utf8).prefix(8)) }
}
