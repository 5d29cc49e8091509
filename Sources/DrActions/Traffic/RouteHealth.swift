// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Whether zones that a route goes to have ready endpoints, by the EndpointSlices of their Services.
struct RouteHealth {
  let client: RouteClient
  let route: Route

  static func permission(_ namespace: String) -> String {
    "list endpointslices.discovery.k8s.io in \(namespace)"
  }

  func look(_ zones: [String]) -> Flow<[(zone: String, health: SeenHealth)]> {
    SeenHealth.ofEach(zones[...], health)
  }

  private func health(of zone: String) -> Flow<SeenHealth> {
    guard let service = route.service(of: zone) else {
      return .value(.unknown("its Service is not known"))
    }
    let path = KubePath(
      group: "discovery.k8s.io", version: "v1", namespace: client.namespace, "endpointslices")
    let ofService = KubernetesRequest.QueryItem(
      "labelSelector", "kubernetes.io/service-name=\(service)")
    return client.kube.get(path, [ofService]).then { reply in
      // What may not be looked at is no reason against what may be done.
      if reply.status == 403 {
        return .value(.unknown("the endpoints of \(service) may not be read"))
      }
      return reply.document("list \(path.text)").map { list in
        judge(
          (list["items"]?.arrayValue ?? []).flatMap { $0["endpoints"]?.arrayValue ?? [] },
          of: service, in: zone)
      }
    }
  }

  private func judge(_ endpoints: [Document], of service: String, in zone: String) -> SeenHealth {
    var own = endpoints
    switch client.kind {
    case .httpRoute: break
    case .virtualService:
      // A subset is of the Service's endpoints in the zone.
      let placed = endpoints.filter { $0["zone"]?.stringValue != nil }
      if placed.isEmpty, !endpoints.isEmpty {
        return .unknown("the endpoints of \(service) tell no zone")
      }
      own = placed.filter { $0["zone"]?.stringValue == zone }
    }
    // Without `ready` it is to be taken as ready (discovery/v1, EndpointConditions).
    return own.contains { $0["conditions"]?["ready"]?.boolValue ?? true }
      ? .healthy : .unhealthy("\(service) has no ready endpoint there")
  }
}
