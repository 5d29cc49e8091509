// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Writes the weights of all zones of a front to a provider's API, only where they are what was seen before, and is over
/// once the API shows them. Zones that are not named get none.
struct ProviderSetWeights: Act {
  static let name = "provider.set_weights"
  private let front: ProviderFront
  private let method: HTTPMethod
  private let url: String
  /// The part of what is shown that is written.
  private let part: ProviderPath
  /// What is sent in place of what was shown; `nil` where that is sent with other weights.
  private let body: Document?
  private let wanted: [(zone: String, value: Int64)]
  private let patience: Int64
  private let key: String
  private let fence: String?
  private let lastZone: LastZone
  private let probes: HealthProbes

  private static let pause = Unit.second
  private static let attempts = 5

  init(_ arguments: Arguments) throws(WorldFailure) {
    front = try ProviderFront(arguments)
    lastZone = try LastZone(arguments)
    probes = try HealthProbes(arguments)
    switch HTTPMethod(rawValue: try arguments.text("method")) {
    case .put?: method = .put
    case .patch?: method = .patch
    case .post?: method = .post
    case .get?, .head?, .delete?, nil:
      throw arguments.mismatch("method", "\"PATCH\", \"PUT\" or \"POST\"")
    }
    url = try arguments.string("write_url").isEmpty ? front.url : arguments.webURL("write_url")
    guard let part = ProviderPath(try arguments.string("part")) else {
      throw arguments.mismatch("part", "empty, or a path that begins with /")
    }
    self.part = part
    let given = try arguments.object("body")
    body = given.members.isEmpty ? nil : .object(given)
    patience = try arguments.int("patience", atLeast: 0)
    (key, fence) = (arguments.call.key, arguments.fence)
    let shares = try arguments.percents("weights")
    let front = front
    for (zone, percent) in shares where percent > 0 {
      guard front.paths.contains(where: { $0.zone == zone }) else {
        throw .refused("\(front.target): where the weight of \(zone) stands is not known")
      }
    }
    wanted = front.paths.map { zone, _ in
      (zone, front.steps(of: shares.first { $0.name == zone }?.value ?? 0))
    }
    guard wanted.contains(where: { $0.value > 0 }) else {
      throw .refused("\(front.target) would be left without any weight")
    }
  }

  private func isSet(_ shown: ProviderFront.Shown) -> Bool {
    shown.steps.map(\.value) == wanted.map(\.value)
  }

  private func isAsBefore(_ shown: ProviderFront.Shown, _ observed: Observation) -> Bool {
    observed.state["weights"]?.arrayValue?.map(\.intValue) == shown.steps.map { $0.value }
  }

  private func text(_ steps: [(zone: String, value: Int64)]) -> String {
    steps.map { "\($0.zone) \(front.text($0.value))" }.joined(separator: ", ")
  }

  // MARK: The act

  func observe() -> Flow<Observation> {
    front.read().then { shown in
      let changes = zip(shown.steps, wanted).filter { $0.value != $1.value }.map {
        "weight of \($0.zone) \(front.text($0.value)) → \(front.text($1.value))"
      }
      let drain = Drain(zip(shown.steps, wanted).map { ($0.zone, $0.value > 0, $1.value > 0) })
      let observation = Observation(
        target: front.target, changes: changes,
        permissions: ["GET and \(method.rawValue) of \(front.target)"],
        state: ["weights": .array(shown.steps.map { .int($0.value) })],
        result: front.percents(shown.steps))
      return lastZone.guarding(drain, observation, look: probes.look)
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    front.read().then { send($0, observed, attempt: 1) }
  }

  private func send(
    _ shown: ProviderFront.Shown, _ observed: Observation, attempt: Int
  ) -> Flow<Document> {
    if isSet(shown) { return .value(observed.result) }
    guard isAsBefore(shown, observed) else {
      return .failure(
        .refused(
          "\(front.target) was changed by somebody else since it was looked at: it shows "
            + "\(text(shown.steps)); find out who changes it, then run again"))
    }
    guard let body = body(shown) else {
      return .failure(
        .refused("\(front.target): `part` leads to nothing that GET \(front.url) shows"))
    }
    let what = "\(method.rawValue) \(url)"
    // What was refused whole is sent under another key, for the refusal may be remembered with the key.
    let request = front.write(
      method, url, body, key: attempt == 1 ? key : "\(key)/\(attempt)", fence: fence,
      ifMatch: shown.entityTag)
    func again(after pause: Int64) -> Flow<Document> {
      .sleep(nanoseconds: pause) { front.read().then { send($0, observed, attempt: attempt + 1) } }
    }
    return .ask(request) { reply in
      let isLast = attempt >= Self.attempts
      switch reply.answer {
      case .text, .exited, .executed, .message: return .failure(.refused(Reply.notHTTP))
      case .failure(.refused(let message)): return .failure(.refused(message))
      case .failure(.notSent(let message)): return .failure(.unreachable(message))
      case .failure(.lostAnswer(let message)): return .failure(.inDoubt(message))
      case .response(let status, let headers, let answer):
        let complaint = ProviderFront.complaint(what, status, answer)
        switch status {
        case 200..<300: return follow(observed)
        // Nothing was done: the state was another one, or there were too many requests.
        case 409, 412, 429:
          return isLast
            ? .failure(.busy(complaint))
            : again(after: ProviderFront.pause(headers) ?? KubeClient.backoff(attempt))
        case 500...: return .failure(.inDoubt(complaint))
        case _: return .failure(.refused(complaint))
        }
      }
    }
  }

  /// What is written: what the program says; else the part that was shown, with the new weights: whole in a PUT, which
  /// replaces, else only what leads to them.
  private func body(_ shown: ProviderFront.Shown) -> Document? {
    if let body { return body }
    guard var document = part.value(in: shown.document) else { return nil }
    var places: [ArraySlice<ProviderPath.Part>] = []
    for ((_, path), (_, steps)) in zip(front.paths, wanted) {
      guard let inner = path.inside(of: part),
        let next = inner.putting(front.number(steps), into: document)
      else { return nil }
      document = next
      places.append(inner.parts[...])
    }
    return method == .put ? document : ProviderPath.pruned(document, to: places)
  }

  // MARK: Reading back

  /// Waits until the API shows what was written. A longer wait is a doubt, for the change was taken.
  private func follow(_ observed: Observation) -> Flow<Document> {
    lastShown { isSet($0) }.then { last in
      isSet(last)
        ? .value(observed.result)
        : .failure(
          .inDoubt(
            "\(front.target) has taken \(text(wanted)), and still shows \(text(last.steps)) after "
              + Unit.durationText(patience)))
    }
  }

  /// What is shown once it is as wanted, or at last.
  private func lastShown(
    waited: Int64 = 0, _ isOver: @escaping (ProviderFront.Shown) -> Bool
  ) -> Flow<ProviderFront.Shown> {
    front.read().then { shown in
      if isOver(shown) || waited >= patience { return .value(shown) }
      return .sleep(nanoseconds: Self.pause) { lastShown(waited: waited + Self.pause, isOver) }
    }
  }

  /// What was written may be shown late, so that what is as before is looked at for as long as that takes.
  func settle(_ observed: Observation) -> Flow<Settlement> {
    lastShown { isSet($0) }.map { last -> Settlement in
      if isSet(last) { return .done(observed.result) }
      return isAsBefore(last, observed) ? .notDone : .unknown
    }
  }
}
