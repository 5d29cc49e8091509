// SPDX-License-Identifier: Apache-2.0

import DrBase

/// A program made by chance: a cluster of two or three zones, one or two services, their fronts.
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
      let replicas = 1 + random.below(7)
      text += "\nservice \(name) {\n  on = k\n  image = \"r.example.net/\(name):1\"\n"
      text += "  replicas = \(replicas)\n"
      text += "  needs { cpu = \(pick([1, 4])), memory = 8Gi, gpu = \(pick([0, 1, 1, 2])) }\n"
      if chance(60) {
        text += "  weights { model = \"m\", size = \(5 + random.below(200))GB, load_rate = 1GB/s, "
        text += "warm_up = \(random.below(20))s }\n"
      }
      let over = chance(80) ? zones : ["a", "b"]
      let extra = pick(["", "", "", ", nodes = \"require\"", ", apart = true"])
      text += "  spread { over = [\(over.joined(separator: ", "))]\(extra) }\n"
      if chance(70) { text += "  probe ready { \(Self.probe(&random)) }\n" }
      if chance(40) {
        text += "  probe startup { \(Self.probe(&random)), failures = \(pick([3, 60])) }\n"
      }
      text += "  objective { rto = 5m, at_least = \(1 + random.below(replicas)) }\n}\n"
      let front = pick(["", "k8gb", "haproxy"])
      if front == "k8gb" {
        text += "\ntraffic \(name)_front for \(name) { "
        text +=
          "via = k8gb { domain = \"\(name).example.net\", ttl = \(1 + random.below(90))s } }\n"
      } else if front == "haproxy" {
        text += "\ntraffic \(name)_front for \(name) { "
        text += "via = haproxy { socket = \"/run/\(name)\", backend = \"\(name)\" } }\n"
      }
    }
    self.version = version
    self.text = text
  }

  private static func probe(_ random: inout SeededRandom) -> String {
    "get = \"/\", after = \(random.below(20))s, every = \(1 + random.below(12))s, "
      + "timeout = \(1 + random.below(4))s"
  }
}
