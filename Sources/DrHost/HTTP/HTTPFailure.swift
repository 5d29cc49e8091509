// SPDX-License-Identifier: Apache-2.0

/// Why a request came to nothing, other than by what a library tells.
enum HTTPFailure: Error, Equatable {
  case invalidURL
  /// A header's name or value that no request can hold.
  case invalidHeader(String)
  /// The time allowed was over before there was a connection.
  case noConnection
  case noAnswer
  /// By the other side.
  case closed
  case givenUp
  case tooLarge(limit: Int)
  /// Right before it was to be written, by the permit of the act that sends it.
  case notPermitted

  var text: String {
    switch self {
    case .invalidURL: "the URL is not valid"
    case .invalidHeader(let name): "the header \(name) is none that a request can hold"
    case .noConnection: "no connection within the time allowed"
    case .noAnswer: "no answer within the time allowed"
    case .closed: "the connection was closed before the answer was complete"
    case .givenUp: "given up"
    case .notPermitted: "it was not certain any more that this run may act"
    case .tooLarge(let limit): "the answer is larger than \(limit >> 20) MiB"
    }
  }
}
