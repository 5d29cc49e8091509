// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Where an HTTPRoute of the Gateway API or a VirtualService of Istio lives, and the part of it that
/// weighs zones against one another.
struct RouteClient {
  enum Kind: String {
    case httpRoute = "HTTPRoute"
    case virtualService = "VirtualService"

    var resource: String { self == .httpRoute ? "httproutes" : "virtualservices" }
    /// The list of rules in `spec`, and the list of weighed targets in a rule.
    var rules: String { self == .httpRoute ? "rules" : "http" }
    var targets: String { self == .httpRoute ? "backendRefs" : "route" }
    /// Of a target without a weight.
    var defaultWeight: Int64 { self == .httpRoute ? 1 : 0 }

    /// The name of a target: a Service, or a subset of one.
    func name(of target: Document) -> String? {
      switch self {
      case .httpRoute: target["name"]?.stringValue
      case .virtualService: target["destination"]?["subset"]?.stringValue
      }
    }
  }

  let kube: KubeClient
  let kind: Kind
  let group: String
  let version: String
  let namespace: String
  let name: String
  /// The target of each zone, by the zone's label.
  let targets: [(zone: String, target: String)]

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    guard let kind = Kind(rawValue: try arguments.text("kind")) else {
      throw arguments.mismatch("kind", "\"HTTPRoute\" or \"VirtualService\"")
    }
    self.kind = kind
    let parts = try arguments.text("api_version").split(separator: "/").map(String.init)
    guard parts.count == 2 else {
      throw arguments.mismatch("api_version", "a group and a version")
    }
    (group, version) = (parts[0], parts[1])
    namespace = try arguments.text("namespace")
    name = try arguments.text("name")
    var targets: [(zone: String, target: String)] = []
    for member in try arguments.object("targets").members {
      guard let target = member.value.stringValue else {
        throw arguments.mismatch("targets", "an Object of names")
      }
      targets.append((member.name, target))
    }
    self.targets = targets
  }

  var target: String { "\(kind.resource)/\(name) in \(namespace)" }

  var path: KubePath {
    KubePath(group: group, version: version, namespace: namespace, kind.resource, name)
  }

  var permissions: [String] {
    ["get", "patch"].map { "\($0) \(kind.resource).\(group) in \(namespace)" }
  }

  func read() -> Flow<Route> {
    kube.document(path, target).then { object in
      let route = Route(object, of: self)
      // Nothing is to be shifted in a route that weighs something else.
      return route.weights.count == targets.count
        ? .value(route)
        : .failure(.refused("\(target) has no rule that goes to every zone: \(zones)"))
    }
  }

  private var zones: String { targets.map(\.target).joined(separator: ", ") }
}

/// A route as it is.
struct Route {
  let resourceVersion: String
  let rules: [Document]
  /// By zone, in the order of the client's targets: those of the first rule that goes to all of them.
  let weights: [(zone: String, value: Int64)]
  private let client: RouteClient

  init(_ object: Document, of client: RouteClient) {
    self.client = client
    resourceVersion = object["metadata"]?["resourceVersion"]?.stringValue ?? ""
    let rules = object["spec"]?[client.kind.rules]?.arrayValue ?? []
    self.rules = rules
    weights =
      rules.lazy.map { Self.weights(in: $0, client) }
      .first { $0.count == client.targets.count } ?? []
  }

  private static func weights(
    in rule: Document, _ client: RouteClient
  ) -> [(zone: String, value: Int64)] {
    let entries = rule[client.kind.targets]?.arrayValue ?? []
    return client.targets.compactMap { zone, name in
      guard let entry = entries.first(where: { client.kind.name(of: $0) == name }) else {
        return nil
      }
      return (zone, max(0, entry["weight"]?.intValue ?? client.kind.defaultWeight))
    }
  }

  /// The Service that a zone's requests go to.
  func service(of zone: String) -> String? {
    guard let name = client.targets.first(where: { $0.zone == zone })?.target else { return nil }
    switch client.kind {
    case .httpRoute: return name
    case .virtualService:
      let entry = rules.lazy.flatMap { $0[client.kind.targets]?.arrayValue ?? [] }
        .first { client.kind.name(of: $0) == name }
      return entry?["destination"]?["host"]?.stringValue?.split(separator: ".").first.map(
        String.init)
    }
  }

  /// The share of each zone, in units of 1e-9.
  var percents: Document {
    let total = weights.reduce(0) { $0 + $1.value }
    return .object(
      DocumentObject(
        weights.map {
          ($0.zone, .int(total > 0 ? min($0.value, 1_000_000) * Unit.wholePercent / total : 0))
        }))
  }

  /// The rules with other weights, wherever a rule goes to all zones.
  func rules(with wanted: [(zone: String, value: Int64)]) -> [Document] {
    rules.map { rule in
      guard case .object(var object) = rule,
        Self.weights(in: rule, client).count == client.targets.count
      else { return rule }
      let entries = (rule[client.kind.targets]?.arrayValue ?? []).map { entry -> Document in
        guard case .object(var target) = entry, let name = client.kind.name(of: entry),
          let zone = client.targets.first(where: { $0.target == name })?.zone
        else { return entry }
        target["weight"] = .int(wanted.first { $0.zone == zone }?.value ?? 0)
        return .object(target)
      }
      object[client.kind.targets] = .array(entries)
      return .object(object)
    }
  }
}
