// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

/// Carries an exchange out against a written conversation: what it must send, and what it is told.
struct Transcript {
  struct Turn {
    let order: String
    let reply: Reply.Answer?
    var elapsed: Int64 = 1_000_000
  }
  let turns: [Turn]

  init(_ turns: [Turn]) { self.turns = turns }

  enum End: Equatable, CustomStringConvertible {
    case finish(Document)
    case fail(WorldFailure)

    var description: String {
      switch self {
      case .finish(let document): "finish \(JSON.write(document))"
      case .fail(let failure): "fail \(failure)"
      }
    }
  }

  /// The end of an exchange whose requests and pauses are told; pauses have no answer.
  static func drive(
    _ call: WorldCall, _ phase: CallPhase, _ answer: (ExchangeStep) -> Reply.Answer?
  ) -> End {
    do throws(WorldFailure) {
      var exchange = try Drivers.exchange(for: call, phase: phase)
      var reply: Reply?
      while true {
        let step = exchange.next(reply)
        switch step {
        case .finish(let document): return .finish(document)
        case .fail(let failure): return .fail(failure)
        case .send, .sleep: reply = answer(step).map { Reply($0, elapsedNanoseconds: 1) }
        }
      }
    } catch {
      return .fail(error)
    }
  }

  /// The end of the exchange, once every turn has been taken.
  func run(
    _ name: String, _ arguments: Document, _ phase: CallPhase,
    _ location: SourceLocation = #_sourceLocation
  ) -> End {
    let call = WorldCall(
      name: name, arguments: arguments.objectValue ?? DocumentObject(),
      effect: phase == .read ? .reads : .acts, actClass: phase == .read ? nil : .apply,
      key: "run/2.1.0")
    var exchange: any Exchange
    do throws(WorldFailure) {
      exchange = try Drivers.exchange(for: call, phase: phase)
    } catch {
      return .fail(error)
    }
    var left = turns[...]
    var reply: Reply?
    while true {
      let step = exchange.next(reply)
      switch step {
      case .finish(let document):
        #expect(left.isEmpty, "turns that were not taken: \(left)", sourceLocation: location)
        return .finish(document)
      case .fail(let failure):
        #expect(left.isEmpty, "turns that were not taken: \(left)", sourceLocation: location)
        return .fail(failure)
      case .send, .sleep:
        let order = Self.text(step)
        guard let turn = left.popFirst() else {
          Issue.record("an order more than expected: \(order)", sourceLocation: location)
          return .finish(.null)
        }
        #expect(order == turn.order, sourceLocation: location)
        guard order == turn.order else { return .finish(.null) }
        reply = turn.reply.map { Reply($0, elapsedNanoseconds: turn.elapsed) }
      }
    }
  }

  static func text(_ step: ExchangeStep) -> String {
    switch step {
    case .finish, .fail: return ""
    case .sleep(let nanoseconds): return "sleep \(nanoseconds / 1_000_000)ms"
    case .send(.socket(let path, let command)): return "\(path): \(command)"
    case .send(.process(let request)):
      #expect(request.environment == [.init("DR_KEY", "run/2.1.0")])
      return "run \(JSON.write(.array(request.command.map(Document.string))))"
    case .send(.dns(let request)): return "dns \(request.server)"
    case .send(.http(let request)):
      return
        "\(request.method.rawValue) \(request.url) \(String(decoding: request.body, as: UTF8.self))"
    case .send(.kubernetes(let request)): return text(request)
    case .send(.exec(let request, let timeout)):
      return "\(text(request)) within \(timeout / 1_000_000_000)s"
    }
  }

  private static func text(_ request: KubernetesRequest) -> String {
    #expect(request.agent == "dr/0.1 (run/2.1.0)")
    let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    // Cluster a is not named.
    let cluster = ["", "a"].contains(request.cluster) ? "" : "\(request.cluster) "
    var text =
      cluster + "\(request.method.rawValue) \(request.path)" + (query.isEmpty ? "" : "?\(query)")
    if let body = request.body { text += " \(JSON.write(body))" }
    return text
  }
}

/// A request and the JSON answered.
func turn(
  _ order: String, _ status: Int = 200, _ body: String = "{}",
  headers: [(String, String)] = [], elapsed: Int64 = 1_000_000
) -> Transcript.Turn {
  Transcript.Turn(
    order: order,
    reply: .response(
      status: status, headers: headers.map { HTTPRequest.Header($0.0, $0.1) },
      body: Array(body.utf8)),
    elapsed: elapsed)
}

/// A request without an answer.
func turn(_ order: String, _ failure: TransportFailure) -> Transcript.Turn {
  Transcript.Turn(order: order, reply: .failure(failure))
}

/// A socket command and the text answered.
func socket(_ order: String, _ text: String) -> Transcript.Turn {
  Transcript.Turn(order: "/run/haproxy.sock: \(order)", reply: .text(text))
}

func sleep(_ milliseconds: Int) -> Transcript.Turn {
  Transcript.Turn(order: "sleep \(milliseconds)ms", reply: nil)
}

/// What `observe` gave, for `perform` and `settle`.
func observed(_ state: Document, _ result: Document) -> Document {
  Observation(target: "t", changes: [], permissions: [], state: state, result: result).document
}

func settled(_ state: String, _ result: Document = .null) -> Transcript.End {
  .finish(["state": .string(state), "result": result])
}

func json(_ text: String) -> Document {
  (try? JSON.parse(Array(text.utf8))) ?? .string("the test's JSON is broken: \(text)")
}
