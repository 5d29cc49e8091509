// SPDX-License-Identifier: Apache-2.0
//
// From a program's model to what is simulated. The rules by which things are named and shared out
// are those of the standard library: its own functions are called, so that the world has what the
// runbooks look for.

import DrBase
import DrData
import DrEval
import DrSema

extension SimulatedCluster {
  /// The clusters of a program with the services and fronts on them, in source order.
  package static func all(of machine: Machine) throws(Diagnostic) -> [SimulatedCluster] {
    let reader = ModelReader(machine: machine)
    var clusters: [SimulatedCluster] = []
    for block in try reader.blocks("Cluster") { clusters.append(try reader.cluster(block)) }
    for block in try reader.blocks("Service") {
      let label = try reader.text(try reader.field(block, "on"), "label")
      guard let index = clusters.firstIndex(where: { $0.label == label }) else { continue }
      clusters[index].services.append(try reader.service(block))
    }
    for block in try reader.blocks("Traffic") {
      let front = try reader.front(block)
      let index = clusters.firstIndex { cluster in
        cluster.services.contains { $0.label == front.service }
      }
      if let index { clusters[index].fronts.append(front) }
    }
    for block in try reader.blocks("Dependency") {
      guard let dependency = try reader.dependency(block) else { continue }
      let index = clusters.firstIndex { cluster in
        cluster.services.contains { $0.label == dependency.service }
      }
      if let index { clusters[index].dependencies.append(dependency) }
    }
    for block in try reader.blocks("Alert") {
      let alert = try reader.alert(block)
      let index = clusters.firstIndex { cluster in
        cluster.services.contains { $0.label == alert.service }
      }
      if let index { clusters[index].alerts.append(alert) }
    }
    for block in try reader.blocks("Federation") {
      guard let federation = try reader.federation(block) else { continue }
      let index = clusters.firstIndex { cluster in
        cluster.services.contains { $0.label == federation.service }
      }
      if let index { clusters[index].federations.append(federation) }
    }
    return clusters
  }

  /// One of these clusters, and after it those that may run its services, too.
  package static func cluster(
    _ label: String, of clusters: [SimulatedCluster]
  ) -> [SimulatedCluster] {
    let own = clusters.filter { $0.label == label }
    let members = Set(own.flatMap(\.federations).flatMap(\.clusters))
    return own
      + clusters.filter { $0.label != label && members.contains($0.label) }.map { member in
        var member = member
        member.isElsewhere = true
        return member
      }
  }
}

/// Reads values of the machine; what a field does not have reads as nothing, for the checker has
/// seen to it that it is there.
private struct ModelReader {
  let machine: Machine

  private var program: CheckedProgram { machine.program.checked }

  func blocks(_ type: String) throws(Diagnostic) -> [Value] {
    var values: [Value] = []
    for id in program.roots {
      guard case .block(let record, _) = program[id].body, program[record].name == type else {
        continue
      }
      values.append(try machine.global(id))
    }
    return values
  }

  // MARK: Fields

  func field(_ value: Value, _ name: String) throws(Diagnostic) -> Value {
    try machine.field(value, named: name) ?? .nilValue
  }

  func text(_ value: Value, _ name: String) throws(Diagnostic) -> String {
    machine.string(try field(value, name)) ?? ""
  }

  func whole(_ value: Value, _ name: String) throws(Diagnostic) -> Int64 {
    machine.int(try field(value, name)) ?? 0
  }

  func list(_ value: Value, _ name: String) throws(Diagnostic) -> [Value] {
    machine.list(try field(value, name)) ?? []
  }

  func labels(_ values: [Value]) throws(Diagnostic) -> [String] {
    try values.map { value throws(Diagnostic) in try text(value, "label") }
  }

  private func size(_ value: Value) throws(Diagnostic) -> SimulatedCluster.Size {
    let cores = machine.float(try field(value, "cpu")) ?? 0
    return SimulatedCluster.Size(
      cpuMillis: Int64(min(max(cores, 0), 1e9) * 1000 + 0.5),
      memory: try whole(value, "memory"), gpu: try whole(value, "gpu"))
  }

  /// The result of a function of the standard library for a service and a zone.
  private func call(_ name: String, _ arguments: [Value]) throws(Diagnostic) -> Value {
    let found = program.functions.firstIndex { function in
      function.role == .function && function.name == name && function.effect == .pure
        && function.parameters.count == arguments.count
        && zip(function.parameters, arguments).allSatisfy { fits($1, $0.type) }
    }
    guard let found else {
      throw Diagnostic(
        .unknownName, "a simulation needs the function `\(name)` of the module kubernetes",
        help: "add `use kubernetes`")
    }
    return try machine.call(FunctionID(Int32(found)), arguments)
  }

