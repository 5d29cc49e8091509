// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Deletes one object and waits until it is gone. It is named by uid, so that a successor of the
/// same name is left alone.
struct KubeDelete: Act {
  static let name = "kube.delete"
  private static let propagations = ["Background", "Foreground", "Orphan"]
  private let place: KubeObjectPlace
  private let propagation: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    place = try KubeObjectPlace(arguments)
    propagation = try arguments.string("propagation")
    guard Self.propagations.contains(propagation) else {
      throw arguments.mismatch("propagation", "\"Background\", \"Foreground\" or \"Orphan\"")
    }
  }

  /// A day's worth; the run's own deadline comes first.
  private static let looks = 86_400

  private enum Presence {
    case gone, leaving, there
  }

  private func look(uid: String) -> Flow<Presence> {
    place.kube.get(place.path).then { reply in
      if reply.status == 404 { return .value(.gone) }
      return reply.document("read \(place.target)").map { object in
        let metadata = object["metadata"]
        if metadata?["uid"]?.stringValue != uid { return .gone }
        return metadata?["deletionTimestamp"]?.stringValue == nil ? .there : .leaving
      }
    }
  }

  func observe() -> Flow<Observation> {
    place.kube.get(place.path).then { reply in
      if reply.status == 404 { return .value(observation(uid: "", changes: [])) }
      return reply.document("read \(place.target)").map { object in
        let what =
          switch propagation {
          case "Foreground": "deleted after what it owns"
          case "Orphan": "deleted; what it owns stays"
          case _: "deleted, and what it owns after it"
          }
        return observation(
          uid: object["metadata"]?["uid"]?.stringValue ?? "", changes: [what])
      }
    }
  }

  private func observation(uid: String, changes: [String]) -> Observation {
    Observation(
      target: place.target, changes: changes,
      permissions: ["get \(place.permission)", "delete \(place.permission)"],
      state: ["uid": .string(uid)], result: .null)
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    let uid = observed.state["uid"]?.stringValue ?? ""
    if uid.isEmpty { return .value(.null) }
    return look(uid: uid).then { presence in
      switch presence {
      case .gone: .value(.null)
      case .leaving: waitUntilGone(uid, left: Self.looks)
      case .there: delete(uid, attempt: 1)
      }
    }
  }

  private func delete(_ uid: String, attempt: Int) -> Flow<Document> {
    let options: Document = [
      "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": .string(propagation),
      "preconditions": ["uid": .string(uid)],
    ]
    return place.kube.change(
      .delete, place.path, contentType: "application/json", options
    ).then { reply in
      switch reply.status {
      case 200..<300: return waitUntilGone(uid, left: Self.looks)
      case 404: return .value(.null)
      case 409 where attempt < KubeConflict.attempts:
        // The precondition failed, or another writer was faster.
        return look(uid: uid).then { presence in
          switch presence {
          case .gone: .value(.null)
          case .leaving: waitUntilGone(uid, left: Self.looks)
          case .there: delete(uid, attempt: attempt + 1)
          }
        }
      case _: return .failure(reply.changeFailure("delete \(place.target)"))
      }
    }
  }

  private func waitUntilGone(_ uid: String, left: Int) -> Flow<Document> {
    look(uid: uid).then { presence in
      if presence == .gone { return .value(.null) }
      guard left > 0 else { return .failure(.busy("\(place.target) is not gone yet")) }
      return .sleep(nanoseconds: Unit.second) { waitUntilGone(uid, left: left - 1) }
    }
  }

  /// An object on its way out counts as not done: doing it again only waits.
  func settle(_ observed: Observation) -> Flow<Settlement> {
    let uid = observed.state["uid"]?.stringValue ?? ""
    if uid.isEmpty { return .value(.done(.null)) }
    return look(uid: uid).map { $0 == .gone ? .done(.null) : .notDone }
  }
}
