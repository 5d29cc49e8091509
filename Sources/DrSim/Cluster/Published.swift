// SPDX-License-Identifier: Apache-2.0

/// Figures of Kubernetes, in nanoseconds, and the rules that choose among them.
enum Published {
  /// `--node-monitor-grace-period` of kube-controller-manager: how long a node whose lease is not
  /// renewed counts as ready. 40 s, and 50 s from 1.32 (kubernetes/kubernetes pull request 126287).
  static func nodeGrace(minor: Int) -> Int64 { (minor >= 32 ? 50 : 40) * Second.one }

  /// `tolerationSeconds` for `unreachable:NoExecute` that the DefaultTolerationSeconds admission
  /// plugin gives every pod (kubernetes.io, Taints and Tolerations).
  static let toleration: Int64 = 300 * Second.one

  /// The longest age of a lease at any moment: the renewal interval of kubelets (kubernetes.io,
  /// Leases).
  static let leaseRenewal: Int64 = 10 * Second.one

  /// How long a kubelet waits for the answer to a renewal of its lease: a quarter of the lease's 40 s
  /// (kubernetes/kubernetes, cmd/kubelet/app/server.go, `heartbeatClientConfig.Timeout`).
  static let leaseTimeout: Int64 = 10 * Second.one

  /// `--node-monitor-period`: how often the controller looks at nodes.
  static let nodeMonitor: Int64 = 5 * Second.one

  /// From a pod's readiness being written until kube-proxy sends requests accordingly, at least and
  /// at most (EndpointSlice controller; kube-proxy's `minSyncPeriod` is 1 s).
  static let endpointLag = (least: Second.one, most: 3 * Second.one)

  /// How often k8gb looks at its endpoints (chart value `reconcileRequeueSeconds`).
  static let gslbRound: Int64 = 30 * Second.one

  /// The checks that dr writes for HAProxy: `inter 2s fall 3 rise 2`, `timeout check 2s`.
  static let haproxyCheck = (
    every: 2 * Second.one, timeout: 2 * Second.one, fall: Int64(3), rise: Int64(2)
  )

  /// A health check of Route 53 (Amazon Route 53, Developer Guide): three in a row decide, and one waits 4 s
  /// for a connection and 2 s for an answer.
  static func route53Check(every: Int64) -> HealthCheck {
    HealthCheck(every: every, failures: 3, timeout: 6 * Second.one)
  }

  /// `outlierDetection.interval` as dr writes it for Istio, and how long a rest may grow (Envoy's
  /// `max_ejection_time`, or the shortest where that is longer).
  static let istioSweep: Int64 = 5 * Second.one
  static let longestRest: Int64 = 300 * Second.one

  /// `--horizontal-pod-autoscaler-sync-period`, and by how much use may differ from its target
  /// (`--horizontal-pod-autoscaler-tolerance`).
  static let autoscalerRound: Int64 = 15 * Second.one
  static let autoscalerTolerance = 0.1

  /// Karmada (cmd/controller-manager/app/options/options.go): from a cluster's API server being gone until the
  /// cluster is tainted (status every 10 s, failure threshold 30 s, monitor 5 s, grace period 40 s), and from its
  /// return until it counts as well (success threshold 30 s); workloads evicted, 0.5 a second; and how long what
  /// was left may wait for its copy (`graceful-eviction-timeout`).
  static let memberUnwell = (least: 30 * Second.one, most: 75 * Second.one)
  static let memberWell: Int64 = 30 * Second.one
  static let workloadEviction: Int64 = 2 * Second.one
  static let gracefulEviction: Int64 = 600 * Second.one

  /// From `/wake_up` of a vLLM engine that sleeps at level 1 until it answers, for the largest model that
  /// was measured (blog.vllm.ai, Zero-Reload Model Switching with vLLM Sleep Mode: 0.1 s to 6 s).
  static let wakeTime: Int64 = 6 * Second.one

  /// Whether a spread constraint counts nodes whose taints the pod does not tolerate:
  /// `nodeTaintsPolicy: Honor`, which does not, is written from 1.26 on.
  static func countsLostNodes(minor: Int) -> Bool { minor < 26 }

  /// Back-off of restarts: 10 s, doubled each time, at most 300 s (kubernetes.io, Pod Lifecycle).
  static func restartPause(failures: Int) -> Int64 {
    min(10 << Int64(min(failures, 10)), 300) * Second.one
  }

  /// The kubelet's `maxPods`, and the most nodes that Kubernetes is made for (kubernetes.io,
  /// Considerations for large clusters). A simulation holds no more pods of one Deployment than
  /// nodes.
  static let podsPerNode: Int64 = 110
  static let nodesPerCluster: Int64 = 5_000
  static let podsPerDeployment: Int64 = 5_000

  /// How long after the taint of one node of a zone the next one may get its own; `nil` for never.
  /// From pkg/controller/nodelifecycle: 0.1 nodes/s; in a zone of more than 50 nodes that is
  /// partially disrupted 0.01/s, and none at all in a smaller one.
  static func taintInterval(ready: Int, notReady: Int) -> Int64? {
    switch ZoneHealth(ready: ready, notReady: notReady) {
    case .normal, .full: 10 * Second.one
    case .partial: ready + notReady > 50 ? 100 * Second.one : nil
    }
  }
}

/// How the node controller sees a zone.
enum ZoneHealth: Equatable {
  case normal
  /// More than two nodes, and at least 55 %, are not ready.
  case partial
  /// None is ready.
  case full

  init(ready: Int, notReady: Int) {
    if ready == 0, notReady > 0 {
      self = .full
    } else if notReady > 2, notReady * 100 >= 55 * (ready + notReady) {
      self = .partial
    } else {
      self = .normal
    }
  }
}