  private func fits(_ value: Value, _ type: TypeID) -> Bool {
    guard case .record(let wanted) = program.types[type] else {
      return machine.record(value) == nil
    }
    return machine.record(value)?.type == wanted
  }

  // MARK: Clusters

  func cluster(_ block: Value) throws(Diagnostic) -> SimulatedCluster {
    var zones: [SimulatedCluster.Zone] = []
    for region in try list(block, "regions") {
      let regionLabel = try text(region, "label")
      for zone in try list(region, "zones") {
        zones.append(
          SimulatedCluster.Zone(
            label: try text(zone, "label"), region: regionLabel, nodes: try nodes(of: zone)))
      }
    }
    let controlPlane = try field(block, "control_plane")
    let isManaged = machine.bool(try field(controlPlane, "managed")) ?? false
    let version = try text(block, "kubernetes").split(separator: ".")
    return SimulatedCluster(
      label: try text(block, "label"),
      kubernetesMinor: version.count > 1 ? Int(version[1]) ?? 0 : 0, zones: zones,
      controlPlane: isManaged ? [] : try labels(list(controlPlane, "zones")))
  }

  private func nodes(of zone: Value) throws(Diagnostic) -> [SimulatedCluster.Node] {
    let zoneLabel = try text(zone, "label")
    var nodes: [SimulatedCluster.Node] = []
    for pool in try list(zone, "pools") {
      let poolLabel = try text(pool, "label")
      let room = try size(pool)
      let labels = try textPairs(pool, "labels")
      let isDedicated = machine.bool(try field(pool, "dedicated")) ?? false
      let count = try bounded(
        try whole(pool, "count"), by: Published.nodesPerCluster, "nodes in one pool")
      for number in 0..<count {
        nodes.append(
          SimulatedCluster.Node(
            name: "\(zoneLabel)-\(poolLabel)-\(number + 1)", room: room, labels: labels,
            isDedicated: isDedicated))
      }
    }
    return nodes
  }

  // MARK: Services

  func service(_ block: Value) throws(Diagnostic) -> SimulatedCluster.Service {
    _ = try bounded(
      try whole(block, "replicas"), by: Published.podsPerDeployment, "replicas of one service")
    let objective = try field(block, "objective")
    let weights = try field(block, "weights")
    let spread = try field(block, "spread")
    let isRequired = try text(spread, "nodes") == "require"
    var deployments: [SimulatedCluster.Deployment] = []
    for zone in try list(try field(block, "spread"), "over") {
      deployments.append(try deployment(block, zone))
    }
    var service = SimulatedCluster.Service(
      label: try text(block, "label"), namespace: try text(block, "namespace"),
      image: try text(block, "image"), deployments: deployments,
      labels: pairs(try machine.document(try call("labels", [block]))),
      needs: try size(try field(block, "needs")), port: try whole(block, "port"),
      weights: machine.isNil(weights)
        ? nil
        : SimulatedCluster.Weights(
          model: try text(weights, "model"), size: try whole(weights, "size"),
          loadRate: try whole(weights, "load_rate"), warmUp: try whole(weights, "warm_up"),
          isCached: !machine.isNil(try field(weights, "cache"))),
      ready: try probe(block, "ready"), startup: try probe(block, "startup"),
      live: try probe(block, "live"), skew: isRequired ? Int(try whole(spread, "skew")) : nil,
      apart: machine.bool(try field(spread, "apart")) ?? false,
      nodeLabels: try textPairs(spread, "on").filter {
        !$0.name.hasPrefix("topology.kubernetes.io/")
      },
      grace: try whole(block, "grace"), atLeast: Int(try whole(objective, "at_least")),
      rto: try whole(objective, "rto"))
    let engine = try text(try field(block, "engine"), "kind")
    service.canSleep = engine == "vllm"
    // SGLang's /health generates by default (SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION).
    for probe in try list(block, "probes") where engine == "sglang" {
      let path = try text(probe, "get")
      guard try text(probe, "name") == "ready" else { continue }
      service.checksGenerate = ["/health", "/health_generate"].contains(path)
    }
    return service
  }

