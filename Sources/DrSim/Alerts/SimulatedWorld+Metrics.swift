// SPDX-License-Identifier: Apache-2.0
//
// What Prometheus sees: of the service's own servers whether they answer (`up`), and what
// kube-state-metrics tells of deployments, pods and nodes (its docs, `docs/metrics`).

import DrRun

extension SimulatedWorld {
  /// Metrics that there are, all with a sample for each thing they are about.
  static let metrics = [
    "up", "kube_pod_status_ready", "kube_pod_status_phase", "kube_node_status_condition",
    "kube_deployment_spec_replicas", "kube_deployment_status_replicas_ready",
    "kube_deployment_status_replicas_available", "kube_deployment_status_replicas_unavailable",
  ]

  /// The samples of a metric now; `nil` where nobody can tell: kube-state-metrics without an API
  /// server, or a metric that is not simulated.
  func samples(of metric: String, in cluster: Int) -> [MetricQuery.Sample]? {
    guard Self.metrics.contains(metric) else { return nil }
    if metric == "up" { return servers(of: cluster) }
    guard clusters[cluster].isUp else { return nil }
    switch metric {
    case "kube_pod_status_ready": return pods(of: cluster).flatMap(readiness)
    case "kube_pod_status_phase": return pods(of: cluster).flatMap(phases)
    case "kube_node_status_condition": return conditions(of: cluster)
    case _: return replicas(of: cluster, metric)
    }
  }

  private func pods(of cluster: Int) -> [Int] {
    pods.indices.filter {
      pods[$0].isActive && self.cluster(ofDeployment: pods[$0].deployment) == cluster
    }
  }

  private func labels(of pod: Int) -> [String: String] {
    ["namespace": spec(ofPod: pod).namespace, "pod": pods[pod].name]
  }

  private func servers(of cluster: Int) -> [MetricQuery.Sample] {
    pods(of: cluster).filter { pods[$0].stage != .pending && pods[$0].stage != .pulling }.map {
      pod in
      let label = spec(ofPod: pod).label
      let zone = zones[deployments[pods[pod].deployment].zone].label
      let own = ["job": label, "service": label, "zone": zone]
      return (labels(of: pod).merging(own) { $1 }, serves(pod) ? 1 : 0)
    }
  }

  private func readiness(_ pod: Int) -> [MetricQuery.Sample] {
    ["true", "false"].map { condition in
      let isTrue = (condition == "true") == pods[pod].isReady
      return (labels(of: pod).merging(["condition": condition]) { $1 }, isTrue ? 1 : 0)
    }
  }

  private func phases(_ pod: Int) -> [MetricQuery.Sample] {
    let isRunning = pods[pod].stage != .pending && pods[pod].stage != .pulling
    return ["Pending", "Running", "Succeeded", "Failed", "Unknown"].map { phase in
      let isIt = phase == "Running" ? isRunning : phase == "Pending" ? !isRunning : false
      return (labels(of: pod).merging(["phase": phase]) { $1 }, isIt ? 1 : 0)
    }
  }

  private func conditions(of cluster: Int) -> [MetricQuery.Sample] {
    nodes.indices.filter { self.cluster(ofNode: $0) == cluster }.flatMap { node in
      ["true", "false", "unknown"].map { status in
        // A node that is silent has a condition that is unknown.
        let isIt = status == (nodes[node].isReady ? "true" : "unknown")
        return (
          ["node": nodes[node].name, "condition": "Ready", "status": status], isIt ? 1.0 : 0
        )
      }
    }
  }

  private func replicas(of cluster: Int, _ metric: String) -> [MetricQuery.Sample] {
    deployments.indices.filter { self.cluster(ofDeployment: $0) == cluster }.map { index in
      let state = deployments[index]
      let ready = state.pods.count { pods[$0].isActive && pods[$0].isReady }
      let value =
        switch metric {
        case "kube_deployment_spec_replicas": state.replicas
        case "kube_deployment_status_replicas_unavailable": max(0, state.replicas - ready)
        case _: ready
        }
      let namespace = services[state.service].spec.namespace
      return (["namespace": namespace, "deployment": state.spec.name], Double(value))
    }
  }
}
