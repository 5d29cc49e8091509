// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Runs a program in a container of a pod, by way of the API server and the kubelet of the pod's node.
///
/// A connection that ends before the program does tells nothing of it, and cannot be taken up again. So it
/// runs at most once, and a person decides; or a second program does, which tells whether it was done.
struct KubeExec: Act {
  static let name = "kube.exec"
  private let kube: KubeClient
  private let namespace: String
  private let pod: String
  /// Empty for the only one, or the pod's default.
  private let container: String
  private let command: [String]
  /// Ends with 0 once it was done; empty where nothing tells.
  private let marker: [String]
  private let status: Int64
  private let timeout: Int64

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    namespace = try arguments.text("namespace")
    pod = try arguments.text("pod")
    container = try arguments.string("container")
    command = try arguments.command("command")
    marker = try arguments.strings("done").isEmpty ? [] : arguments.command("done")
    status = try arguments.int("status", atLeast: 0)
    timeout = try arguments.int("timeout", atLeast: 1)
  }

  func observe() -> Flow<Observation> {
    kube.document(.pod(pod, in: namespace), "pod \(pod) in \(namespace)").then { object in
      let found: String
      switch name(in: object) {
      case .success(let name): found = name
      case .failure(let failure): return .failure(failure)
      }
      let place = place(KubePod(object).node, found)
      return isMarked(place).map { isMarked in
        Observation(
          target: "pods/\(pod) in \(namespace)",
          changes: isMarked ? [] : ["runs \(CommandText.quoted(command)) in container \(found)"],
          permissions: ["get pods", "create pods/exec", "get pods/exec"].map {
            "\($0) in \(namespace)"
          },
          state: [
            "node": .string(place.node), "container": .string(found), "done": .bool(isMarked),
          ],
          result: Self.result(status, Reply.Execution()))
      }
    }
  }

  /// The container's name, where the pod runs and has it.
  private func name(in object: Document) -> Result<String, WorldFailure> {
    let spec = object["spec"]
    let phase = KubePod(object).phase
    guard phase == "Running" else {
      return .failure(.refused("nothing runs in pod \(pod) in \(namespace): it is \(phase)"))
    }
    func names(_ field: String) -> [String] {
      (spec?[field]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
    }
    let all = names("containers")
    let known = all + names("initContainers") + names("ephemeralContainers")
    let standard = object["metadata"]?["annotations"]?["kubectl.kubernetes.io/default-container"]
    let usual = standard?.stringValue ?? (all.count == 1 ? all[0] : "")
    let wanted = container.isEmpty ? usual : container
    if known.contains(wanted) { return .success(wanted) }
    let list = all.joined(separator: ", ")
    return .failure(
      .refused(
        wanted.isEmpty
          ? "pod \(pod) in \(namespace) has several containers, one must be named: \(list)"
          : "pod \(pod) in \(namespace) has no container \(wanted), only \(list)"))
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    if observed.state["done"] == true {
      return .value(Self.result(status, Reply.Execution()))
    }
    return place(observed).run(command, timeout).then { end in
      switch end {
      case .failure(let failure): return .failure(failure)
      case .exited(status, let execution): return .value(Self.result(status, execution))
      case .exited(let code, let execution):
        let said = Self.text(execution.errors).split(whereSeparator: \.isNewline).last
        return .failure(
          .refused(
            "\(CommandText.quoted(command)) ends with \(code), not \(status)"
              + (said.map { ": \($0.prefix(200))" } ?? "")))
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    guard !marker.isEmpty else { return .value(.unknown) }
    return isMarked(place(observed)).map { $0 ? .done(observed.result) : .notDone }
  }

  /// Whether the marker says that it was done. To ask twice does no harm.
  private func isMarked(_ place: KubeExecution) -> Flow<Bool> {
    guard !marker.isEmpty else { return .value(false) }
    return place.run(marker, timeout).then { end in
      switch end {
      case .exited(let code, _): .value(code == 0)
      case .failure(.inDoubt(let message)): .failure(.unreachable(message))
      case .failure(let failure): .failure(failure)
      }
    }
  }

  private func place(_ node: String, _ container: String) -> KubeExecution {
    KubeExecution(
      kube: kube, namespace: namespace, pod: pod, container: container, node: node)
  }

  private func place(_ observed: Observation) -> KubeExecution {
    place(
      observed.state["node"]?.stringValue ?? "",
      observed.state["container"]?.stringValue ?? container)
  }

  private static func result(_ status: Int64, _ execution: Reply.Execution) -> Document {
    [
      "status": .int(status), "output": .string(text(execution.output)),
      "errors": .string(text(execution.errors)), "dropped": .int(Int64(execution.dropped)),
    ]
  }

  private static func text(_ bytes: [UInt8]) -> String {
    SecretText.mask(String(decoding: bytes.prefix(Reply.Execution.streamMax), as: UTF8.self))
  }
}
