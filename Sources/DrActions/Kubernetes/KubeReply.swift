// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// An answer of an API server.
struct KubeReply {
  let status: Int
  /// `null` where the body is no JSON.
  let body: Document
  let bytes: [UInt8]
  /// The server's own clock, in seconds since 1970.
  let date: Int64?
  /// What `Retry-After` asks for, in nanoseconds.
  let pause: Int64?

  static func read(_ reply: Reply) -> Result<KubeReply, TransportFailure> {
    switch reply.answer {
    case .failure(let failure): return .failure(failure)
    case .text, .exited, .executed, .message: return .failure(.refused(Reply.notHTTP))
    case .response(let status, let headers, let bytes):
      func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
      let seconds = header("retry-after").flatMap { Int64($0) }
      return .success(
        KubeReply(
          status: status,
          body: (try? JSON.parse(bytes)) ?? .null, bytes: bytes,
          date: header("date").flatMap(Timestamp.parseHTTPDate),
          pause: seconds.flatMap { $0 >= 0 && $0 <= 86_400 ? $0 * Unit.second : nil }))
    }
  }

  var isSuccess: Bool { (200..<300).contains(status) }

  /// Whether the server has nothing at that path: not the object is missing, but its kind. It then answers with a text,
  /// no Status object.
  var isUnknownKind: Bool { status == 404 && body == .null }

  /// The `reason` of a Status object: `Conflict`, `AlreadyExists`.
  var reason: String? { body["reason"]?.stringValue }

  /// The causes of a Status object.
  var causes: [Document] { body["details"]?["causes"]?.arrayValue ?? [] }

  /// The body of a success; a failure otherwise. `what` completes "cannot …".
  func document(_ what: String) -> Flow<Document> {
    guard isSuccess else { return .failure(failure(what)) }
    guard case .object = body else {
      return .failure(.refused("cannot \(what): the answer is no JSON object"))
    }
    return .value(body)
  }

  /// What a status that is no success means. For reads, and for changes that were refused whole.
  func failure(_ what: String) -> WorldFailure {
    let text = "cannot \(what): \(explanation)"
    switch status {
    case 409, 429, 500...: return .busy(text)
    case _: return .refused(text)
    }
  }

  /// The same for a change: a server error leaves open whether it happened.
  func changeFailure(_ what: String) -> WorldFailure {
    status >= 500 ? .inDoubt("cannot \(what): \(explanation)") : failure(what)
  }

  /// `deployments.apps "x" is forbidden: … (403 Forbidden)`.
  var explanation: String {
    let message = body["message"]?.stringValue.map { String($0.prefix(500)) }
    switch (message, reason) {
    // Its own message is the one word Unauthorized.
    case _ where status == 401: return "the credentials are not accepted (401 Unauthorized)"
    case (let message?, let reason?): return "\(message) (\(status) \(reason))"
    case (let message?, nil): return "\(message) (\(status))"
    case (nil, _): return "the API server answers \(status)"
    }
  }
}
