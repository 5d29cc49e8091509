// SPDX-License-Identifier: Apache-2.0

/// A policy that moves a service from a zone to another, and its runbooks, by some of the statements
/// that such runbooks have.
struct RandomPolicy {
  let text: String

  init(for service: RandomTopology.Service, _ dice: inout Dice) {
    let s = service.name
    var text = ""
    let alert = dice.chance(25) ? RandomAlert(for: service, &dice) : nil
    text += alert?.text ?? ""
    text += "\npolicy keep_\(s) for \(s) {\n  every = \(dice.pick([5, 10, 15, 30]))s\n"
    if dice.chance(20) { text += "  cooldown = \(dice.pick([30, 60, 600]))s\n" }
    text += Self.zoneDetector(service, alert, &dice)
    if dice.chance(15) { text += Self.otherDetector(service, &dice) }
    if dice.chance(70) {
      text += "  guard \"one serves\" { "
      text += dice.pick([
        "count(\(s).zones, z => serving(\(s), in: z) > 0%) >= 1 }\n",
        "count(\(s).zones, z => ready(\(s), in: z) >= 1) >= 1 }\n",
      ])
    }
    if dice.chance(60) {
      text +=
        "  guard \"no flapping\" { failovers(\(s), last: \(dice.pick(["10m", "1h"]))) == 0 }\n"
    }
    if dice.chance(15) {
      text += "  failback after \(dice.pick(["2m", "10m", "20m"]))"
      text += dice.pick(["", ", ask \"oncall\""]) + "\n"
    }
    self.text = text + "}\n" + Self.runbooks(service, &dice)
  }

  private static func zoneDetector(
    _ service: RandomTopology.Service, _ alert: RandomAlert?, _ dice: inout Dice
  ) -> String {
    let s = service.name
    let plain = dice.pick([
      "serving(\(s), in: z) < 50%", "serving(\(s), in: z) == 0%", "serving(\(s), in: z) < 100%",
      "ready(\(s), in: z) < 1", "ready(\(s), in: z) < desired(\(s), in: z)",
      "count(nodes(in: z), n => n.ready) == 0",
    ])
    let condition =
      alert.map { dice.chance(40) ? "\($0.condition) and \(plain)" : $0.condition } ?? plain
    let target =
      service.zones.count > 1 ? "healthiest(\(s).zones, except: z)" : "\(service.zones[0])"
    let lasting = dice.pick(["", " lasting 10s", " lasting 30s", " lasting 60s", " lasting 90s"])
    return "  on lost(z in \(s).zones) when \(condition)\(lasting) {\n"
      + "    run move_\(s)(from: z, to: \(target))\n  }\n"
  }

  /// What looks at no single zone.
  private static func otherDetector(
    _ service: RandomTopology.Service, _ dice: inout Dice
  ) -> String {
    let s = service.name
    let (from, to) = (dice.pick(service.zones), dice.pick(service.zones))
    var conditions = [
      "not recovered(\(s))", "not reachable(k)", "capacity(\(to), for: \(s)) < 1",
      "count(nodes(in: \(from)), n => not n.ready) >= 1",
    ]
    if let front = service.measured.first {
      conditions.append("success_rate(\(front), over: 10s) < 90%")
    }
    return "  on unwell when \(dice.pick(conditions)) lasting \(dice.pick(["20s", "1m"])) {\n"
      + "    run move_\(s)(from: \(from), to: \(to))\n  }\n"
  }

  private static func runbooks(_ service: RandomTopology.Service, _ dice: inout Dice) -> String {
    let s = service.name
    var body = ""
    if dice.chance(45) { body += "  lock \"\(s)\" for 30m\n" }
    if dice.chance(20) { body += "  require capacity(to, for: \(s)) >= 1 else \"full\"\n" }
    if dice.chance(15) { body += "  require reachable(to.cluster) else \"nobody answers\"\n" }
    var others = ""
    let adds = dice.chance(55)
    if adds {
      // It stands for what comes after it, and is refused where nothing of that can fail.
      if dice.chance(15) { body = "  on failure why { pause 1s }\n" + body }
      let add = Self.add(s, &dice)
      if dice.chance(15) {
        body += "  run fill_\(s)(to: to)\n"
        others += "\nrunbook fill_\(s)(to: Zone) {\n\(add)}\n"
      } else {
        body += add
      }
    }
    if adds, dice.chance(60) {
      let bound = dice.pick([
        " within 1h", " within 2m", " within 5m", " within 10m", " within 10m",
      ])
      body += "  wait until ready(\(s), in: to) >= 1\(bound)\n"
    }
    if dice.chance(15) { body += "  pause \(dice.upTo(20))s\n" }
    if dice.chance(20) {
      body += "  step \"warm up\" within 2m {\n    parallel limit 4 for p in pods(\(s), in: to) {"
      body += " inference.generate(p, prompt: \"ping\", max_tokens: 1) }\n  }\n"
    }
    if dice.chance(20) {
      let bound = dice.pick([" within 5m", " within 5m", ""])
      body += "  approve \"Go?\" by \"oncall\"\(bound)"
      body += (bound.isEmpty ? "" : dice.pick([" else abort", " else continue"])) + "\n"
    }
    body += Self.shifts(service, &dice)
    if dice.chance(20) {
      body += "  step \"cordon\" within 1m { for n in nodes(in: from) { kube.cordon(n) } }\n"
    }
    if dice.chance(12) {
      body += "  step \"empty\" within 1m { kube.scale(\(s), in: from, replicas: 0) }\n"
    }
    if dice.chance(4) {
      let zone = dice.pick(["from", "to"])
      body += "  step \"restart\" within 2m { kube.restart(\(s), in: \(zone)) }\n"
    }
    if dice.chance(5) {
      body += "  step \"drain\" within 5m { for n in nodes(in: from) { kube.drain(n) } }\n"
    }
    if dice.chance(5) {
      body += "  step \"evict\" within 3m { for p in pods(\(s), in: from) { kube.evict(p) } }\n"
    }
    if dice.chance(35) {
      body += "  verify serving(\(s), in: to) > 0% within 2m else \"not there\"\n"
    }
    if let front = service.measured.first, dice.chance(20) {
      body += "  verify success_rate(\(front), over: 20s) >= 99% within 3m else \"not answered\"\n"
    }
    if body.isEmpty { body = "  pause 1s\n" }
    return "\nrunbook move_\(s)(from: Zone, to: Zone) {\n\(body)}\n" + others
  }

