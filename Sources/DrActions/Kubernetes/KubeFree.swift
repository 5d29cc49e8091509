// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// How many replicas of a size fit on the selected nodes beside what is there already.
///
/// The arithmetic is the scheduler's resource fit (NodeResourcesFit): per node, allocatable minus
/// the requests of its pods that are not over, and the number of pods it takes. Affinity and
/// topology spread are not looked at.
struct KubeFree: Read {
  static let name = "kube.free"
  private let kube: KubeClient
  private let selector: String
  private let namespace: String
  private let pods: [(name: String, value: String)]
  private let size: KubeRequests

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    selector = try arguments.selector("selector")
    namespace = try arguments.optionalString("namespace") ?? ""
    _ = try arguments.selector("pods")
    pods = (arguments.call.arguments["pods"]?.objectValue?.members ?? []).map {
      ($0.name, $0.value.stringValue ?? JSON.write($0.value))
    }
    size = KubeRequests(
      cpuMillis: try arguments.int("cpu_millis", atLeast: 0),
      memoryBytes: try arguments.int("memory", atLeast: 0),
      gpus: try arguments.int("gpu", atLeast: 0))
  }

  func read() -> Flow<Document> {
    kube.list(KubePath(version: "v1", "nodes"), KubePod.query(selector)).then { nodes in
      let nodes = nodes.map(KubeNode.init).filter { $0.isReady && $0.isSchedulable }
      guard !nodes.isEmpty else { return .value(.int(0)) }
      let running = "status.phase!=Succeeded,status.phase!=Failed"
      return kube.list(.pods(in: ""), [.init("fieldSelector", running)], placed).map { pods in
        .int(fit(nodes, pods))
      }
    }
  }

  private typealias Placed = (node: String, requests: KubeRequests)

  private func placed(_ item: Document) -> Placed? {
    let pod = KubePod(item)
    return pod.node.isEmpty || isCountedOut(pod) ? nil : (pod.node, KubeRequests(pod: item))
  }

  private func fit(_ nodes: [KubeNode], _ pods: [Placed]) -> Int64 {
    var used: [String: KubeRequests] = [:]
    for pod in pods { used[pod.node, default: KubeRequests()].add(pod.requests) }
    return nodes.reduce(0) { sum, node in
      let free = KubeRequests(node: node.object).minus(used[node.name] ?? KubeRequests())
      return sum + free.fitting(size)
    }
  }

  /// Whether it is one of the replicas whose room is being asked about.
  private func isCountedOut(_ pod: KubePod) -> Bool {
    guard !pods.isEmpty, namespace.isEmpty || pod.namespace == namespace else { return false }
    let labels = pod.object["metadata"]?["labels"]
    return pods.allSatisfy { labels?[$0.name]?.stringValue == $0.value }
  }
}
