// SPDX-License-Identifier: Apache-2.0
//
// Nothing is wrong, but it looks so.

import DrBase
import DrRun

/// What calls of policies and runbooks see of a service is bad, in one zone or in all, though it serves:
/// replicas that are not ready, checks and requests that fail. Alerts see what there is.
struct LookBad: ServiceFault {
  static let kind = "look_bad"
  let service: String
  let zone: String?

  private var place: String { zone ?? "every zone" }
  var text: String { "\(service) looks bad in \(place), though it serves" }
  var mendedText: String { "\(service) is seen as it is in \(place)" }

  func strike(_ world: SimulatedWorld) { set(true, world) }
  func mend(_ world: SimulatedWorld) { set(false, world) }
  private func set(_ looksBad: Bool, _ world: SimulatedWorld) {
    for deployment in world.deployments.indices {
      let state = world.deployments[deployment]
      guard world.services[state.service].spec.label == service,
        zone == nil || world.zones[state.zone].label == zone
      else { continue }
      world.deployments[deployment].looksBad = looksBad
    }
  }

  func source(_ names: FaultNames) -> String { "look_bad(\(names.place(service, zone)))" }
  /// All zones at once, where there are several: a policy must hold then.
  static func alone(in cluster: SimulatedCluster) -> [Self] {
    cluster.services.filter { $0.deployments.count > 1 }.map { Self(service: $0.label, zone: nil) }
  }
}
