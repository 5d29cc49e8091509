// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// A request that changes something, under an Idempotency-Key that stays the same however often it
/// is sent: a server that knows the header does it once.
struct HTTPPost: Act {
  static let name = "http.post"
  private let request: WebRequest

  init(_ arguments: Arguments) throws(WorldFailure) {
    let method = try arguments.optionalString("method") ?? "POST"
    switch HTTPMethod(rawValue: method) {
    case .post?: request = try WebRequest(arguments, .post)
    case .put?: request = try WebRequest(arguments, .put)
    case .patch?: request = try WebRequest(arguments, .patch)
    case .delete?: request = try WebRequest(arguments, .delete)
    case .get?, .head?, nil:
      throw arguments.mismatch("method", "\"POST\", \"PUT\", \"PATCH\" or \"DELETE\"")
    }
  }

  func observe() -> Flow<Observation> {
    .value(
      Observation(
        target: request.url, changes: ["\(request.method.rawValue) sent"], permissions: [],
        state: .null, result: ["status": 0, "body": ""]))
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    request.send().then { outcome in
      switch outcome {
      case .success(let answer): .value(answer)
      case .failure(let failure): .failure(failure)
      case .doubt(let message): .failure(.inDoubt(message))
      }
    }
  }

  /// The server cannot be asked; the key makes sending it again harmless.
  func settle(_ observed: Observation) -> Flow<Settlement> { .value(.unknown) }
}
