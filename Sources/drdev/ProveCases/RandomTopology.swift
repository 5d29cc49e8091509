// SPDX-License-Identifier: Apache-2.0

import DrBase

/// A program made by chance: a cluster of one to four zones, one or two services, their fronts, what
/// they start from, and policies with their runbooks.
struct RandomTopology {
  let version: String
  let text: String

  init(seed: UInt64) {
    var dice = Dice(seed: seed)
    version = dice.pick(["1.24", "1.25", "1.26", "1.28", "1.30", "1.32", "1.34"])
    let zones = Array(["a", "b", "c", "d"].prefix(dice.pick([1, 2, 2, 2, 2, 3, 3, 3, 4, 4])))
    var text = "use kubernetes, inference, traffic, alerting, monitoring\n"
    text += Self.cluster(version, zones, &dice)
    var services = ["s"]
    if dice.chance(30) { services.append("t") }
    for (number, name) in services.enumerated() {
      let service = Service(name, zones, &dice)
      text += service.text
      if dice.chance(number == 0 ? 60 : 20) { text += RandomPolicy(for: service, &dice).text }
    }
    self.text = text
  }

  private static func cluster(_ version: String, _ zones: [String], _ dice: inout Dice) -> String {
    var members = zones.count < 3 ? [zones, zones + ["a"]] : [zones, Array(zones.prefix(2))]
    // A witness of the quorum has no nodes.
    let hasWitness = dice.chance(15)
    if hasWitness { members = [zones.prefix(2) + ["w"]] }
    let plane = dice.pick(
      ["", "managed = true", "managed = true"] + members.map { "zones = [\($0.joined(", "))]" })
    var text = "\ncluster k {\n  kubernetes = \"\(version)\"\n"
    if !plane.isEmpty { text += "  control_plane { \(plane) }\n" }
    let border = zones.count > 1 && dice.chance(20) ? zones[zones.count / 2] : nil
    text += "  region r {\n"
    if hasWitness { text += "    zone w\n" }
    for zone in zones {
      if zone == border { text += "  }\n  region q {\n" }
      text += "    zone \(zone) {\n"
      for pool in dice.chance(20) ? ["gpu", "more"] : ["gpu"] {
        let most: Int64 = dice.chance(5) ? 60 : 6
        text +=
          "      nodes \(pool) { count = \(dice.upTo(most)), cpu = \(dice.pick([8, 16, 32])), "
        text += "memory = 64Gi, gpu = \(dice.pick([1, 2, 4, 8]))"
        if dice.chance(15) { text += ", labels = [\"kind\": \"\(dice.pick(["fast", "slow"]))\"]" }
        text += dice.chance(10) ? ", dedicated = true }\n" : " }\n"
      }
      text += "    }\n"
    }
    return text + "  }\n}\n"
  }
}

extension RandomTopology {
  /// A service with its fronts and what it starts from.
  struct Service {
    let name: String
    let zones: [String]
    let replicas: Int64
    /// Fronts whose shares a runbook can change, and those that say how they are answered.
    private(set) var shiftable: [String] = []
    private(set) var measured: [String] = []
    private(set) var text: String

    init(_ name: String, _ all: [String], _ dice: inout Dice) {
      self.name = name
      zones = dice.chance(80) ? all : dice.some(of: all)
      replicas = dice.upTo(3) * Int64(zones.count) - (dice.chance(30) ? 1 : 0)
      let count = max(replicas, 1)
      text = "\nservice \(name) {\n  on = k\n  image = \"r.example.net/\(name):1\"\n"
      text += "  replicas = \(count)\n"
      text +=
        "  needs { cpu = \(dice.pick([1, 4])), memory = 8Gi, gpu = \(dice.pick([0, 1, 1, 2])) }\n"
      if dice.chance(60) { text += Self.weights(&dice) }
      text += "  spread { over = [\(zones.joined(", "))]"
      text += dice.pick(["", "", "", ", nodes = \"require\"", ", apart = true"])
      if text.hasSuffix("require\""), dice.chance(30) { text += ", skew = 2" }
      text += dice.chance(8) ? ", on = [\"kind\": \"fast\"] }\n" : " }\n"
      if dice.chance(75) { text += "  probe ready { \(Self.probe(&dice)) }\n" }
      if dice.chance(35) {
        text += "  probe startup { \(Self.probe(&dice)), failures = \(dice.pick([3, 60])) }\n"
      }
      if dice.chance(25) { text += "  probe live { \(Self.probe(&dice)), failures = 60 }\n" }
      if dice.chance(20) {
        text += "  autoscale { min = \(dice.upTo(count)), max = \(count + dice.upTo(8)) }\n"
      }
      // Mostly what the loss of one zone can leave.
      let spare = count - (count + Int64(zones.count) - 1) / Int64(zones.count)
      let least = dice.chance(75) ? dice.upTo(max(1, spare)) : dice.upTo(count)
      text += "  objective { rto = \(dice.pick([3, 5, 10]))m, at_least = \(least) }\n}\n"
      for kind in ["registry", "model_store"] where dice.chance(20) {
        let home =
          dice.chance(30) ? "outside = true" : "zones = [\(dice.some(of: all).joined(", "))]"
        let speed =
          kind == "model_store" && dice.chance(60) ? ", bandwidth = \(dice.upTo(4))GB/s" : ""
        text += "\ndependency \(name)_\(kind) for \(name) { kind = \"\(kind)\", \(home)\(speed) }\n"
      }
      if dice.chance(5) {
        let kind = dice.pick(["database", "secrets", "access", "monitoring", "dns", "other"])
        text += "\ndependency \(name)_other for \(name) { kind = \"\(kind)\", zones = [a] }\n"
      }
      for number in 0..<dice.pick([0, 1, 1, 1, 1, 2]) { addFront("\(name)_front\(number)", &dice) }
    }

