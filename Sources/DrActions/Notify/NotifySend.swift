// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Tells people in a chat, and says whether the chat took it. A message twice does less harm than
/// none, so it may be repeated; and a chat that is down must not keep a runbook from going on.
struct NotifySend: Act {
  static let name = "notify.send"

  /// How incoming webhooks of each are spoken to.
  private enum Service: String {
    case webhook, slack, feishu, dingtalk, wecom

    func body(_ text: String, key: String) -> Document {
      switch self {
      case .webhook: ["text": .string(text), "key": .string(key)]
      case .slack: ["text": .string(text)]
      case .feishu: ["msg_type": "text", "content": ["text": .string(text)]]
      case .dingtalk, .wecom: ["msgtype": "text", "text": ["content": .string(text)]]
      }
    }

    /// Some answer 200 and say in the body that they did not take it.
    func isTaken(_ status: Int, _ body: Document) -> Bool {
      guard (200..<300).contains(status) else { return false }
      switch self {
      case .webhook, .slack: return true
      case .feishu: return (body["code"] ?? body["StatusCode"])?.intValue == 0
      case .dingtalk, .wecom: return body["errcode"]?.intValue == 0
      }
    }
  }

  private let service: Service
  private let url: String
  private let text: String
  private let key: String
  private let agent: String
  private static let timeout = 10 * Unit.second

  init(_ arguments: Arguments) throws(WorldFailure) {
    guard let service = Service(rawValue: try arguments.string("service")) else {
      throw arguments.mismatch(
        "service", "\"webhook\", \"slack\", \"feishu\", \"dingtalk\" or \"wecom\"")
    }
    self.service = service
    url = try arguments.webURL("url")
    text = try arguments.text("text")
    key = arguments.call.key
    agent = arguments.agent
  }

  func observe() -> Flow<Observation> {
    .value(
      Observation(
        target: service.rawValue, changes: ["told: \(text.prefix(80))"], permissions: [],
        state: .null, result: true))
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    let request = HTTPRequest(
      method: .post, url: url,
      headers: [.init("content-type", "application/json"), .init("user-agent", agent)],
      body: Array(JSON.write(service.body(text, key: key)).utf8),
      timeoutNanoseconds: Self.timeout)
    return .ask(.http(request)) { reply in
      switch reply.answer {
      case .text, .exited, .executed, .message: .failure(.refused(Reply.notHTTP))
      // A mistake in the set-up is told, so that a drill finds it.
      case .failure(.refused(let message)): .failure(.refused(message))
      case .failure: .value(false)
      case .response(let status, _, let bytes):
        .value(.bool(service.isTaken(status, (try? JSON.parse(bytes)) ?? .null)))
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> { .value(.notDone) }
}
