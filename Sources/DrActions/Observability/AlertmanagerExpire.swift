// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Ends a silence. One that has ended, or that nobody knows any more, is left alone.
struct AlertmanagerExpire: Act {
  static let name = "alertmanager.expire"
  private let client: AlertmanagerClient
  private let id: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    client = try AlertmanagerClient(arguments)
    id = try arguments.string("silence")
  }

  private var path: String { "/silence/\(KubePath.encode(id))" }

  private func isActive() -> Flow<Bool> {
    client.send(.get, path).then { answer in
      if answer.status == 404 { return .value(false) }
      guard answer.status == 200 else {
        return .failure(client.failure("read silence \(id)", answer))
      }
      return .value(answer.body["status"]?["state"]?.stringValue != "expired")
    }
  }

  func observe() -> Flow<Observation> {
    // A plan ends a silence that it does not make.
    if id.isEmpty {
      return .value(
        Observation(
          target: "the silence", changes: ["ended"], permissions: [], state: .null, result: .null))
    }
    return isActive().map { isActive in
      Observation(
        target: "silence \(id)", changes: isActive ? ["ended"] : [], permissions: [], state: .null,
        result: .null)
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    if id.isEmpty { return .failure(.refused("there is no silence without an id")) }
    return isActive().then { isActive in
      guard isActive else { return .value(.null) }
      return client.send(.delete, path).then { answer in
        if answer.status == 200 || answer.status == 404 { return .value(.null) }
        if answer.status >= 500 {
          return .failure(.inDoubt("Alertmanager answers \(answer.status) to the end of \(id)"))
        }
        return .failure(client.failure("end silence \(id)", answer))
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    isActive().map { $0 ? .notDone : .done(.null) }
  }
}
