// SPDX-License-Identifier: Apache-2.0
//
// What goes through the kubelet of a pod's node. A lost node answers nothing; what a program would do in a
// container is not known, so it ends as it should and says nothing.

import DrData
import DrRun

extension SimulatedWorld {
  /// The pod that a call names.
  private func pod(_ arguments: CallArguments) throws(WorldFailure) -> Int {
    let cluster = try reachableCluster(arguments)
    let namespace = try arguments.text("namespace")
    let name = try arguments.text("pod")
    let found = pods.indices.first { pod in
      pods[pod].name == name && pods[pod].stage != .gone
        && self.cluster(ofDeployment: pods[pod].deployment) == cluster
        && spec(ofPod: pod).namespace == namespace
    }
    guard let found else { throw .refused("pod \(name) in \(namespace) does not exist") }
    return found
  }

  /// The same, where its containers run and the kubelet of its node answers.
  private func runningPod(_ arguments: CallArguments) throws(WorldFailure) -> Int {
    let pod = try pod(arguments)
    let text = "pod \(pods[pod].name) in \(spec(ofPod: pod).namespace)"
    switch pods[pod].stage {
    case .pending, .pulling, .gone: throw .refused("nothing runs in \(text): it is Pending")
    case .starting, .up, .hung: break
    }
    guard isOnLiveNode(pod) else {
      let node = pods[pod].node.map { nodes[$0].name } ?? ""
      throw .unreachable(
        "cannot run a program in \(text): the kubelet of node \(node) cannot be reached")
    }
    return pod
  }

  /// The pod's own address: what is asked over a port-forward is answered, or not, as there.
  func forwarded(_ arguments: CallArguments) throws(WorldFailure) -> String {
    let pod = try pod(arguments)
    return "http://\(address(ofPod: pod)):\(try arguments.int("port", atLeast: 1))"
  }

  func exec(_ arguments: CallArguments) throws(WorldFailure) -> SimulatedAct {
    let given = arguments.call.arguments
    let words = given["command"]?.arrayValue?.compactMap(\.stringValue) ?? []
    let namespace = try arguments.text("namespace")
    let name = try arguments.text("pod")
    let result: Document = [
      "status": .int(given["status"]?.intValue ?? 0), "output": "", "errors": "", "dropped": 0,
    ]
    return SimulatedAct(
      observe: { () throws(WorldFailure) in
        _ = try self.pod(arguments)
        return Observation(
          target: "pods/\(name) in \(namespace)",
          changes: ["runs \(words.joined(separator: " "))"],
          permissions: ["get pods", "create pods/exec", "get pods/exec"].map {
            "\($0) in \(namespace)"
          },
          state: .null, result: result)
      },
      perform: { (_) throws(WorldFailure) in
        _ = try self.runningPod(arguments)
        return result
      },
      isDone: { (_) throws(WorldFailure) in true })
  }
}
