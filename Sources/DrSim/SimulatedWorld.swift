// SPDX-License-Identifier: Apache-2.0
//
// DrSim: a world that follows from its description, its faults and a seed. Virtual time passes from
// event to event; between two events nothing changes but the shares of requests that move from one
// zone to another, which are straight lines. So nothing is sampled, and every figure of a report is
// exact.
//
// `Cluster` has what Kubernetes does by itself (nodes, scheduler, Deployments, pods, control
// plane), `Traffic` where requests go and how services fare, `Calls` what drivers ask. Chance has a
// part only where `Chance` says so, and in the names of pods.

import DrBase
import DrRun

/// What is left to chance.
package struct Chance: Sendable, Equatable {
  /// How old a node's lease may be when the node is lost, in nanoseconds: the loss is noticed that
  /// much earlier.
  package var leaseAge: Int64
  /// How late the node controller may notice a loss, in nanoseconds.
  package var noticing: Int64
  /// By how much of its usual time a call may take longer, in percent.
  package var latencyPercent: Int64
  /// By how much later than at the earliest kube-proxy may learn of a pod, in nanoseconds.
  package var endpoints: Int64

  package init(
    leaseAge: Int64 = 0, noticing: Int64 = 0, latencyPercent: Int64 = 0, endpoints: Int64 = 0
  ) {
    self.leaseAge = leaseAge
    self.noticing = noticing
    self.endpoints = endpoints
    self.latencyPercent = latencyPercent
  }

  /// Everything takes its nominal time.
  package static let none = Chance()
  /// Leases are renewed every 10 s; a loss is seen within one observation and one round of the
  /// controller, 5 s each.
  package static let usual = Chance(
    leaseAge: Published.leaseRenewal, noticing: 2 * Published.nodeMonitor, latencyPercent: 50,
    endpoints: Published.endpointLag.most - Published.endpointLag.least)
}

