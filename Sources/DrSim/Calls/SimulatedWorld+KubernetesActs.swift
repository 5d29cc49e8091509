// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// An object that a run has applied and that the world keeps, without doing anything about it.
struct AppliedObject {
  let cluster: Int
  /// Kind, namespace and name.
  let identity: [String]
  let manifest: Document
}

extension SimulatedWorld {
  // MARK: Scale

  func scale(_ arguments: CallArguments) throws(WorldFailure) -> SimulatedAct {
    let replicas = Int(try arguments.int("replicas"))
    guard replicas <= Published.podsPerDeployment else {
      throw .refused(
        "kube.scale: \(replicas) replicas are more than the \(Published.podsPerDeployment) that a"
          + " simulation holds")
    }
    let find = { () throws(WorldFailure) in try self.deployment(arguments) }
    return SimulatedAct(
      observe: { () throws(WorldFailure) in
        try self.observeScale(of: try find(), to: replicas)
      },
      perform: { (observed) throws(WorldFailure) in
        let deployment = try find()
        self.setLeast(of: deployment, for: replicas)
        self.deployments[deployment].replicas = replicas
        self.reconcile(deployment)
        return observed.result
      },
      isDone: { (_) throws(WorldFailure) in
        self.deployments[try find()].replicas == replicas
      })
  }

  private func observeScale(
    of deployment: Int, to replicas: Int
  ) throws(WorldFailure) -> Observation {
    let state = deployments[deployment]
    let namespace = services[state.service].spec.namespace
    let name = state.spec.name
    var changes: [String] = []
    var permissions = [
      "get deployments.apps in \(namespace)",
      "list horizontalpodautoscalers.autoscaling in \(namespace)",
      "patch deployments.apps/scale in \(namespace)",
    ]
    if let autoscaler = state.spec.autoscaler, let least = state.least {
      guard replicas <= autoscaler.most else {
        throw .refused(
          "deployment \(name) in \(namespace) cannot have \(replicas) replicas: its "
            + "HorizontalPodAutoscaler \(name) allows \(autoscaler.most) at most")
      }
      if let wanted = self.least(state, for: replicas) {
        changes.append(
          "minReplicas of horizontalpodautoscalers/\(name) \(least) → \(wanted)")
        permissions.append("patch horizontalpodautoscalers.autoscaling \(name) in \(namespace)")
      }
    }
    if state.replicas != replicas { changes.append("replicas \(state.replicas) → \(replicas)") }
    return Observation(
      target: "deployments/\(name) in \(namespace)", changes: changes, permissions: permissions,
      state: ["replicas": .int(Int64(state.replicas))], result: .int(Int64(state.replicas)))
  }

  /// What `minReplicas` must become for so many replicas to last; `nil` where it can stay.
  private func least(_ state: DeploymentState, for replicas: Int) -> Int? {
    guard let least = state.least, replicas > 0, least != replicas else { return nil }
    return least < replicas ? replicas : min(state.leastBefore ?? replicas, replicas)
  }

  private func setLeast(of deployment: Int, for replicas: Int) {
    guard let wanted = least(deployments[deployment], for: replicas),
      let least = deployments[deployment].least
    else { return }
    let isRaise = wanted > least
    deployments[deployment].leastBefore =
      isRaise ? deployments[deployment].leastBefore ?? least : nil
    deployments[deployment].least = wanted
  }

  // MARK: Cordon

  func cordon(_ arguments: CallArguments, _ isCordoned: Bool) throws(WorldFailure) -> SimulatedAct {
    let find = { () throws(WorldFailure) in try self.node(arguments) }
    return SimulatedAct(
      observe: { () throws(WorldFailure) in
        let node = try find()
        let was = self.nodes[node].isCordoned
        return Observation(
          target: "nodes/\(self.nodes[node].name)",
          changes: was == isCordoned ? [] : [isCordoned ? "cordoned" : "uncordoned"],
          permissions: ["get nodes", "patch nodes"], state: ["cordoned": .bool(was)],
          result: .bool(was))
      },
      perform: { (observed) throws(WorldFailure) in
        self.nodes[try find()].isCordoned = isCordoned
        self.schedulePending()
        return observed.result
      },
      isDone: { (_) throws(WorldFailure) in self.nodes[try find()].isCordoned == isCordoned })
  }

  private func node(_ arguments: CallArguments) throws(WorldFailure) -> Int {
    let cluster = try reachableCluster(arguments)
    let name = try arguments.text("node")
    let found = nodes.indices.first {
      self.cluster(ofNode: $0) == cluster && nodes[$0].name == name
    }
    guard let found else { throw .refused("node \(name) does not exist") }
    return found
  }

  /// Only pods of services are simulated: none of them is without a controller.
  func drain(_ arguments: CallArguments) throws(WorldFailure) -> SimulatedAct {
    let find = { () throws(WorldFailure) in try self.node(arguments) }
    return SimulatedAct(
      observe: { () throws(WorldFailure) in
        let node = self.nodes[try find()]
        let names = node.pods.filter { self.pods[$0].isActive }.map {
          "\(self.spec(ofPod: $0).namespace)/\(self.pods[$0].name) evicted"
        }
        return Observation(
          target: "nodes/\(node.name)",
          changes: (node.isCordoned ? [] : ["cordoned"]) + names.sorted(),
          permissions: ["get nodes", "patch nodes", "list pods", "create pods/eviction"],
          state: .null, result: .bool(node.isCordoned))
      },
      perform: { (observed) throws(WorldFailure) in
        let node = try find()
        self.nodes[node].isCordoned = true
        for pod in self.nodes[node].pods
        where self.pods[pod].isActive && self.budgetAllowsEviction(of: pod) {
          self.terminate(pod)
          self.reconcile(self.pods[pod].deployment)
        }
        return self.nodes[node].pods.isEmpty ? observed.result : nil
      },
      isDone: { (_) throws(WorldFailure) in
        let node = self.nodes[try find()]
        return node.isCordoned && node.pods.isEmpty
      },
      giveUp: { observed in
        guard observed.result == false, let node = try? find() else { return }
        self.nodes[node].isCordoned = false
        self.schedulePending()
      })
  }

