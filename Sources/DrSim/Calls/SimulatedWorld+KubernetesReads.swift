// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

extension SimulatedWorld {
  func readPods(_ arguments: CallArguments) throws(WorldFailure) -> Document {
    let cluster = try reachableCluster(arguments)
    let namespace = try arguments.text("namespace")
    let selector = try arguments.selector("selector")
    var found: [Document] = []
    for deployment in deployments where services[deployment.service].cluster == cluster {
      guard services[deployment.service].spec.namespace == namespace,
        deployment.spec.labels.match(selector)
      else { continue }
      for pod in deployment.pods where pods[pod].isActive {
        let state = pods[pod]
        found.append([
          "name": .string(state.name),
          "namespace": .string(namespace),
          "node": .string(state.node.map { nodes[$0].name } ?? ""),
          "ip": .string(hasAddress(state) ? address(ofPod: pod) : ""),
          "phase": .string(hasAddress(state) ? "Running" : "Pending"),
          "ready": .bool(state.isReady && !deployment.looksBad),
        ])
      }
    }
    return .array(found)
  }

  /// Whether the pod's network has been set up: it has once its image is there.
  private func hasAddress(_ pod: PodState) -> Bool {
    switch pod.stage {
    case .pending, .pulling: false
    case .starting, .up, .hung, .gone: true
    }
  }

  private func labels(ofNode node: Int) -> [SimulatedCluster.LabelPair] {
    let zone = zones[nodes[node].zone]
    return [
      SimulatedCluster.LabelPair("kubernetes.io/hostname", nodes[node].name),
      SimulatedCluster.LabelPair("topology.kubernetes.io/region", zone.region),
      SimulatedCluster.LabelPair("topology.kubernetes.io/zone", zone.label),
    ]
  }

  private func nodes(
    in cluster: Int, _ selector: [SimulatedCluster.LabelPair]
  ) -> [Int] {
    nodes.indices.filter {
      self.cluster(ofNode: $0) == cluster && labels(ofNode: $0).match(selector)
    }
  }

  func readNodes(_ arguments: CallArguments) throws(WorldFailure) -> Document {
    let cluster = try reachableCluster(arguments)
    let selected = nodes(in: cluster, try arguments.selector("selector"))
    return .array(
      selected.map { node in
        [
          "name": .string(nodes[node].name),
          "ready": .bool(nodes[node].isReady),
          "schedulable": .bool(!nodes[node].isCordoned),
        ]
      })
  }

  /// How many pods of a size fit, those of `pods` not counted.
  func readFree(_ arguments: CallArguments) throws(WorldFailure) -> Document {
    let cluster = try reachableCluster(arguments)
    let selected = nodes(in: cluster, try arguments.selector("selector"))
    let namespace = try arguments.text("namespace")
    let uncounted = try arguments.selector("pods")
    let size = SimulatedCluster.Size(
      cpuMillis: try arguments.int("cpu_millis"), memory: try arguments.int("memory"),
      gpu: try arguments.int("gpu"))
    var count: Int64 = 0
    for node in selected where nodes[node].isReady && !nodes[node].isCordoned {
      var emptied = nodes[node]
      for pod in nodes[node].pods {
        let spec = spec(ofPod: pod)
        let labels = deployments[pods[pod].deployment].spec.labels
        guard !uncounted.isEmpty, spec.namespace == namespace, labels.match(uncounted) else {
          continue
        }
        emptied.pods.removeAll { $0 == pod }
        emptied.free.give(spec.needs)
      }
      count += room(for: size, on: emptied)
    }
    return .int(count)
  }

  func readReplicas(_ arguments: CallArguments) throws(WorldFailure) -> Document {
    let deployment = try deployment(arguments)
    let active = deployments[deployment].pods.filter { pods[$0].isActive }
    let isBad = deployments[deployment].looksBad
    let ready = Int64(active.count { pods[$0].isReady && !isBad })
    return [
      "desired": .int(Int64(deployments[deployment].replicas)),
      "ready": .int(ready),
      "updated": .int(Int64(active.count)),
      "available": .int(ready),
    ]
  }

  func deployment(_ arguments: CallArguments) throws(WorldFailure) -> Int {
    let cluster = try reachableCluster(arguments)
    let namespace = try arguments.text("namespace")
    let name = try arguments.text("name")
    let found = deployments.indices.first { index in
      let deployment = deployments[index]
      let service = services[deployment.service]
      return self.cluster(ofDeployment: index) == cluster && !deployment.isLeft
        && service.spec.namespace == namespace
        && deployment.spec.name == name
    }
    guard let found else {
      throw .refused("deployment \(name) in \(namespace) does not exist")
    }
    return found
  }
}
