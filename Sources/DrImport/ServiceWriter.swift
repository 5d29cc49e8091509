// SPDX-License-Identifier: Apache-2.0

import DrData

/// Names of a program, each used once.
struct Names {
  private var used: Set<String>
  private static let reserved: Set<String> = [
    "use", "as", "module", "input", "let", "type", "declares", "where", "subject", "parent", "fn",
    "reads", "acts", "native", "emit", "runbook", "policy", "drill", "test", "if", "else", "match",
    "for", "in", "and", "or", "not", "true", "false", "nil", "yield", "rule",
  ]

  init() { used = Self.reserved }

  /// A name like a label: small letters, digits and `_`.
  mutating func make(_ label: String) -> String {
    var name = String(
      label.lowercased().unicodeScalars.map { scalar in
        let isPlain =
          scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
        return isPlain ? Character(scalar) : "_"
      })
    if name.first.map({ !$0.isLetter }) ?? true { name = "n_\(name)" }
    var free = name
    var number = 1
    while !used.insert(free).inserted {
      number += 1
      free = "\(name)_\(number)"
    }
    return free
  }

  /// What the language takes for the label of a block without one.
  static func plainLabel(of name: String) -> String { name.replacing("_", with: "-") }
}

/// Nodes of one kind in a zone, as a cluster shows them.
package struct NodePoolFacts: Sendable, Equatable {
  package let zone: String
  package let region: String
  package let count: Int
  /// Thousandths of a core, bytes.
  package let cpuMillis: Int64
  package let memoryBytes: Int64
  package let gpus: Int64

  package init(
    zone: String, region: String, count: Int, cpuMillis: Int64, memoryBytes: Int64, gpus: Int64
  ) {
    self.zone = zone
    self.region = region
    self.count = count
    self.cpuMillis = cpuMillis
    self.memoryBytes = memoryBytes
    self.gpus = gpus
  }
}

/// Writes what apps run on, and the apps.
struct ServiceWriter {
  let clusterName: String
  /// The name of each zone by its label.
  private var zoneNames: [(label: String, name: String)] = []
  private var text = ""

  /// Writes the topology.
  init(
    cluster: String, version: String?, zones: [String], pools: [NodePoolFacts],
    names: inout Names
  ) {
    clusterName = names.make("cluster")
    for zone in zones { zoneNames.append((zone, names.make(zone))) }
    text += "## Imported: say what is missing, above all how large the nodes are.\n"
    text += "cluster \(clusterName) \(SourceWriter.string(cluster, depth: 0)) {\n"
    if let version { text += "kubernetes = \(SourceWriter.string(version, depth: 0))\n" }
    var regions: [String] = []
    for zone in zones {
      let region = Self.region(zone, pools, zones)
      if !regions.contains(region) { regions.append(region) }
    }
    for region in regions {
      text +=
        "region \(names.make("region_\(region)")) \(SourceWriter.string(region, depth: 0)) {\n"
      for (label, name) in zoneNames where Self.region(label, pools, zones) == region {
        text += "zone \(name)\(Self.label(label, name))"
        let own = pools.filter { $0.zone == label }
        if own.isEmpty {
          text += "\n"
        } else {
          text += " {\n"
          for (index, pool) in own.enumerated() {
            let poolName = names.make(index == 0 ? "nodes_\(label)" : "nodes_\(label)_\(index + 1)")
            text += "nodes \(poolName) { count = \(pool.count), cpu = \(Self.cores(pool.cpuMillis))"
            text += ", memory = \(Self.bytes(pool.memoryBytes))"
            text += pool.gpus > 0 ? ", gpu = \(pool.gpus) }\n" : " }\n"
          }
          text += "}\n"
        }
      }
      text += "}\n"
    }
    text += "}\n"
  }

  var topology: String { text }

