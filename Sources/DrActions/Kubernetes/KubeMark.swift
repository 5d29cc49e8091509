// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Sets the value of one label or annotation of an object; an empty value takes it away.
struct KubeMark {
  private let place: KubeObjectPlace
  /// `labels` or `annotations`.
  private let field: String
  private let key: String
  private let value: String?

  init(_ arguments: Arguments, field: String) throws(WorldFailure) {
    place = try KubeObjectPlace(arguments)
    self.field = field
    key = try arguments.text("key")
    let value = try arguments.string("value")
    self.value = value.isEmpty ? nil : value
  }

  private func look() -> Flow<(version: String, value: String?)> {
    place.look().then { object in
      guard let version = object["metadata"]?["resourceVersion"]?.stringValue else {
        return .failure(.refused("\(place.target): the object has no resourceVersion"))
      }
      return .value((version, object["metadata"]?[field]?[key]?.stringValue))
    }
  }

  func observe() -> Flow<Observation> {
    look().map { seen in
      let change = "\(field) \(key) \(seen.value ?? "none") → \(value ?? "none")"
      return Observation(
        target: place.target, changes: seen.value == value ? [] : [change],
        permissions: ["get \(place.permission)", "patch \(place.permission)"],
        state: .null, result: .string(seen.value ?? ""))
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    send(attempt: 1).map { observed.result }
  }

  private func send(attempt: Int) -> Flow<Void> {
    look().then { seen in
      if seen.value == value { return .value(()) }
      let entry = DocumentObject([(key, value.map(Document.string) ?? .null)])
      let patch = DocumentObject([("metadata", .object(DocumentObject([(field, .object(entry))])))])
      return place.kube.patch(place.path, resourceVersion: seen.version, patch).then { reply in
        if reply.isSuccess { return .value(()) }
        guard reply.status == 409, attempt < KubeConflict.attempts else {
          return .failure(reply.changeFailure("change \(place.target)"))
        }
        return send(attempt: attempt + 1)
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    look().map { $0.value == value ? .done(observed.result) : .notDone }
  }
}
