// SPDX-License-Identifier: Apache-2.0
//
// What changes in a simulated world. Things refer to one another by their index in the world's
// lists, which only grow.

import DrRun

struct ClusterState {
  let label: String
  let minor: Int
  let imagePull: Int64
  let dependencies: [SimulatedCluster.Dependency]
  let autoscales: Bool
  /// Zones with one member of the control plane each; empty where that is elsewhere.
  var members: [Int] = []
  /// Until when no API server answers for reasons of its own.
  var closedUntil: Instant?
  /// What controllers and kubelets could not do or write while there was no API server.
  var deferred: [WorldEvent] = []
  var isUp = true
  /// Faults of the simulated cluster's own API server do not reach it: another member of its federation.
  var isElsewhere = false
  /// Counts how often its API server came and went in the eyes of a federation, which may have given it up.
  var memberChange = 0
  var isGivenUp = false
}

struct ZoneState {
  let cluster: Int
  let label: String
  let region: String
  var nodes: [Int] = []
  var isAlive = true
  /// When the next node may be tainted: evictions are limited per zone.
  var nextTaint: Instant
  var isTaintDue = false
  /// Its link to the API servers is cut.
  var isCutOff = false
  /// Whether its kubelets and kube-proxies reach the API servers, or would if they answered.
  var hearsPlane = true
  /// Where its kube-proxies send requests as long as they hear of no change.
  var staleRoutes: [Int]?
  /// What its kubelets could not write.
  var deferred: [WorldEvent] = []
  /// By how many nanoseconds answers from it come later, and what is left of its bandwidth, in units of
  /// 1e-9.
  var latency: Int64 = 0
  var bandwidth = Share.whole
}

struct NodeState {
  let zone: Int
  let name: String
  let room: SimulatedCluster.Size
  let labels: [SimulatedCluster.LabelPair]
  let isDedicated: Bool
  var free: SimulatedCluster.Size
  /// Whether it really runs.
  var isAlive = true
  /// Counts losses and returns, so that what was due before them is seen to be stale.
  var epoch = 0
  /// Its condition Ready in the API.
  var isReady = true
  var isCordoned = false
  /// Since when it has the taint `unreachable:NoExecute`.
  var taintedAt: Instant?
  var images: [String] = []
  /// Models whose weights have been loaded on it.
  var weights: [String] = []
  /// Those bound to it that are not gone.
  var pods: [Int] = []
}

struct ServiceState {
  let cluster: Int
  let spec: SimulatedCluster.Service
  var deployments: [Int] = []
  var fronts: [Int] = []
  /// Zones in which new processes never begin to answer.
  var hangsIn: [Int] = []
  /// The share of requests that is answered.
  var success = Curve()
  /// How many replicas serve, since when.
  var serving: [(at: Instant, count: Int)] = []
}

struct DeploymentState {
  let service: Int
  let zone: Int
  let spec: SimulatedCluster.Deployment
  var replicas: Int
  /// Whoever looks at its replicas sees bad ones.
  var looksBad = false
  /// `minReplicas` of its autoscaler now, and before it was first raised.
  var least: Int?
  var leastBefore: Int?
  /// Requests a second at which a replica is at its autoscaler's target; 0 where load does not move it.
  var perReplica = 0.0
  var scaling = ScalingState()
  /// Whether its pods may stand in any zone of the cluster.
  var isAnywhere = false
  /// Whether a federation runs it elsewhere from now on, and when what was left was deleted.
  var isLeft = false
  var purgedAt: Instant?
  /// Those that are not gone.
  var pods: [Int] = []
}

struct PodState {
  /// Where it is on its way to an answer.
  enum Stage: Equatable {
    /// No node has room.
    case pending
    case pulling
    /// Its container runs and does not answer yet.
    case starting
    /// Its process answers.
    case up
    /// Its process takes requests and answers none.
    case hung
    case gone
  }

  /// What the engine of a process that is up does.
  enum Engine: Equatable {
    case runs
    /// It takes requests and answers none.
    case stalled
    /// It refuses requests. vLLM's level 0 keeps all as it is, 1 the weights in memory, 2 nothing.
    case asleep(level: Int64)

    var isAsleep: Bool { if case .asleep = self { true } else { false } }
  }

  let name: String
  let deployment: Int
  var stage = Stage.pending
  var engine = Engine.runs
  var node: Int?
  /// When its container was started last, from which its probes are timed.
  var startedAt: Instant
  /// Its condition Ready in the API.
  var isReady = false
  /// How often that condition changed.
  var readyChanges = 0
  /// Whether kube-proxy sends requests to it.
  var isRouted = false
  var isTerminating = false
  /// Counts starts, so that what was due before the latest is seen to be stale.
  var epoch = 0
  /// It cannot get its image or its weights, and tries again when what it gets them from is back.
  var isStarved = false
  /// It is bound to a node whose kubelet does not know yet.
  var isUnseen = false
  /// It was ready when its node fell silent.
  var wasReady = false
  /// Starts in a row that a startup probe ended.
  var failedStarts = 0