/// A world in virtual time. For one thread.
package final class SimulatedWorld {
  /// 2026-01-01T00:00:00Z.
  package static let epoch = Instant(nanoseconds: 1_767_225_600 * Second.one)

  package private(set) var now: Instant
  let start: Instant
  let chance: Chance
  var random: SeededRandom
  private var queue = EventHeap<WorldEvent>()
  /// How many events have happened.
  package private(set) var eventCount = 0

  var clusters: [ClusterState] = []
  var zones: [ZoneState] = []
  var nodes: [NodeState] = []
  var services: [ServiceState] = []
  var deployments: [DeploymentState] = []
  var pods: [PodState] = []
  /// Pods that have no node yet, in the order in which they were made.
  var unplaced: [Int] = []
  var fronts: [FrontState] = []
  var federations: [FederationState] = []
  /// Until when Karmada is busy with evictions.
  var nextEviction: Instant
  var leases: [LeaseState] = []
  var applied: [AppliedObject] = []
  var loads: [LoadState] = []
  var alerts: [AlertState] = []
  var alertBook = AlertBook()
  /// What is gone of what services need to start, by its name.
  var lostDependencies: [String] = []
  /// Pairs of zones that do not reach each other, once for each partition.
  var severed: [(Int, Int)] = []
  /// What each service had and answered, where that is kept.
  var histories: [ServiceHistory] = []
  /// Failovers that have ended, by the label of their service.
  private var failovers: [(run: String, service: String, at: Instant)] = []

  /// A world in which everything described runs and is ready, as far as there is room.
  ///
  /// `keepsHistory`: for pictures.
  package init(
    _ descriptions: [SimulatedCluster], seed: UInt64 = 1, chance: Chance = .none,
    startAt start: Instant = SimulatedWorld.epoch, keepsHistory: Bool = false
  ) {
    now = start
    nextEviction = start
    self.start = start
    self.chance = chance
    random = SeededRandom(seed: seed)
    for description in descriptions { add(description) }
    addFederations(of: descriptions)
    for index in clusters.indices { refreshControlPlane(index) }
    for front in fronts.indices { beginFront(front) }
    beginAutoscaling()
    if keepsHistory { beginHistory() }
    watchAlerts()
    recordAvailability()
  }

  // MARK: Failovers

  /// Takes down that a failover of a service ends now.
  package func recordFailover(of service: String, run: String) {
    failovers.removeAll { $0.run == run }
    failovers.append((run, service, now))
  }

  /// How many failovers of a service have ended within the last so many nanoseconds.
  func failovers(of service: String, last: Int64) -> Int64 {
    Int64(
      failovers.count {
        $0.service == service && now.nanoseconds - $0.at.nanoseconds <= last
      })
  }

  // MARK: Time

  /// When the world changes next by itself; `nil` where it will not.
  package var nextChange: Instant? { queue.nextAt }

  package func schedule(_ fault: TimedFault) { later(.fault(fault.fault), at: fault.at) }

  func later(_ event: WorldEvent, at instant: Instant) {
    queue.add(event, at: max(instant, now))
  }

  func later(_ event: WorldEvent, after delay: Int64) {
    queue.add(event, at: now.advanced(by: max(0, delay)))
  }

  /// Lets everything happen that is due up to and at that instant.
  package func advance(to instant: Instant) {
    while let next = queue.nextAt, next <= instant, let due = queue.removeFirst() {
      now = max(now, due.at)
      eventCount += 1
      happen(due.element)
      if !loads.isEmpty { shareBandwidth() }
      if !alerts.isEmpty { watchAlerts() }
      recordAvailability()
    }
    now = max(now, instant)
  }

  /// The same, relative: by so many nanoseconds.
  package func advance(by nanoseconds: Int64) { advance(to: now.advanced(by: nanoseconds)) }

  func happen(_ event: WorldEvent) {
    switch event {
    case .fault(let fault): fault.strike(self)
    case .controlPlaneBack(let cluster): refreshControlPlane(cluster)
    case .silent(let node, let epoch): noticeSilence(of: node, epoch, event)
    case .taint(let zone): taintNext(in: zone, event)
    case .evict(let node, let taintedAt): evictAll(from: node, taintedAt, event)
    case .nodeBack(let node, let epoch): noticeReturn(of: node, epoch, event)
    case .pulled(let pod, let epoch): if isCurrent(pod, epoch) { startContainer(pod) }
    case .loaded(let pod, let epoch, let change): finishLoad(pod, epoch, change)
    case .up(let pod, let epoch): if isCurrent(pod, epoch) { becomeUp(pod) }
    case .startFailed(let pod, let epoch): if isCurrent(pod, epoch) { failStart(pod) }
    case .restart(let pod, let epoch): if isCurrent(pod, epoch) { startContainer(pod) }
    case .ready(let pod, let epoch): setReady(true, pod, epoch, event)
    case .unready(let pod, let epoch): setReady(false, pod, epoch, event)
    case .stopped(let pod): finishStop(pod, event)
    case .routed(let pod, let change): route(pod, change)
    case .autoscale(let deployment): autoscale(deployment)
    case .memberJudged(let cluster, let change): judgeMember(cluster, change)
    case .workloadGivenUp(let federation, let deployment, let change):
      giveUp(federation, deployment, change)
    case .workloadEvicted(let federation, let deployment, let change):
      evictWorkload(federation, deployment, change)
    case .workloadPurged(let deployment, let copy, let latest): purge(deployment, copy, latest)
    case .frontJudges(let front, let zone, let number): judge(front, zone, number)
    case .told(let alert, let finding): tell(alert, finding)
    case .weightsSettled(let front): forgetAnswers(front)
    case .outlierFound(let front, let pod, let finding): findOutlier(front, pod, finding)
    case .outlierReturns(let front, let pod, let finding): endRest(front, pod, finding)
    }
  }
}