    private static func weights(_ dice: inout Dice) -> String {
      var text = "  weights { model = \"m\", size = \(5 + dice.upTo(200))GB, "
      text += "load_rate = \(dice.pick([1, 1, 2, 4]))GB/s, warm_up = \(dice.upTo(20) - 1)s"
      if dice.chance(25) {
        text += ", cache { image = \"i:1\", command = [\"get\"], of = \"node\" }"
      }
      return text + " }\n"
    }

    private static func probe(_ dice: inout Dice) -> String {
      "get = \"/\", after = \(dice.upTo(20) - 1)s, every = \(dice.upTo(12))s, "
        + "timeout = \(dice.upTo(4))s"
    }

    /// When Istio gives replicas a rest.
    private static func ejections(_ dice: inout Dice) -> String {
      guard dice.chance(70) else { return "" }
      var text = ", timeout = \(dice.pick([1, 5, 10, 30, 60]))s, errors = \(dice.pick([1, 5, 20]))"
      text += ", rest = \(dice.pick([5, 30, 120]))s, resting = \(dice.pick([10, 34, 50, 100]))%"
      return text + (dice.chance(30) ? ", version = \"1.24\"" : "")
    }

    private mutating func addFront(_ front: String, _ dice: inout Dice) {
      let plain = front.filter { $0 != "_" }
      let domain = "domain = \"\(plain).example.net\""
      var via: String
      var (shifts, measures) = (true, true)
      switch dice.pick([
        "k8gb", "k8gb", "haproxy", "haproxy", "gateway", "istio", "istio", "pool", "nginx",
        "external_dns", "route53", "dns",
      ]) {
      case "k8gb": via = "k8gb { \(domain), ttl = \(dice.upTo(90))s }"
      case "haproxy":
        via = "haproxy { socket = \"/run/\(plain)\", backend = \"\(plain)\" }"
      case "gateway": via = "gateway { class = \"envoy\", \(domain) }"
      case "istio": via = "istio { \(domain)\(Self.ejections(&dice)) }"
      case "pool":
        via = "gateway { class = \"envoy\", \(domain), pool { picker = \"p\" } }"
        shifts = false
      case "nginx":
        via = "nginx { \(domain) }"
        shifts = false
      case "dns":
        let addresses = zones.enumerated().map { "\($1): \"192.0.2.\($0 + 1)\"" }
        via = "dns { zone = \"example.net\", host = \"\(plain)\", ttl = \(dice.upTo(90))s, "
        via += "addresses = [\(addresses.joined(", "))], "
        via += "servers = [\"ns1.example.net\": \"192.0.2.99\"] }"
        (shifts, measures) = (false, false)
      case "route53":
        let checks = zones.map { "\($0): \"id-\($0)\"" }
        via = "external_dns { \(domain), ttl = \(dice.upTo(90))s, route53 = true, "
        via += "checks = [\(checks.joined(", "))], check_every = \(dice.pick([10, 30]))s }"
        (shifts, measures) = (false, false)
      case _:
        via = "external_dns { \(domain), ttl = \(dice.upTo(90))s }"
        (shifts, measures) = (false, false)
      }
      text += "\ntraffic \(front) for \(name) {\n  via = \(via)\n"
      if zones.count > 1, dice.chance(15) {
        let first = dice.pick([1, 10, 50, 90, 99, 100])
        let isMore = zones.count > 2 && dice.chance(40)
        let third = isMore ? ", \(zones[2])" : ""
        text += "  prefer = [\(zones[0]), \(zones[1])\(third)]\n"
        text += "  shares = [\(zones[0]): \(first)%, \(zones[1]): \(100 - first)%"
        text += isMore ? ", \(zones[2]): 0%]\n" : "]\n"
      }
      if dice.chance(8) { text += "  standby = true\n" }
      text += "}\n"
      if shifts { shiftable.append(front) }
      if measures { measured.append(front) }
    }
  }
}

/// What chance decides in a random program.
struct Dice {
  private var random: SeededRandom

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  mutating func chance(_ percent: Int64) -> Bool { random.below(100) < percent }

  /// From 1 to that number.
  mutating func upTo(_ most: Int64) -> Int64 { 1 + random.below(most) }

  mutating func pick<T>(_ choices: [T]) -> T { choices[Int(random.below(Int64(choices.count)))] }

  /// At least one of them, in their order.
  mutating func some(of all: [String]) -> [String] {
    let chosen = all.filter { _ in random.below(2) == 0 }
    return chosen.isEmpty ? [pick(all)] : chosen
  }
}

extension [String] {
  func joined(_ separator: String) -> String { joined(separator: separator) }
}
