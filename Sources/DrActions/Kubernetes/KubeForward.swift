// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The URL by which HTTP requests reach a port of a pod through the API server and the kubelet of its node. Each
/// request that goes there has a port-forward of its own, which ends with it.
struct KubeForward: Read {
  static let name = "kube.forward"
  private let kube: KubeClient
  private let address: PodAddress

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    let port = try arguments.int("port", atLeast: 1)
    guard port <= 65_535 else { throw arguments.mismatch("port", "at most 65535") }
    address = PodAddress(
      cluster: kube.cluster, namespace: try arguments.text("namespace"),
      pod: try arguments.text("pod"), port: Int(port))
  }

  func read() -> Flow<Document> {
    let what = "pod \(address.pod) in \(address.namespace)"
    return kube.document(.pod(address.pod, in: address.namespace), what).then { object in
      let phase = KubePod(object).phase
      guard phase == "Running" else {
        return .failure(.refused("nothing runs in \(what): it is \(phase)"))
      }
      return .value(.string(address.url))
    }
  }
}