  private static func region(_ zone: String, _ pools: [NodePoolFacts], _ zones: [String]) -> String
  {
    if let known = pools.first(where: { $0.zone == zone && !$0.region.isEmpty }) {
      return known.region
    }
    // cn-beijing-az1 and cn-beijing-az2 are in cn-beijing, eu-west-1a and eu-west-1b in eu-west-1.
    var common = zones.first ?? ""
    for other in zones.dropFirst() {
      common = String(zip(common, other).prefix { $0 == $1 }.map(\.0))
    }
    if zones.count == 1 {
      if common.last?.isLetter == true, common.dropLast().last?.isNumber == true {
        common.removeLast()
      } else if let dash = common.lastIndex(of: "-") {
        common = String(common[..<dash])
      }
    }
    if zones.count > 1, !common.hasSuffix("-"), let dash = common.lastIndex(of: "-"),
      common[dash...].dropFirst().allSatisfy(\.isLetter)
    {
      common = String(common[..<dash])
    }
    while common.last == "-" { common.removeLast() }
    return common.isEmpty ? "region" : common
  }

  private static func label(_ label: String, _ name: String) -> String {
    Names.plainLabel(of: name) == label ? "" : " \(SourceWriter.string(label, depth: 0))"
  }

  // MARK: Services

  func service(_ facts: AppFacts, name: String) -> String {
    var fields: [(String, String)] = [("on", clusterName)]
    if facts.namespace != "default" { fields.append(("namespace", string(facts.namespace))) }
    fields.append(("image", string(facts.image)))
    if let secret = facts.pullSecret {
      fields.append(("pull_from", "secret(\(string("\(facts.namespace)/\(secret)")))"))
    }
    if let policy = facts.pullPolicy {
      let words = ["Always": "always", "IfNotPresent": "if_absent", "Never": "never"]
      fields.append(("pull", string(words[policy] ?? "by_tag")))
    }
    fields.append(("port", "\(facts.port)"))
    fields.append(("replicas", "\(facts.replicas)"))
    if !facts.command.isEmpty { fields.append(("command", list(facts.command))) }
    if !facts.arguments.isEmpty { fields.append(("arguments", list(facts.arguments))) }
    if !facts.environment.isEmpty { fields.append(("environment", map(facts.environment))) }
    if !facts.secrets.isEmpty {
      let entries = facts.secrets.map {
        "\(string($0.name)): secret(\(string("\(facts.namespace)/\($0.value)")))"
      }
      fields.append(("secrets", "[\n\(entries.joined(separator: ",\n")),\n]"))
    }
    if facts.security == nil { fields.append(("security", "nil")) }
    if facts.grace != 60 { fields.append(("grace", Self.seconds(facts.grace))) }
    if facts.linger != 0 { fields.append(("linger", Self.seconds(facts.linger))) }
    var text = "service \(name)\(Self.label(facts.name, name)) {\n"
    text += fields.map { "\($0.0) = \($0.1)\n" }.joined()
    text += "needs { cpu = \(Self.cores(facts.cpu)), memory = \(Self.bytes(facts.memory) ?? "0B")"
    text += facts.gpus > 0 ? ", gpu = \(facts.gpus) }\n" : " }\n"
    let zones = facts.zones.compactMap { label in zoneNames.first { $0.label == label }?.name }
    text += "spread { over = [\(zones.joined(separator: ", "))]"
    if facts.requiresNodes { text += ", nodes = \"require\"" }
    if facts.isApart { text += ", apart = true" }
    if !facts.nodeLabels.isEmpty { text += ", on = \(map(facts.nodeLabels))" }
    text += " }\n"
    for probe in facts.probes { text += self.probe(probe) }
    if let scale = facts.autoscale { text += autoscale(scale) }
    for volume in facts.volumes { text += self.volume(volume) }
    if let expose = facts.expose, expose.type != "ClusterIP" || expose.port != facts.port {
      let types = ["NodePort": "node_port", "LoadBalancer": "load_balancer"]
      text += "expose { port = \(expose.port), as = \(string(types[expose.type] ?? "cluster")) }\n"
    }
    if let account = facts.account {
      var names = Names()
      let name = names.make(account.name)
      text += "account \(name)\(Self.label(account.name, name))"
      text += account.hasToken ?? true ? " { token = true }\n" : "\n"
    }
    if let security = facts.security { text += security.block }
    for toleration in facts.tolerations { text += self.toleration(toleration) }
    text += "objective { rto = 5m }  # say what the service promises\n"
    return text + "}\n"
  }

