// SPDX-License-Identifier: Apache-2.0
//
// DrActions: what drivers say to the world and how they read its answers. Each native function with
// an effect (docs/drivers.md) is an `Action` in a file of its own; a call on it becomes an
// `Exchange`: a value that is told facts (replies) and gives orders (requests, sleeps, an end).
//
// Nothing here opens a connection, reads a clock, or waits. `DrHost` carries the orders out for
// real; tests carry them out from transcripts. So every path, also those after a lost answer or a
// conflict, can be run without a cluster.
//
// How an act keeps its promise that two copies of it do no harm:
//  - `observe` reads the state that the act would change, with its resourceVersion and uid.
//  - `perform` sends a change only where the state differs from the one wanted, and with the
//    resourceVersion it saw; the API server refuses all but one of several copies (409). After a
//    409 it reads again and goes on only where the change is still needed.
//  - An answer that was lost is `inDoubt`, never repeated here: `settle` reads back and decides.

import DrData
import DrRun

/// One call on the world as a conversation.
package protocol Exchange {
  /// What to do next. Told `nil` at the start and after a sleep, otherwise the reply to the
  /// request given last. Not called again after `finish` or `fail`.
  mutating func next(_ reply: Reply?) -> ExchangeStep
}

/// An order of an exchange.
package enum ExchangeStep: Sendable, Equatable {
  case send(Request)
  case sleep(nanoseconds: Int64)
  case finish(Document)
  case fail(WorldFailure)
}

/// What is to be sent.
package enum Request: Sendable, Equatable {
  case kubernetes(KubernetesRequest)
  case http(HTTPRequest)
  /// One command on a Unix domain socket that answers with text and closes (HAProxy's runtime API).
  case socket(path: String, command: String)
  /// A program on this machine, without a shell.
  case process(ProcessRequest)
  /// A program in a container, over a WebSocket of the API server: an upgrade of `GET …/exec`.
  case exec(KubernetesRequest, timeoutNanoseconds: Int64)
  /// A message to a name server.
  case dns(DNSRequest)

  /// Whether it may change something where it arrives.
  package var mayChange: Bool {
    switch self {
    case .kubernetes(let request): request.method != .get
    case .http(let request): request.method != .get && request.method != .head
    case .dns(let request): !request.isRepeatable
    case .socket, .process, .exec: true
    }
  }
}

/// A program to run to its end.
package struct ProcessRequest: Sendable, Equatable {
  /// The program, looked up in PATH where it is no path, then its arguments.
  package let command: [String]
  /// Added to the environment.
  package let environment: [HTTPRequest.Header]
  package let timeoutNanoseconds: Int64
}

package enum HTTPMethod: String, Sendable {
  case get = "GET"
  case head = "HEAD"
  case post = "POST"
  case put = "PUT"
  case patch = "PATCH"
  case delete = "DELETE"
}

/// A request to the API server of a kubeconfig context; address and credentials are the host's
/// matter.
package struct KubernetesRequest: Sendable, Equatable {
  package struct QueryItem: Sendable, Equatable {
    package let name: String
    /// Not yet percent-encoded.
    package let value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package let cluster: String
  package let method: HTTPMethod
  /// Absolute and percent-encoded: `/api/v1/namespaces/deepseek/pods`.
  package let path: String
  package let query: [QueryItem]
  /// Of the body; `nil` without one.
  package let contentType: String?
  package let body: Document?
  /// The User-Agent, which the API server's audit log keeps: `dr/0.1 (20261123T201500-k3v9/2.1.0)`.
  package let agent: String

  package init(
    cluster: String, method: HTTPMethod, path: String, query: [QueryItem] = [],
    contentType: String? = nil, body: Document? = nil, agent: String
  ) {
    self.cluster = cluster
    self.method = method
    self.path = path
    self.query = query
    self.contentType = contentType
    self.body = body
    self.agent = agent
  }
}

/// A request to any HTTP or HTTPS server.
package struct HTTPRequest: Sendable, Equatable {
  package struct Header: Sendable, Equatable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package let method: HTTPMethod
  package let url: String
  package let headers: [Header]
  package let body: [UInt8]
  /// Until the whole answer is there.
  package let timeoutNanoseconds: Int64
  /// Bytes of the answer's body that are wanted; nil for all. What follows is read and dropped.
  package let wantedBytes: Int?

  package init(
    method: HTTPMethod, url: String, headers: [Header], body: [UInt8], timeoutNanoseconds: Int64,
    wantedBytes: Int? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeoutNanoseconds = timeoutNanoseconds
    self.wantedBytes = wantedBytes
  }
}

/// Why there is no answer to a request.
package enum TransportFailure: Error, Sendable, Equatable {
  /// Nothing reached the target: no name, no connection, no TLS session.
  case notSent(String)
  /// The request was sent, at least in part, and no whole answer came.
  case lostAnswer(String)
  /// The host will not send it: no such context, unreadable key, a server whose certificate is not
  /// trusted; or will not take the answer in: beyond the size limit.
  case refused(String)

  /// A sentence with the address and the reason.
  package var message: String {
    switch self {
    case .notSent(let text), .lostAnswer(let text), .refused(let text): text
    }
  }
}

/// What came of a request.
package struct Reply: Sendable, Equatable {
  package enum Answer: Sendable, Equatable {
    /// Header names in lowercase.
    case response(status: Int, headers: [HTTPRequest.Header], body: [UInt8])
    /// Of a socket command.
    case text(String)
    /// Of a program: its exit code, or 128 and the signal that ended it.
    case exited(status: Int, output: [UInt8], errors: [UInt8])
    /// Of a program in a container: what it wrote, and the Status object that says how it ended.
    case executed(Execution)
    /// Of a name server, held to be the answer.
    case message([UInt8])
    case failure(TransportFailure)

    /// Whether nothing of the request reached the target.
    package var isNotSent: Bool {
      if case .failure(.notSent) = self { true } else { false }
    }
  }

  /// What came over the channels of an exec.
  package struct Execution: Sendable, Equatable {
    /// Bytes of each stream that are kept.
    package static let streamMax = 64 << 10

    package var output: [UInt8] = []
    package var errors: [UInt8] = []
    /// Bytes of both streams beyond what is kept.
    package var dropped = 0
    /// The JSON of a Status object.
    package var status: [UInt8] = []

    package init() {}
  }

  static let notHTTP = "what came for an HTTP request is no answer to one"
  static let notDNS = "what came for a question to a name server is no answer to one"

  package let answer: Answer
  /// From order to answer; exchanges that measure over a time have no clock of their own.
  package let elapsedNanoseconds: Int64

  package init(_ answer: Answer, elapsedNanoseconds: Int64) {
    self.answer = answer
    self.elapsedNanoseconds = elapsedNanoseconds
  }
}
