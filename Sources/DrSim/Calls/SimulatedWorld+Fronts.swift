// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

extension SimulatedWorld {
  /// The front that a call means: a Gslb by its name, a backend by its socket, canary requests by
  /// domain.
  func front(_ arguments: CallArguments) throws(WorldFailure) -> Int {
    let names = arguments.call.arguments
    let isRoute = arguments.call.name.hasPrefix("route.")
    if isRoute || arguments.call.name.hasPrefix("gslb.") {
      let cluster = try reachableCluster(arguments)
      let namespace = try arguments.text("namespace")
      let name = try arguments.text("name")
      let found = fronts.firstIndex { front in
        switch front.spec.kind {
        case .gslb where !isRoute && front.spec.label == name: break
        case .route where isRoute && front.spec.label == name: break
        case .mesh where isRoute && front.spec.label == name: break
        case .gslb, .checkedDNS, .route, .mesh, .picker, .nginx, .haproxy: return false
        }
        let service = services[front.service]
        return service.cluster == cluster && service.spec.namespace == namespace
      }
      guard let found else {
        let what = isRoute ? "the route \(name)" : "gslbs/\(name)"
        throw .refused("\(what) in \(namespace) does not exist")
      }
      return found
    }
    let ofProvider = names["domain"]?.stringValue.map { "http://\($0)" }
    let url =
      ofProvider ?? names["url"]?.stringValue
      ?? names["host"]?.stringValue.map { "http://\($0).\(names["zone"]?.stringValue ?? "")" }
    let socket = names["socket"]?.stringValue
    let backend = names["backend"]?.stringValue
    let found = fronts.firstIndex { front in
      switch front.spec.kind {
      case .gslb(let domain, _), .checkedDNS(let domain, _, _): url == "http://\(domain)"
      case .haproxy(let itsSocket, let itsBackend): socket == itsSocket && backend == itsBackend
      case .route(let itsURL), .mesh(let itsURL, _), .picker(let itsURL), .nginx(let itsURL):
        url == itsURL
      }
    }
    guard let found else {
      throw .refused("nothing answers at \(url ?? "\(backend ?? "") of \(socket ?? "")")")
    }
    return found
  }

  func weights(of front: Int) -> Document {
    let pairs = zip(fronts[front].spec.zones, fronts[front].published)
    return .object(DocumentObject(pairs.map { ($0, .int($1)) }))
  }

  /// The share of answered requests since the call was begun, exact rather than counted.
  func successRate(
    _ arguments: CallArguments, since begunAt: Instant
  ) throws(WorldFailure) -> Document {
    let front = try front(arguments)
    let spec = services[fronts[front].service].spec
    if arguments.call.name == "haproxy.success_rate", spec.requestsPerSecond <= 0 {
      throw .busy("no request came meanwhile, so there is no success rate")
    }
    if let model = arguments.call.arguments["model"]?.stringValue, !model.isEmpty,
      model != spec.weights?.model
    {
      return 0
    }
    let mean = fronts[front].success.mean(from: begunAt, to: now) * (1 - badShare(front))
    return .int(Int64((mean * Double(Share.whole)).rounded()))
  }

  /// The share of a front's requests to zones that look bad, whatever they answer.
  private func badShare(_ front: Int) -> Double {
    let deployments = services[fronts[front].service].deployments.map { self.deployments[$0] }
    guard deployments.contains(where: \.looksBad) else { return 0 }
    let shares = effectiveShares(front)
    return fronts[front].zones.indices.reduce(0) { sum, index in
      let isBad = deployments.contains { $0.looksBad && $0.zone == fronts[front].zones[index] }
      return isBad ? sum + shares[index] : sum
    }
  }

  // MARK: Weights

  func setWeights(_ arguments: CallArguments) throws(WorldFailure) -> SimulatedAct {
    let given = try arguments.percents("weights")
    let wanted = arguments.call.name.hasPrefix("dns.") ? Share.alike(given) : given
    let find = { () throws(WorldFailure) in try self.front(arguments) }
    return SimulatedAct(
      observe: { () throws(WorldFailure) in
        try self.observeWeights(arguments, try find(), wanted)
      },
      perform: { (observed) throws(WorldFailure) in
        let front = try find()
        let next = try self.next(front, wanted)
        if next != self.fronts[front].published { self.setWeights(next, of: front) }
        return observed.result
      },
      isDone: { (_) throws(WorldFailure) in
        let front = try find()
        return try self.next(front, wanted) == self.fronts[front].published
      })
  }