  private func deployment(
    _ service: Value, _ zone: Value
  ) throws(Diagnostic) -> SimulatedCluster.Deployment {
    func share(_ total: Int64) throws(Diagnostic) -> Int {
      Int(machine.int(try call("replicas_in", [.int(total), service, zone])) ?? 0)
    }
    let scale = try field(service, "autoscale")
    return SimulatedCluster.Deployment(
      name: machine.string(try call("workload", [service, zone])) ?? "",
      zone: try text(zone, "label"), replicas: try share(try whole(service, "replicas")),
      labels: pairs(try machine.document(try call("zone_labels", [service, zone]))),
      // As stdlib/emit/autoscaler.dr has it: a zone keeps one replica at least.
      autoscaler: machine.isNil(scale)
        ? nil
        : SimulatedCluster.Autoscaler(
          least: max(1, try share(try whole(scale, "min"))), most: Int(try whole(scale, "max")),
          followsLoad: !machine.isNil(try field(scale, "cpu")),
          up: try pace(try field(scale, "up"), .usualUp),
          down: try pace(try field(scale, "down"), .usualDown)))
  }

  /// What a program says of one direction, and what Kubernetes fills in.
  private func pace(
    _ value: Value, _ usual: SimulatedCluster.Autoscaler.Pace
  ) throws(Diagnostic) -> SimulatedCluster.Autoscaler.Pace {
    guard !machine.isNil(value) else { return usual }
    let within = try whole(value, "within")
    var steps: [SimulatedCluster.Autoscaler.Step] = []
    if let pods = machine.int(try field(value, "pods")) {
      steps.append(.init(.pods(Int(min(pods, Published.podsPerDeployment))), within: within))
    }
    if let share = machine.int(try field(value, "share")) {
      let percent = min(share / Share.percent, 100 * Published.podsPerDeployment)
      steps.append(.init(.percent(Int(percent)), within: within))
    }
    return SimulatedCluster.Autoscaler.Pace(
      settle: try whole(value, "settle"), steps: steps.isEmpty ? usual.steps : steps)
  }

  private func bounded(
    _ count: Int64, by most: Int64, _ what: String
  ) throws(Diagnostic) -> Int64 {
    guard count <= most else {
      throw Diagnostic(.outOfRange, "\(count) \(what) are more than a simulation holds: \(most)")
    }
    return max(0, count)
  }

  private func textPairs(
    _ value: Value, _ name: String
  ) throws(Diagnostic) -> [SimulatedCluster.LabelPair] {
    (machine.entries(try field(value, name)) ?? []).map {
      SimulatedCluster.LabelPair(machine.string($0.key) ?? "", machine.string($0.value) ?? "")
    }
  }

  private func pairs(_ document: Document) -> [SimulatedCluster.LabelPair] {
    (document.objectValue?.members ?? []).map {
      SimulatedCluster.LabelPair($0.name, $0.value.stringValue ?? "")
    }
  }

  private func probe(
    _ service: Value, _ name: String
  ) throws(Diagnostic) -> SimulatedCluster.Probe? {
    for probe in try list(service, "probes") where try text(probe, "name") == name {
      return SimulatedCluster.Probe(
        after: try whole(probe, "after"), every: try whole(probe, "every"),
        timeout: try whole(probe, "timeout"), failures: try whole(probe, "failures"))
    }
    return nil
  }

  /// `nil` of what no replica needs to start.
  func dependency(_ block: Value) throws(Diagnostic) -> SimulatedCluster.Dependency? {
    let kind: SimulatedCluster.Dependency.Kind
    switch try text(block, "kind") {
    case "registry": kind = .registry
    case "model_store": kind = .modelStore
    case _: return nil
    }
    let isOutside = machine.bool(try field(block, "outside")) ?? false
    return SimulatedCluster.Dependency(
      name: try text(block, "label"), service: try text(try field(block, "service"), "label"),
      kind: kind, zones: isOutside ? [] : try labels(try list(block, "zones")),
      bandwidth: machine.int(try field(block, "bandwidth")))
  }

  /// `nil` where its parts never leave their clusters, or are in several at once.
  func federation(_ block: Value) throws(Diagnostic) -> SimulatedCluster.Federation? {
    guard try text(block, "replicas") == "first" else { return nil }
    return SimulatedCluster.Federation(
      service: try text(try field(block, "service"), "label"),
      clusters: try labels(try list(block, "clusters")),
      moves: machine.bool(try field(block, "failover")) ?? false,
      tolerate: try whole(block, "tolerate"))
  }

