// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// One program in one container, and what the answers of API server, kubelet and runtime mean. The Status
/// on the error channel is that of `k8s.io/apimachinery/pkg/util/remotecommand`.
struct KubeExecution {
  let kube: KubeClient
  let namespace: String
  let pod: String
  let container: String
  /// Empty where it is not known.
  let node: String

  enum End {
    case exited(Int64, Reply.Execution)
    case failure(WorldFailure)
  }

  /// Said of a connection to the kubelet that there was none of.
  private static let unreachable = ["error dialing backend", "dial tcp", "dial timeout"]
  /// Said of a program that was not begun.
  private static let notBegun = [
    "unable to upgrade connection", "container not found", "executable file not found",
    "exec failed", "unable to start container process", "not running", "stopped container",
  ]

  private var what: String { "run a program in pod \(pod) in \(namespace)" }

  /// Sent once: what was lost stays lost.
  func run(_ command: [String], _ timeout: Int64) -> Flow<End> {
    let request = KubernetesRequest(
      cluster: kube.cluster, method: .get,
      path: KubePath(version: "v1", namespace: namespace, "pods", pod, "exec").text,
      query: command.map { .init("command", $0) }
        + [.init("container", container), .init("stdout", "true"), .init("stderr", "true")],
      agent: kube.agent)
    return .ask(.exec(request, timeoutNanoseconds: timeout)) { reply in .value(end(reply)) }
  }

  private func end(_ reply: Reply) -> End {
    switch reply.answer {
    case .executed(let execution): return end(execution)
    case .failure(.notSent(let message)): return .failure(.unreachable(message))
    case .failure(.refused(let message)): return .failure(.refused(message))
    case .failure(.lostAnswer(let message)):
      return .failure(.inDoubt("cannot \(what): \(message)"))
    case .response, .text, .exited, .message:
      guard case .success(let reply) = KubeReply.read(reply) else {
        return .failure(.refused(Reply.notHTTP))
      }
      if reply.isSuccess {
        return .failure(.refused("cannot \(what): the API server does not upgrade to a WebSocket"))
      }
      return .failure(
        reply.status < 500 ? reply.failure(what) : failure(reply.explanation))
    }
  }

  private func end(_ execution: Reply.Execution) -> End {
    guard let status = try? JSON.parse(execution.status) else {
      return .failure(.inDoubt("cannot \(what): how it ended was not told"))
    }
    if status["status"] == "Success" { return .exited(0, execution) }
    if status["reason"] == "NonZeroExitCode" {
      let cause = status["details"]?["causes"]?.arrayValue?.first { $0["reason"] == "ExitCode" }
      guard let code = cause?["message"]?.stringValue.flatMap({ Int64($0) }) else {
        return .failure(.inDoubt("cannot \(what): how it ended was told without a number"))
      }
      return .exited(code, execution)
    }
    let message = status["message"]?.stringValue ?? "no reason given"
    return .failure(failure(String(message.prefix(500))))
  }

  /// Unless it is known that the program was not begun, it may have done a part.
  private func failure(_ message: String) -> WorldFailure {
    if Self.unreachable.contains(where: message.contains) {
      let kubelet = node.isEmpty ? "its kubelet" : "the kubelet of node \(node)"
      return .unreachable("cannot \(what): \(kubelet) cannot be reached: \(message)")
    }
    let text = "cannot \(what): \(message)"
    return Self.notBegun.contains(where: message.contains) ? .refused(text) : .inDoubt(text)
  }
}