  /// Whether its controller counts it.
  var isActive: Bool { !isTerminating && stage != .gone }
}

struct FrontState {
  let spec: SimulatedCluster.Front
  let service: Int
  /// Those of `spec`; `nil` for a label that no zone of the cluster has.
  let zones: [Int?]
  /// Shares by the zones of the front as they were answered, since when; the last is answered now. An
  /// answer counts for as long as resolvers keep it.
  var answers: [(at: Instant, shares: [Double])] = []
  /// As they were set, in units of 1e-9.
  var published: [Int64]
  /// Which of its zones it has taken out because nothing is ready there.
  var isOut: [Bool] = []
  /// What it is about to find of each zone: counts findings, so that one that did not last is stale.
  var findings: [Int] = []
  var isFinding: [Bool] = []
  /// The share of its requests that is answered.
  var success = Curve()
  /// Replicas that its proxy has seen fail, and what it makes of them.
  var outliers: [OutlierState] = []
  /// What runs it is gone.
  var isGone = false

  /// Whether one answer was given for as long as anybody remembers.
  var isSettled: Bool { answers.count == 1 }

  /// How long a change takes to reach everybody, in nanoseconds.
  var ttl: Int64 {
    switch spec.kind {
    case .gslb(_, let ttl), .checkedDNS(_, let ttl, _): ttl
    case .haproxy, .route, .mesh, .picker, .nginx: 0
    }
  }
}

/// A replica that a proxy has seen fail.
struct OutlierState {
  let pod: Int
  /// It gets requests and answers none.
  var isFailing = false
  /// It has failed often enough, and rests as soon as not too many do.
  var isDue = false
  /// Since when it rests.
  var restsSince: Instant?
  var returnedAt: Instant?
  /// How many times the shortest rest the last one took.
  var backoff: Int64 = 0
  /// Counts what it is found to be, so that what was due before is seen to be stale.
  var finding = 0
}

/// A replica that reads its weights from a store which others read from, too.
struct LoadState {
  let pod: Int
  /// The pod's, when it began.
  let epoch: Int
  /// Its service, which has the store to itself, and what that can send to all at once.
  let service: Int
  let bandwidth: Int64
  /// Bytes that were missing when its speed was last set, and when that was.
  var missing: Double
  var since: Instant
  /// Bytes a second.
  var speed: Double = 0
  /// Counts changes of its speed.
  var change = 0
}

/// A lock.
struct LeaseState {
  let cluster: Int
  let name: String
  /// Empty where nobody holds it.
  var holder: String
  var renewedAt: Instant
  var ttl: Int64
  /// Counts holders: the fencing number.
  var transitions: Int64

  var validUntil: Instant { renewedAt.advanced(by: ttl) }
}

/// What is going to happen in the world by itself.
enum WorldEvent {
  case fault(SimulatedFault)
  case controlPlaneBack(cluster: Int)
  /// A node's lease has not been renewed for the whole grace period.
  case silent(node: Int, epoch: Int)
  case taint(zone: Int)
  case evict(node: Int, taintedAt: Instant)
  case nodeBack(node: Int, epoch: Int)
  case pulled(pod: Int, epoch: Int)
  /// Weights are in memory, unless the store's bandwidth has been shared out anew since.
  case loaded(pod: Int, epoch: Int, change: Int)
  /// Weights are loaded and warm.
  case up(pod: Int, epoch: Int)
  case startFailed(pod: Int, epoch: Int)
  case restart(pod: Int, epoch: Int)
  case ready(pod: Int, epoch: Int)
  case unready(pod: Int, epoch: Int)
  case stopped(pod: Int)
  case routed(pod: Int, change: Int)
  case autoscale(deployment: Int)
  /// A federation has seen for long enough that a cluster answers, or does not.
  case memberJudged(cluster: Int, change: Int)
  case workloadGivenUp(federation: Int, deployment: Int, change: Int)
  case workloadEvicted(federation: Int, deployment: Int, change: Int)
  case workloadPurged(deployment: Int, copy: Int, latest: Instant)
  /// What a front has found of a zone has lasted for as many checks as it takes.
  case frontJudges(front: Int, zone: Int, finding: Int)
  case weightsSettled(front: Int)
  /// A replica has failed as often in a row as it takes.
  case outlierFound(front: Int, pod: Int, finding: Int)
  case outlierReturns(front: Int, pod: Int, finding: Int)
  /// Alertmanager tells the watcher, unless what the alert found has passed.
  case told(alert: Int, finding: Int)
}