  // MARK: Evict

  func evict(_ arguments: CallArguments) throws(WorldFailure) -> SimulatedAct {
    let cluster = try reachableCluster(arguments)
    let namespace = try arguments.text("namespace")
    let name = try arguments.text("pod")
    let find = {
      self.pods.indices.first { pod in
        self.pods[pod].name == name && self.pods[pod].stage != .gone
          && self.cluster(ofDeployment: self.pods[pod].deployment) == cluster
          && self.spec(ofPod: pod).namespace == namespace
      }
    }
    return SimulatedAct(
      observe: { () throws(WorldFailure) in
        Observation(
          target: "pods/\(name) in \(namespace)", changes: find() == nil ? [] : ["evicted"],
          permissions: ["get pods in \(namespace)", "create pods/eviction in \(namespace)"],
          state: .null, result: .null)
      },
      perform: { (observed) throws(WorldFailure) in
        guard let pod = find() else { return observed.result }
        if self.pods[pod].isActive, self.budgetAllowsEviction(of: pod) {
          self.terminate(pod)
          self.reconcile(self.pods[pod].deployment)
        }
        return self.pods[pod].stage == .gone ? observed.result : nil
      },
      isDone: { (_) throws(WorldFailure) in find() == nil })
  }

  /// A service's PodDisruptionBudget lets one of its wanted pods be out of service. A pod without a
  /// node is not covered by it.
  private func budgetAllowsEviction(of pod: Int) -> Bool {
    guard pods[pod].node != nil else { return true }
    let service = deployments[pods[pod].deployment].service
    var wanted = 0
    var healthy = 0
    for deployment in services[service].deployments {
      wanted += deployments[deployment].replicas
      healthy += deployments[deployment].pods.count { pods[$0].isReady && pods[$0].isActive }
    }
    return healthy > wanted - 1
  }

  // MARK: Apply

  func apply(_ arguments: CallArguments) throws(WorldFailure) -> SimulatedAct {
    let cluster = try reachableCluster(arguments)
    let manifest = Document.object(try arguments.object("manifest"))
    guard let kind = manifest["kind"]?.stringValue, manifest["apiVersion"]?.stringValue != nil,
      let name = manifest["metadata"]?["name"]?.stringValue
    else {
      throw .refused(
        "kube.apply: `manifest` must be an Object with apiVersion, kind and metadata.name")
    }
    let namespace = manifest["metadata"]?["namespace"]?.stringValue
    let suffix = namespace.map { " in \($0)" } ?? ""
    let identity = [kind, namespace ?? "", name]
    let find = {
      self.applied.firstIndex { $0.cluster == cluster && $0.identity == identity }
    }
    return SimulatedAct(
      observe: { () throws(WorldFailure) in
        let before = find().map { self.applied[$0].manifest }
        return Observation(
          target: "\(kind) \(name)\(suffix)",
          changes: before == nil ? ["created"] : before == manifest ? [] : ["changed"],
          permissions: ["get \(kind)\(suffix)", "patch \(kind)\(suffix)"], state: .null,
          result: .null)
      },
      perform: { (observed) throws(WorldFailure) in
        let object = AppliedObject(cluster: cluster, identity: identity, manifest: manifest)
        if let index = find() {
          self.applied[index] = object
        } else {
          self.applied.append(object)
        }
        return observed.result
      },
      isDone: { (_) throws(WorldFailure) in
        find().map { self.applied[$0].manifest } == manifest
      })
  }

  // MARK: Delete

  /// Takes away what a run has applied; of all else only that it was asked for is kept in mind.
  func delete(_ arguments: CallArguments) throws(WorldFailure) -> SimulatedAct {
    let cluster = try reachableCluster(arguments)
    let (resource, namespace) = (try arguments.text("resource"), try arguments.text("namespace"))
    let name = try arguments.text("name")
    let isMeant = { (object: AppliedObject) in
      object.cluster == cluster && object.manifest["metadata"]?["name"]?.stringValue == name
        && object.manifest["kind"]?.stringValue.map { "\($0.lowercased())s" } == resource
    }
    // A pod's controller makes another one.
    let pods = { () -> [Int] in
      self.pods.indices.filter {
        resource == "pods" && self.pods[$0].name == name && self.pods[$0].isActive
          && self.spec(ofPod: $0).namespace == namespace
      }
    }
    return SimulatedAct(
      observe: { () throws(WorldFailure) in
        let suffix = namespace.isEmpty ? "" : " in \(namespace)"
        return Observation(
          target: "\(resource)/\(name)\(suffix)", changes: ["deleted, and what it owns after it"],
          permissions: ["get \(resource)\(suffix)", "delete \(resource)\(suffix)"], state: .null,
          result: .null)
      },
      perform: { (observed) throws(WorldFailure) in
        self.applied.removeAll(where: isMeant)
        for pod in pods() {
          self.terminate(pod)
          self.reconcile(self.pods[pod].deployment)
        }
        return observed.result
      },
      isDone: { (_) throws(WorldFailure) in
        !self.applied.contains(where: isMeant) && pods().isEmpty
      })
  }
}