  private func observeWeights(
    _ arguments: CallArguments, _ front: Int, _ wanted: [(name: String, value: Int64)]
  ) throws(WorldFailure) -> Observation {
    let state = fronts[front]
    let next = try next(front, wanted)
    var changes: [String] = []
    for (index, zone) in state.spec.zones.enumerated() where state.published[index] != next[index] {
      let before = Share.text(state.published[index])
      changes.append("weight of \(zone) \(before) → \(Share.text(next[index]))")
    }
    let namespace = services[state.service].spec.namespace
    let target: String
    let permissions: [String]
    switch state.spec.kind {
    case .gslb(let domain, _) where arguments.call.name.hasPrefix("dns."):
      let primary = arguments.call.arguments["servers"]?.objectValue?.members.first?.name ?? ""
      target = primary.isEmpty ? domain : "\(domain) at \(primary)"
      permissions = ["the key of \(target)"]
    case .gslb(let domain, _) where arguments.call.name.hasPrefix("provider."):
      target = "\(domain) at its provider"
      permissions = ["the provider's API of \(domain)"]
    case .gslb, .checkedDNS:
      target = "gslbs/\(state.spec.label) in \(namespace)"
      permissions = ["get gslbs.k8gb.io in \(namespace)", "patch gslbs.k8gb.io in \(namespace)"]
    case .route, .mesh, .picker, .nginx:
      target = "the route \(state.spec.label) in \(namespace)"
      let resource = try arguments.text("kind") == "HTTPRoute" ? "httproutes" : "virtualservices"
      let group = try arguments.text("api_version").prefix { $0 != "/" }
      permissions = ["get", "patch"].map { "\($0) \(resource).\(group) in \(namespace)" }
    case .haproxy(let socket, let backend):
      target = "backend \(backend) of HAProxy at \(socket)"
      permissions = ["level admin on \(socket)"]
    }
    let drain = Drain(
      state.spec.zones.indices.map {
        (state.spec.zones[$0], state.published[$0] > 0, next[$0] > 0)
      })
    let verdict =
      arguments.call.arguments["even_if_unhealthy"]?.boolValue == true
      ? drain.overridden : drain.verdict(of: target, drain.kept.map { ($0, health(front, $0)) })
    return Observation(
      target: target, changes: changes + (verdict.note.map { [$0] } ?? []),
      permissions: permissions, state: weights(of: front), result: weights(of: front),
      hindrance: verdict.hindrance)
  }

  /// What a front can tell of a zone.
  private func health(_ front: Int, _ zone: String) -> SeenHealth {
    let state = fronts[front]
    guard let index = state.spec.zones.firstIndex(of: zone) else { return .healthy }
    switch state.spec.kind {
    case .haproxy, .checkedDNS:
      return state.isOut[index] ? .unhealthy("its checks fail") : .healthy
    case .gslb where state.spec.watchesZones:
      // k8gb knows of the service as a whole.
      return state.isOut.allSatisfy { $0 } ? .unhealthy("serviceHealth is Unhealthy") : .healthy
    case .route, .mesh:
      guard let zone = state.zones[index] else { return .unhealthy("there is no such zone") }
      return hasPod(state.service, in: zone) { pods[$0].isRouted }
        ? .healthy : .unhealthy("no endpoint there is ready")
    case .gslb: return .unknown("the front declares no health of it")
    case .picker, .nginx: return .unknown("the front tells no health")
    }
  }

  /// The weights of a front's zones after the change: in HAProxy zones that are not named keep
  /// theirs, in a Gslb they lose them.
  private func next(
    _ front: Int, _ wanted: [(name: String, value: Int64)]
  ) throws(WorldFailure) -> [Int64] {
    let state = fronts[front]
    var next: [Int64]
    switch state.spec.kind {
    case .gslb, .checkedDNS, .route, .mesh, .picker, .nginx:
      next = [Int64](repeating: 0, count: state.spec.zones.count)
    case .haproxy: next = state.published
    }
    for (name, value) in wanted {
      guard let index = state.spec.zones.firstIndex(of: name) else {
        if value == 0 { continue }
        throw .refused("\(state.spec.label) has no zone \(name)")
      }
      next[index] = value
    }
    guard next.contains(where: { $0 > 0 }) else {
      throw .refused("\(state.spec.label) would be left without any weight")
    }
    return next
  }
}
