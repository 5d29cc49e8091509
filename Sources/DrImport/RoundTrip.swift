// SPDX-License-Identifier: Apache-2.0

import DrData

/// Whether what an import's program compiles to is what was imported.
package enum RoundTrip {
  /// What is not the same, a line each; empty when all is.
  package static func differences(
    _ result: ImportResult, compiled: [Document]
  ) -> [String] {
    var set = ManifestSet()
    for document in compiled { set.add(document, origin: "compiled") }
    var differences = set.problems.map(\.reason)
    for (object, _) in result.manifests {
      let found = set.objects.first { $0.title == object.title && $0.group == object.group }
      if found.map({ sorted(.object($0.document)) != sorted(.object(object.document)) }) ?? true {
        differences.append("\(object.title) is \(found == nil ? "missing" : "different")")
      }
    }
    let apps = AppReader(set, zones: []).apps()
    for service in result.services {
      let found = apps.first {
        $0.facts.name == service.facts.name && $0.facts.namespace == service.facts.namespace
      }
      guard let found else {
        differences.append("the service \(service.facts.name) is missing")
        continue
      }
      differences += found.reasons.map { "the service \(service.facts.name): \($0)" }
      differences += AppFacts.differences(service.facts, found.facts).map {
        "the service \(service.facts.name) has another \($0)"
      }
    }
    return differences
  }

  /// With all members in the order of their names, which means nothing.
  private static func sorted(_ value: Document) -> Document {
    switch value {
    case .object(let object):
      .object(
        DocumentObject(
          object.members.map { ($0.name, sorted($0.value)) }.sorted { $0.0 < $1.0 }))
    case .array(let values): .array(values.map(sorted))
    case .null, .bool, .int, .float, .string: value
    }
  }
}

extension AppFacts {
  /// What two apps do not have in common, by name.
  fileprivate static func differences(_ a: AppFacts, _ b: AppFacts) -> [String] {
    func values(_ list: [EnvironmentVariable]) -> [String] {
      list.map { "\($0.name)=\($0.value)" }.sorted()
    }
    let pairs: [(String, Bool)] = [
      ("set of zones", a.zones.sorted() == b.zones.sorted()), ("image", a.image == b.image),
      ("command", a.command == b.command), ("list of arguments", a.arguments == b.arguments),
      ("environment", values(a.environment) == values(b.environment)), ("port", a.port == b.port),
      ("set of secret variables", values(a.secrets) == values(b.secrets)),
      ("pull policy", a.pullPolicy == b.pullPolicy), ("security", a.security == b.security),
      ("account", a.account == b.account),
      ("set of tolerations", a.tolerations == b.tolerations),
      ("number of replicas", a.replicas == b.replicas),
      ("CPU", ServiceWriter.cpuMillis(a.cpu) == ServiceWriter.cpuMillis(b.cpu)),
      ("memory", size(a.memory) == size(b.memory)), ("number of GPUs", a.gpus == b.gpus),
      ("set of probes", a.probes == b.probes),
      ("autoscaler", same(a.autoscale, b.autoscale, a.zones.count)),
      ("set of volumes", volumes(a) == volumes(b)),
      ("Service", (a.expose ?? Expose(port: a.port, type: "ClusterIP")) == b.expose),
      ("pull secret", a.pullSecret == b.pullSecret), ("grace", a.grace == b.grace),
      ("time to linger", a.linger == b.linger),
      ("choice of nodes", values(a.nodeLabels) == values(b.nodeLabels)),
      ("spread over nodes", a.requiresNodes == b.requiresNodes && a.isApart == b.isApart),
    ]
    return pairs.filter { !$0.1 }.map(\.0)
  }

  /// Every zone keeps at least one replica, so that the smallest number may be raised to that.
  private static func same(_ a: Autoscale?, _ b: Autoscale?, _ zones: Int) -> Bool {
    guard var a, let b else { return a == nil && b == nil }
    a.min = max(a.min, Int64(zones))
    return a == b
  }

  private static func size(_ text: String) -> Int64? {
    let number = text.prefix { $0.isNumber }
    let units: [String: Int64] = [
      "": 1, "k": 1000, "M": 1_000_000, "G": 1_000_000_000, "T": 1_000_000_000_000, "Ki": 1 << 10,
      "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40,
    ]
    guard let count = Int64(number), let unit = units[String(text.dropFirst(number.count))] else {
      return nil
    }
    let (size, overflow) = count.multipliedReportingOverflow(by: unit)
    return overflow ? nil : size
  }

  private static func volumes(_ facts: AppFacts) -> [String] {
    var seen: [String] = []
    for volume in facts.volumes {
      let text =
        "\(volume.at) \(size(volume.size) ?? -1) \(volume.accessMode) \(volume.storageClass ?? "")"
      if !seen.contains(text) { seen.append(text) }
    }
    return seen
  }
}
