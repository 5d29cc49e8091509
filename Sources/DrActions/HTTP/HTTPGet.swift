// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// What a server answers, where it is of the status that is wanted.
struct HTTPGet: Read {
  static let name = "http.get"
  private let request: WebRequest

  init(_ arguments: Arguments) throws(WorldFailure) {
    request = try WebRequest(arguments, .get)
  }

  func read() -> Flow<Document> {
    request.send().then { outcome in
      switch outcome {
      case .success(let answer): .value(answer)
      case .failure(let failure): .failure(failure)
      case .doubt(let message): .failure(.unreachable(message))
      }
    }
  }
}