  func alert(_ block: Value) throws(Diagnostic) -> SimulatedCluster.Alert {
    func length(_ name: String) throws(Diagnostic) -> Int64? {
      machine.int(try call(name, [block]))
    }
    return SimulatedCluster.Alert(
      label: try text(block, "label"), service: try text(try field(block, "service"), "label"),
      severity: try text(block, "severity"), query: try text(block, "when"),
      lasting: try whole(block, "lasting"), scrape: try length("scraped_every") ?? 0,
      evaluation: try length("evaluated_every") ?? 0, groupWait: try length("told_after"))
  }

  // MARK: Fronts

  func front(_ block: Value) throws(Diagnostic) -> SimulatedCluster.Front {
    let via = try field(block, "via")
    let kind: SimulatedCluster.Front.Kind
    switch machine.record(via).map({ program[$0.type].name }) {
    case "Haproxy":
      kind = .haproxy(socket: try text(via, "socket"), backend: try text(via, "backend"))
    case "Gateway":
      let url = try url(via, secureWith: "tls")
      kind = machine.isNil(try field(via, "pool")) ? .route(url: url) : .picker(url: url)
    case "Nginx": kind = .nginx(url: try url(via, secureWith: "certificate"))
    case "Istio":
      kind = .mesh(url: "http://\(try text(via, "domain"))", try outlierDetection(via))
    case "Dns":
      kind = .gslb(
        domain: "\(try text(via, "host")).\(try text(via, "zone"))", ttl: try whole(via, "ttl"))
    case "ExternalDns" where !(machine.entries(try field(via, "checks")) ?? []).isEmpty:
      kind = .checkedDNS(
        domain: try text(via, "domain"), ttl: try whole(via, "ttl"),
        Published.route53Check(every: try whole(via, "check_every")))
    case "Provider":
      kind = .gslb(
        domain: try text(via, "domain"), ttl: try whole(via, "takes") + whole(via, "ttl"))
    case _: kind = .gslb(domain: try text(via, "domain"), ttl: try whole(via, "ttl"))
    }
    let zones = try labels(list(block, "prefer"))
    var shares = try shares(of: block, kind)
    if machine.record(via).map({ program[$0.type].name }) == "Dns" {
      shares = Share.alike(zip(zones, shares).map { (name: $0, value: $1) }).map(\.value)
    }
    var front = SimulatedCluster.Front(
      label: try text(block, "label"), service: try text(try field(block, "service"), "label"),
      kind: kind, zones: zones, shares: shares,
      watchesZones: try watches(via, kind),
      isStandby: machine.bool(try field(block, "standby")) ?? false)
    front.timeout = machine.int(try field(via, "timeout"))
    return front
  }

  /// As stdlib/emit/istio.dr writes it.
  private func outlierDetection(_ istio: Value) throws(Diagnostic) -> OutlierDetection {
    let version = try text(istio, "version").split(separator: ".").compactMap { Int($0) }
    return OutlierDetection(
      errors: try whole(istio, "errors"), interval: Published.istioSweep,
      rest: try whole(istio, "rest"),
      most: try whole(istio, "resting") / Share.percent * Share.percent,
      ejectsOneAtLeast: version.lexicographicallyPrecedes([1, 23]),
      timeout: try whole(istio, "timeout"))
  }

  private func watches(
    _ via: Value, _ kind: SimulatedCluster.Front.Kind
  ) throws(Diagnostic) -> Bool {
    switch kind {
    case .haproxy, .checkedDNS: true
    case .gslb: machine.record(via).map { program[$0.type].name } == "K8gb"
    case .route, .mesh, .picker, .nginx: false
    }
  }

  /// By the zones of a front; empty where all are the same. DNS answers with what it has even where no
  /// zone has a share; a proxy then sends requests nowhere.
  private func shares(
    of front: Value, _ kind: SimulatedCluster.Front.Kind
  ) throws(Diagnostic) -> [Int64] {
    let shares = machine.entries(try field(front, "shares")) ?? []
    var given: [Int64] = []
    for zone in try list(front, "prefer") {
      let label = try text(zone, "label")
      var share: Int64 = 0
      for entry in shares where try text(entry.key, "label") == label {
        share = machine.int(entry.value) ?? 0
      }
      given.append(share)
    }
    if given.contains(where: { $0 > 0 }) { return given }
    switch kind {
    case .haproxy, .route, .mesh: return given
    case .gslb, .checkedDNS, .picker, .nginx: return []
    }
  }

  /// As `url` of stdlib/traffic.dr says it.
  private func url(_ via: Value, secureWith field: String) throws(Diagnostic) -> String {
    let isSecure = !machine.isNil(try self.field(via, field))
    return "\(isSecure ? "https" : "http")://\(try text(via, "domain"))"
  }
}
