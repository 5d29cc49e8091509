// SPDX-License-Identifier: Apache-2.0

import DrBase

/// A program made by chance: a cluster of two or three zones, one or two services, their fronts, what
/// they start from, and a policy with its runbook for the first.
struct RandomTopology {
  let version: String
  let text: String

  init(_ random: inout SeededRandom) {
    func pick<T>(_ choices: [T]) -> T { choices[Int(random.below(Int64(choices.count)))] }
    func chance(_ percent: Int64) -> Bool { random.below(100) < percent }
    let version = pick(["1.24", "1.26", "1.30", "1.32", "1.34"])
    let zones = chance(60) ? ["a", "b"] : ["a", "b", "c"]
    let plane = pick(["", "control_plane { managed = true }", "control_plane { zones = [a, b] }"])
    var text = "use kubernetes, inference, traffic\n\ncluster k {\n"
    text += "  kubernetes = \"\(version)\"\n  \(plane)\n  region r {\n"
    for zone in zones {
      text += "    zone \(zone) {\n"
      for pool in chance(20) ? ["gpu", "more"] : ["gpu"] {
        text += "      nodes \(pool) { count = \(1 + random.below(5)), "
        text += "cpu = \(pick([8, 16])), memory = 64Gi, gpu = \(pick([1, 2, 4])) }\n"
      }
      text += "    }\n"
    }
    text += "  }\n}\n"
    for name in chance(30) ? ["s", "t"] : ["s"] {
      let replicas = 2 + random.below(6)
      text += "\nservice \(name) {\n  on = k\n  image = \"r.example.net/\(name):1\"\n"
      text += "  replicas = \(replicas)\n"
      text += "  needs { cpu = \(pick([1, 4])), memory = 8Gi, gpu = \(pick([0, 1, 1, 2])) }\n"
      if chance(60) {
        text += "  weights { model = \"m\", size = \(5 + random.below(200))GB, load_rate = 1GB/s, "
        text += "warm_up = \(random.below(20))s"
        if chance(25) {
          text += ", cache { image = \"i:1\", command = [\"get\"], of = \"node\" }"
        }
        text += " }\n"
      }
      let over = chance(80) ? zones : ["a", "b"]
      let extra = pick(["", "", "", ", nodes = \"require\"", ", apart = true"])
      text += "  spread { over = [\(over.joined(separator: ", "))]\(extra) }\n"
      if chance(70) { text += "  probe ready { \(Self.probe(&random)) }\n" }
      if chance(40) {
        text += "  probe startup { \(Self.probe(&random)), failures = \(pick([3, 60])) }\n"
      }
      text += "  objective { rto = 5m, at_least = \(1 + random.below(replicas)) }\n}\n"
      for kind in ["registry", "model_store"] where chance(20) {
        let home = pick(["outside = true", "zones = [a]", "zones = [b]", "zones = [a, b]"])
        text += "\ndependency \(name)_\(kind) for \(name) { kind = \"\(kind)\", \(home) }\n"
      }
      for number in 0..<(chance(70) ? 1 : 2 * random.below(2)) {
        text += Self.front("\(name)_front\(number)", of: name, &random)
      }
    }
    if chance(50) { text += Self.policy(text, &random) }
    self.version = version
    self.text = text
  }

  private static func front(
    _ name: String, of service: String, _ random: inout SeededRandom
  ) -> String {
    let domain = "domain = \"\(name.filter { $0 != "_" }).example.net\""
    let via =
      switch random.below(7) {
      case 0, 1: "k8gb { \(domain), ttl = \(1 + random.below(90))s }"
      case 2, 3: "haproxy { socket = \"/run/\(name)\", backend = \"\(name)\" }"
      case 4: "gateway { class = \"envoy\", \(domain) }"
      case 5: "gateway { class = \"envoy\", \(domain), pool { picker = \"p\" } }"
      case _: "istio { \(domain) }"
      }
    return "\ntraffic \(name) for \(service) { via = \(via) }\n"
  }

  /// A policy for the service `s` that moves it from a zone to another, by some of the statements that
  /// such runbooks have.
  private static func policy(_ text: String, _ random: inout SeededRandom) -> String {
    func pick<T>(_ choices: [T]) -> T { choices[Int(random.below(Int64(choices.count)))] }
    func chance(_ percent: Int64) -> Bool { random.below(100) < percent }
    let condition = pick([
      "serving(s, in: z) < 50%", "serving(s, in: z) == 0%", "serving(s, in: z) < 100%",
      "ready(s, in: z) < 1",
    ])
    let lasting = pick(["", " lasting 10s", " lasting 30s", " lasting 60s", " lasting 90s"])
    var policy = "\npolicy keep for s {\n  every = \(pick([5, 10, 15]))s\n"
    policy += "  on lost(z in s.zones) when \(condition)\(lasting) {\n"
    policy += "    run move(from: z, to: healthiest(s.zones, except: z))\n  }\n"
    if chance(70) {
      policy += "  guard \"one serves\" { count(s.zones, z => serving(s, in: z) > 0%) >= 1 }\n"
    }
    if chance(50) { policy += "  guard \"no flapping\" { failovers(s, last: 1h) == 0 }\n" }
    policy += "}\n\nrunbook move(from: Zone, to: Zone) {\n"
    if chance(50) { policy += "  lock \"s\" for 30m\n" }
    if chance(30) { policy += "  require capacity(to, for: s) >= 1 else \"full\"\n" }
    let adds = chance(70)
    if adds {
      policy += "  step \"add\" within \(pick(["1m", "3m"]))\(pick(["", ", retry 2 every 5s"])) "
      policy += "{\n    let before = kube.scale(s, in: to, replicas: s.replicas)\n"
      policy += chance(70) ? "    undo { kube.scale(s, in: to, replicas: before) }\n  }\n" : "  }\n"
    }
    if adds, chance(60) {
      let bound = pick(["", " within 2m", " within 5m", " within 10m"])
      policy += "  wait until ready(s, in: to) >= s.objective.at_least\(bound)\n"
    }
    if chance(20) { policy += "  pause \(1 + random.below(20))s\n" }
    if chance(25) { policy += "  approve \"Go?\" by \"oncall\" within 5m else abort\n" }
    let fronts = ["s_front0", "s_front1"].filter { front in
      text.contains("traffic \(front) for") && !text.contains(shiftless(front, in: text))
    }
    for front in fronts where chance(70) {
      policy += "  step \"shift \(front)\" within \(pick(["30s", "1m"])) {\n"
      policy += "    let before = traffic.weights(\(front))\n"
      policy += "    traffic.shift(\(front), [from: 0%, to: 100%])\n"
      policy += chance(70) ? "    undo { traffic.shift(\(front), before) }\n  }\n" : "  }\n"
    }
    if chance(25) {
      policy += "  step \"cordon\" within 1m { for n in nodes(in: from) { kube.cordon(n) } }\n"
    }
    if chance(40) { policy += "  verify serving(s, in: to) > 0% within 2m else \"not there\"\n" }
    return policy + "}\n"
  }

  /// How a front begins that has no driver to shift it.
  private static func shiftless(_ front: String, in text: String) -> String {
    let line = text.split(separator: "\n").first { $0.hasPrefix("traffic \(front) for") } ?? ""
    return line.contains("pool {") ? String(line) : "traffic \(front) for nobody"
  }

  private static func probe(_ random: inout SeededRandom) -> String {
    "get = \"/\", after = \(random.below(20))s, every = \(1 + random.below(12))s, "
      + "timeout = \(1 + random.below(4))s"
  }
}
