// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Silences alerts for a time. The silence carries the act's key, by which it is found again: of
/// several copies of the act only one makes a silence.
struct AlertmanagerSilence: Act {
  static let name = "alertmanager.silence"
  private let client: AlertmanagerClient
  private let matchers: [(name: String, value: String)]
  private let duration: Int64
  private let comment: String
  private let author: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    client = try AlertmanagerClient(arguments)
    var matchers: [(name: String, value: String)] = []
    for member in try arguments.object("matchers").members {
      guard let value = member.value.stringValue else {
        throw arguments.mismatch("matchers", "an Object of texts by label")
      }
      matchers.append((member.name, value))
    }
    guard !matchers.isEmpty else {
      throw arguments.mismatch("matchers", "an Object with a label at least: never all alerts")
    }
    self.matchers = matchers
    duration = try arguments.int("duration", atLeast: Unit.second)
    comment = try arguments.text("comment")
    author = "dr \(arguments.call.key)"
  }

  private var target: String {
    "alerts with " + matchers.map { "\($0.name)=\($0.value)" }.joined(separator: ", ")
  }

  /// The silence that carries the key, and the server's clock.
  private func find() -> Flow<(id: String?, date: Int64?)> {
    client.send(.get, "/silences").then { answer in
      guard answer.status == 200, let silences = answer.body.arrayValue else {
        return .failure(client.failure("list silences", answer))
      }
      let own = silences.first { silence in
        silence["createdBy"]?.stringValue == author
          && silence["status"]?["state"]?.stringValue != "expired"
      }
      return .value((own?["id"]?.stringValue, answer.date))
    }
  }

  func observe() -> Flow<Observation> {
    find().then { found in
      guard let date = found.date else {
        return .failure(.refused("Alertmanager does not say what time it is"))
      }
      return .value(
        Observation(
          target: target,
          changes: found.id == nil ? ["silenced for \(Unit.durationText(duration))"] : [],
          permissions: [], state: ["date": .int(date)], result: .string(found.id ?? "")))
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    find().then { found in
      if let id = found.id { return .value(.string(id)) }
      guard let start = found.date ?? observed.state["date"]?.intValue else {
        return .failure(.refused("\(target): what was observed before is incomplete"))
      }
      let body: Document = [
        "matchers": .array(
          matchers.map { matcher in
            [
              "name": .string(matcher.name), "value": .string(matcher.value), "isRegex": false,
              "isEqual": true,
            ]
          }),
        "startsAt": .string(Timestamp.microTime(start)),
        "endsAt": .string(Timestamp.microTime(start + duration / Unit.second)),
        "createdBy": .string(author),
        "comment": .string(comment),
      ]
      return client.send(.post, "/silences", body).then { answer in
        if answer.status == 200, let id = answer.body["silenceID"]?.stringValue {
          return .value(.string(id))
        }
        if answer.status >= 500 {
          return .failure(.inDoubt("Alertmanager answers \(answer.status) to a new silence"))
        }
        return .failure(client.failure("silence \(target)", answer))
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    find().map { found in found.id.map { .done(.string($0)) } ?? .notDone }
  }
}
