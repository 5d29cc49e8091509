// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The last lines that a container of a pod wrote. The API server asks the node's kubelet for them:
/// of a pod on a lost node there are none.
struct KubeLogs: Read {
  static let name = "kube.logs"
  /// Of what is kept in the journal.
  private static let bytesMax = 64 << 10
  private let kube: KubeClient
  private let namespace: String
  private let pod: String
  private let query: [KubernetesRequest.QueryItem]

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    namespace = try arguments.text("namespace")
    pod = try arguments.text("pod")
    let container = try arguments.string("container")
    query =
      (container.isEmpty ? [] : [.init("container", container)])
      + [.init("tailLines", String(try arguments.int("lines", atLeast: 1)))]
      + (try arguments.bool("previous") ? [.init("previous", "true")] : [])
  }

  func read() -> Flow<Document> {
    let path = KubePath(version: "v1", namespace: namespace, "pods", pod, "log")
    return kube.get(path, query).then { reply in
      guard reply.isSuccess else {
        return .failure(reply.failure("read the logs of pod \(pod) in \(namespace)"))
      }
      // The newest lines are the last ones; the first of what is left may be cut.
      let text = String(decoding: reply.bytes.suffix(Self.bytesMax), as: UTF8.self)
      return .value(.string(SecretText.mask(text)))
    }
  }
}
