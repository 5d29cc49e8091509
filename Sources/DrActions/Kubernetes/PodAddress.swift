// SPDX-License-Identifier: Apache-2.0

/// A port of a pod that is reached by way of the API server, as a URL of HTTP requests:
/// `pod://CLUSTER/NAMESPACE/POD:PORT/path`. The cluster's name is percent-encoded.
package struct PodAddress: Sendable, Equatable {
  package static let scheme = "pod://"

  package let cluster: String
  package let namespace: String
  package let pod: String
  package let port: Int
  /// With the query; begins with `/`.
  package let path: String

  init(cluster: String, namespace: String, pod: String, port: Int) {
    self.cluster = cluster
    self.namespace = namespace
    self.pod = pod
    self.port = port
    path = "/"
  }

  /// `nil` where the URL is none of a pod.
  package init?(_ url: String) {
    guard url.hasPrefix(Self.scheme) else { return nil }
    let parts = url.dropFirst(Self.scheme.count).split(
      separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 3, let cluster = percentDecoded(parts[0]), !parts[1].isEmpty,
      let colon = parts[2].lastIndex(of: ":"), colon > parts[2].startIndex,
      let port = Int(parts[2][parts[2].index(after: colon)...]), (1...65_535).contains(port)
    else { return nil }
    self.cluster = cluster
    namespace = String(parts[1])
    pod = String(parts[2][..<colon])
    self.port = port
    path = parts.count > 3 ? "/\(parts[3])" : "/"
  }

  /// Without a path.
  var url: String { "\(Self.scheme)\(KubePath.encode(cluster))/\(namespace)/\(pod):\(port)" }

  /// For people.
  package var text: String { "port \(port) of pod \(pod) in \(namespace)" }

  /// The request that becomes a WebSocket to the port.
  package func request(agent: String) -> KubernetesRequest {
    KubernetesRequest(
      cluster: cluster, method: .get,
      path: KubePath(version: "v1", namespace: namespace, "pods", pod, "portforward").text,
      query: [.init("ports", "\(port)")], agent: agent)
  }

  /// What it means that the API server answers instead of forwarding: nothing has reached the pod.
  package func refusal(_ answer: Reply.Answer) -> TransportFailure {
    let reply = Reply(answer, elapsedNanoseconds: 0)
    guard case .success(let reply) = KubeReply.read(reply) else {
      return .notSent("cannot reach \(text)")
    }
    let message = "cannot reach \(text): \(reply.explanation)"
    return reply.status == 401 || reply.status == 403 ? .refused(message) : .notSent(message)
  }
}