  private func probe(_ probe: AppFacts.Probe) -> String {
    var parts = ["get = \(string(probe.path))"]
    if probe.after != 0 { parts.append("after = \(Self.seconds(probe.after))") }
    if probe.every != 10 { parts.append("every = \(Self.seconds(probe.every))") }
    if probe.timeout != 1 { parts.append("timeout = \(Self.seconds(probe.timeout))") }
    if probe.failures != 3 { parts.append("failures = \(probe.failures)") }
    return "probe \(probe.name) { \(parts.joined(separator: ", ")) }\n"
  }

  private func autoscale(_ scale: AppFacts.Autoscale) -> String {
    var parts = ["min = \(scale.min)", "max = \(scale.max)"]
    parts.append("cpu = \(scale.cpu.map { "\($0)%" } ?? "nil")")
    if let memory = scale.memory { parts.append("memory = \(memory)%") }
    return "autoscale { \(parts.joined(separator: ", ")) }\n"
  }

  private func volume(_ volume: AppFacts.Volume) -> String {
    var names = Names()
    let name = names.make(volume.name)
    var parts = ["at = \(string(volume.at))", "size = \(Self.bytes(volume.size) ?? "0B")"]
    if volume.accessMode == "ReadWriteMany" { parts.append("access = \"many\"") }
    if let storage = volume.storageClass { parts.append("storage_class = \(string(storage))") }
    return "volume \(name)\(Self.label(volume.name, name)) { \(parts.joined(separator: ", ")) }\n"
  }

  private func toleration(_ toleration: AppFacts.Toleration) -> String {
    var names = Names()
    var parts = ["key = \(string(toleration.key))"]
    if let value = toleration.value { parts.append("value = \(string(value))") }
    if let effect = toleration.effect { parts.append("effect = \(string(effect))") }
    return "toleration \(names.make(toleration.key)) { \(parts.joined(separator: ", ")) }\n"
  }

  private func string(_ text: String) -> String { SourceWriter.string(text, depth: 1) }

  private func list(_ words: [String]) -> String {
    SourceWriter.literal(.array(words.map { .string($0) }), depth: 1)
  }

  private func map(_ entries: [AppFacts.EnvironmentVariable]) -> String {
    "[\n\(entries.map { "\(string($0.name)): \(string($0.value))" }.joined(separator: ",\n")),\n]"
  }

  // MARK: Quantities

  private static func seconds(_ seconds: Int64) -> String {
    seconds >= 120 && seconds % 60 == 0 ? "\(seconds / 60)m" : "\(seconds)s"
  }

  private static func cores(_ text: String) -> String {
    cpuMillis(text).map(cores) ?? "0"
  }

  private static func cores(_ millis: Int64) -> String {
    guard millis % 1000 != 0 else { return "\(millis / 1000)" }
    var digits = String(millis % 1000 + 1000).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(millis / 1000).\(digits)"
  }

  /// `500m`, `2`, `0.5` in thousandths of a core; `nil` for what is finer or no number.
  static func cpuMillis(_ text: String) -> Int64? {
    if text.hasSuffix("m") { return Int64(text.dropLast()) }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard let whole = Int64(parts[0]), parts.count <= 2 else { return nil }
    let fraction = parts.count == 2 ? String(parts[1]) : ""
    guard fraction.count <= 3, fraction.allSatisfy(\.isNumber),
      let thousandths = Int64((fraction + "000").prefix(3))
    else { return nil }
    return whole * 1000 + thousandths
  }

  /// As the language writes a size; `nil` for what it has no unit for.
  static func bytes(_ text: String) -> String? {
    let number = text.prefix { $0.isNumber }
    guard !number.isEmpty, Int64(number) != nil else { return nil }
    switch text.dropFirst(number.count) {
    case "Ki", "Mi", "Gi", "Ti": return text
    case "": return "\(number)B"
    case "k": return "\(number)KB"
    case "M", "G", "T": return "\(text)B"
    case _: return nil
    }
  }

  private static func bytes(_ count: Int64) -> String {
    for (unit, size) in [("Gi", Int64(1) << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)]
    where count >= size && count % size == 0 {
      return "\(count / size)\(unit)"
    }
    // What a node offers is seldom a round number; the next whole mebibyte below is.
    return count >= 1 << 20 ? "\(count >> 20)Mi" : "\(count)B"
  }
}
