// SPDX-License-Identifier: Apache-2.0
//
// What Prometheus sees: of the service's own servers whether they answer (`up`), and what
// kube-state-metrics tells of deployments, pods and nodes (its docs, `docs/metrics`).

import DrRun

/// Metrics that there are, all with a sample for each thing they are about.
enum SimulatedMetric: String {
  case up
  case podReady = "kube_pod_status_ready"
  case podPhase = "kube_pod_status_phase"
  case nodeCondition = "kube_node_status_condition"
  case wantedReplicas = "kube_deployment_spec_replicas"
  case readyReplicas = "kube_deployment_status_replicas_ready"
  case availableReplicas = "kube_deployment_status_replicas_available"
  case unavailableReplicas = "kube_deployment_status_replicas_unavailable"
}

extension SimulatedWorld {
  /// The samples of a query's metric now that it can count; `nil` where nobody can tell, as there is no
  /// API server for kube-state-metrics. Rules are asked after every event, so no labels are made of what
  /// they leave out.
  func samples(
    of metric: SimulatedMetric, for query: MetricQuery, in cluster: Int
  ) -> [MetricQuery.Sample]? {
    // The service's own servers are asked without it.
    guard metric == .up || clusters[cluster].isUp else { return nil }
    return switch metric {
    case .up: servers(of: cluster, for: query)
    case .podReady: readiness(in: cluster, for: query)
    case .podPhase: phases(in: cluster, for: query)
    case .nodeCondition: conditions(of: cluster, for: query)
    case .wantedReplicas: replicas(of: cluster, for: query) { wanted, _ in wanted }
    case .readyReplicas, .availableReplicas: replicas(of: cluster, for: query) { $1 }
    case .unavailableReplicas: replicas(of: cluster, for: query) { max(0, $0 - $1) }
    }
  }

  private func forEachPod(of cluster: Int, _ look: (Int) -> Void) {
    for deployment in deployments.indices where self.cluster(ofDeployment: deployment) == cluster {
      for pod in deployments[deployment].pods where pods[pod].isActive { look(pod) }
    }
  }

  private func hasContainer(_ pod: Int) -> Bool {
    pods[pod].stage != .pending && pods[pod].stage != .pulling
  }

  private func labels(of pod: Int) -> [String: String] {
    ["namespace": spec(ofPod: pod).namespace, "pod": pods[pod].name]
  }

  private func servers(of cluster: Int, for query: MetricQuery) -> [MetricQuery.Sample] {
    var samples: [MetricQuery.Sample] = []
    forEachPod(of: cluster) { pod in
      let value = serves(pod) ? 1.0 : 0
      guard hasContainer(pod), query.counts(value) else { return }
      let label = spec(ofPod: pod).label
      let zone = zones[deployments[pods[pod].deployment].zone].label
      let own = ["job": label, "service": label, "zone": zone]
      samples.append((labels(of: pod).merging(own) { $1 }, value))
    }
    return samples
  }

  private func readiness(in cluster: Int, for query: MetricQuery) -> [MetricQuery.Sample] {
    states(of: "condition", ["true", "false"], in: cluster, for: query) {
      pods[$0].isReady ? "true" : "false"
    }
  }

  private func phases(in cluster: Int, for query: MetricQuery) -> [MetricQuery.Sample] {
    let phases = ["Pending", "Running", "Succeeded", "Failed", "Unknown"]
    return states(of: "phase", phases, in: cluster, for: query) {
      hasContainer($0) ? "Running" : "Pending"
    }
  }

  /// A sample for every state that a pod may be in: 1 of the one that it is in.
  private func states(
    of label: String, _ states: [String], in cluster: Int, for query: MetricQuery,
    now: (Int) -> String
  ) -> [MetricQuery.Sample] {
    let states = states.filter { query.admits($0, of: label) }
    var samples: [MetricQuery.Sample] = []
    forEachPod(of: cluster) { pod in
      let now = now(pod)
      for state in states {
        let value = state == now ? 1.0 : 0
        guard query.counts(value) else { continue }
        samples.append((labels(of: pod).merging([label: state]) { $1 }, value))
      }
    }
    return samples
  }

  private func conditions(of cluster: Int, for query: MetricQuery) -> [MetricQuery.Sample] {
    let statuses = ["true", "false", "unknown"].filter { query.admits($0, of: "status") }
    var samples: [MetricQuery.Sample] = []
    for node in nodes.indices where self.cluster(ofNode: node) == cluster {
      for status in statuses {
        // A node that is silent has a condition that is unknown.
        let value = status == (nodes[node].isReady ? "true" : "unknown") ? 1.0 : 0
        guard query.counts(value) else { continue }
        let labels = ["node": nodes[node].name, "condition": "Ready", "status": status]
        samples.append((labels, value))
      }
    }
    return samples
  }

  private func replicas(
    of cluster: Int, for query: MetricQuery, _ count: (_ wanted: Int, _ ready: Int) -> Int
  ) -> [MetricQuery.Sample] {
    var samples: [MetricQuery.Sample] = []
    for index in deployments.indices where self.cluster(ofDeployment: index) == cluster {
      let ready = deployments[index].pods.count { pods[$0].isActive && pods[$0].isReady }
      let value = Double(count(deployments[index].replicas, ready))
      guard query.counts(value) else { continue }
      let namespace = services[deployments[index].service].spec.namespace
      samples.append((["namespace": namespace, "deployment": deployments[index].spec.name], value))
    }
    return samples
  }
}