  private static func add(_ s: String, _ dice: inout Dice) -> String {
    let retry = dice.pick(["", "", ", retry 2 every 5s", ", retry 3 every 2s backoff 2.0"])
    var text = "  step \"add\" within \(dice.pick(["30s", "1m", "3m"]))\(retry) {\n"
    text += "    let before = kube.scale(\(s), in: to, replicas: "
    text += dice.pick(["\(s).replicas", "\(s).replicas", "desired(\(s), in: to) + 1"]) + ")\n"
    if dice.chance(70) { text += "    undo { kube.scale(\(s), in: to, replicas: before) }\n" }
    return text + "  }\n"
  }

  private static func shifts(_ service: RandomTopology.Service, _ dice: inout Dice) -> String {
    let chosen = service.shiftable.filter { _ in dice.chance(75) }
    let s = service.name
    let steps = chosen.map { front in
      let weights = dice.pick([
        "[from: 0%, to: 100%]", "[for o in \(s).zones: o: if o == from { 0% } else { 100% }]",
      ])
      var text = "  step \"shift \(front)\" within \(dice.pick(["30s", "1m"])) {\n"
      text +=
        "    let before = traffic.weights(\(front))\n    traffic.shift(\(front), \(weights))\n"
      if dice.chance(70) { text += "    undo { traffic.shift(\(front), before) }\n" }
      return text + "  }\n"
    }
    guard steps.count > 1, dice.chance(40) else { return steps.joined() }
    let branches = steps.map { $0.split(separator: "\n").map { "  \($0)\n" }.joined() }
    return "  parallel {\n\(branches.joined())  }\n"
  }
}

/// An alert by which a policy learns of a loss.
struct RandomAlert {
  let text: String
  /// Of a detector that watches zones as `z`.
  let condition: String

  init(for service: RandomTopology.Service, _ dice: inout Dice) {
    let s = service.name
    let (query, isByZone) = dice.pick([
      ("sum by (zone) (up{job=\"\(s)\"}) == 0", true),
      ("min by (zone) (up{job=\"\(s)\"}) < 1", true),
      ("count(kube_node_status_condition{condition=\"Ready\",status=\"true\"} == 1) < 3", false),
      ("kube_node_status_condition{condition=\"Ready\",status=~\"false|unknown\"} == 1", false),
      ("kube_deployment_status_replicas_unavailable{deployment=~\"\(s)-.*\"} > 0", false),
      ("vllm:num_requests_waiting{job=\"\(s)\"} > 20", false),
    ])
    condition = "firing(Dark_\(s)\(isByZone ? ", with: { zone: z.label }" : ""))"
    let kind = dice.pick(["operator", "file"])
    var text = "\nalert Dark_\(s) for \(s) {\n  when = `\(query)`\n"
    text += "  lasting = \(dice.pick(["15s", "30s", "1m", "2m"]))\n  summary = \"dark\"\n"
    text += "  as = \"\(kind)\"\n}\n"
    if dice.chance(60) {
      text +=
        "\nprometheus watch_\(s) for k { services = [\(s)], every = \(dice.pick([10, 15, 30]))s }\n"
    }
    if dice.chance(90) {
      text += "\nalertmanager tell_\(s) for \(s) {\n  as = \"\(kind)\"\n"
      text += "  group_wait = \(dice.pick([0, 10, 30]))s\n  otherwise = waker_\(s)\n"
      text +=
        "  receiver waker_\(s) { starts { policy = keep_\(s), at = \"http://dr:9099/alerts\" } }\n}\n"
    }
    self.text = text
  }
}
