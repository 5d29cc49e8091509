// SPDX-License-Identifier: Apache-2.0
//
// What Karmada does about a member cluster whose API server does not answer (karmada-io/karmada,
// cmd/controller-manager/app/options; pkg/controllers/cluster): with its feature gate Failover it taints the
// cluster, and what runs there moves once the toleration is over, one workload after the other. Where the
// cluster answers again before, nothing moves; what has moved stays. Karmada itself does not fail.

import DrRun

/// A service that Karmada runs in one of several clusters.
struct FederationState {
  let service: Int
  let spec: SimulatedCluster.Federation
  /// The clusters that it may run in, the preferred first.
  let members: [Int]
  /// Workloads that no cluster has taken yet.
  var waiting: [Int] = []
}

extension SimulatedWorld {
  /// Learns of the federations of these clusters, all of which are there.
  func addFederations(of descriptions: [SimulatedCluster]) {
    for (cluster, description) in descriptions.enumerated() {
      for federation in description.federations {
        let found = services.indices.first {
          services[$0].cluster == cluster && services[$0].spec.label == federation.service
        }
        guard let service = found else { continue }
        let members = federation.clusters.compactMap { label in
          clusters.firstIndex { $0.label == label }
        }
        federations.append(FederationState(service: service, spec: federation, members: members))
      }
    }
  }

  /// The API server of a cluster answers again, or no more.
  func noteMember(_ cluster: Int) {
    guard federations.contains(where: { $0.members.contains(cluster) }) else { return }
    clusters[cluster].memberChange += 1
    let change = clusters[cluster].memberChange
    let span = Published.memberUnwell
    let chance = chance.noticing > 0 ? random.below(span.most - span.least) : 0
    later(
      .memberJudged(cluster: cluster, change: change),
      after: clusters[cluster].isUp ? Published.memberWell : span.least + chance)
  }

  func judgeMember(_ cluster: Int, _ change: Int) {
    guard clusters[cluster].memberChange == change else { return }
    clusters[cluster].isGivenUp = !clusters[cluster].isUp
    if clusters[cluster].isUp {
      for federation in federations.indices { placeWaiting(federation) }
      return
    }
    for federation in federations.indices where federations[federation].spec.moves {
      for deployment in services[federations[federation].service].deployments
      where self.cluster(ofDeployment: deployment) == cluster && !deployments[deployment].isLeft {
        later(
          .workloadGivenUp(federation: federation, deployment: deployment, change: change),
          after: federations[federation].spec.tolerate)
      }
    }
  }

  /// Its toleration is over: it waits for its turn.
  func giveUp(_ federation: Int, _ deployment: Int, _ change: Int) {
    guard clusters[cluster(ofDeployment: deployment)].memberChange == change else { return }
    nextEviction = max(now, nextEviction).advanced(by: Published.workloadEviction)
    later(
      .workloadEvicted(federation: federation, deployment: deployment, change: change),
      at: nextEviction)
  }

  func evictWorkload(_ federation: Int, _ deployment: Int, _ change: Int) {
    guard clusters[cluster(ofDeployment: deployment)].memberChange == change else { return }
    deployments[deployment].isLeft = true
    federations[federation].waiting.append(deployment)
    placeWaiting(federation)
  }

  /// Gives what waits to the first cluster that is well. It may run in any zone there: dr leaves the zone's
  /// affinity out in other clusters.
  private func placeWaiting(_ federation: Int) {
    let state = federations[federation]
    let target = state.members.first { clusters[$0].isUp && !clusters[$0].isGivenUp }
    guard let target, !state.waiting.isEmpty,
      let zone = zones.indices.first(where: {
        zones[$0].cluster == target && !zones[$0].nodes.isEmpty
      })
    else { return }
    federations[federation].waiting = []
    for old in state.waiting {
      let copy = deployments.count
      var moved = DeploymentState(
        service: state.service, zone: zone, spec: deployments[old].spec,
        replicas: deployments[old].replicas, least: deployments[old].least)
      moved.isAnywhere = true
      deployments.append(moved)
      services[state.service].deployments.append(copy)
      reconcile(copy)
      later(
        .workloadPurged(
          deployment: old, copy: copy, latest: now.advanced(by: Published.gracefulEviction)),
        after: Published.nodeMonitor)
    }
  }

  /// What was left is deleted once its copy is healthy, or has had its time.
  func purge(_ old: Int, _ copy: Int, _ latest: Instant) {
    let ready = deployments[copy].pods.count { pods[$0].isReady }
    guard ready >= deployments[copy].replicas || now >= latest else {
      return later(
        .workloadPurged(deployment: old, copy: copy, latest: latest),
        at: min(latest, now.advanced(by: Published.nodeMonitor)))
    }
    deployments[old].purgedAt = now
    deployments[old].replicas = 0
    reconcile(old)
  }
}
