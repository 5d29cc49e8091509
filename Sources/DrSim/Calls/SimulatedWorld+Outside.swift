// SPDX-License-Identifier: Apache-2.0
//
// What is not simulated but answered: servers, chats and registries beside the clusters are well,
// and do what they are asked. A drill shows that a runbook gets there; what they would say is not
// known.

import DrData
import DrRun

extension SimulatedWorld {
  /// `nil` where the read is none of these.
  func readOutside(_ arguments: CallArguments) throws(WorldFailure) -> Document? {
    let given = arguments.call.arguments
    switch arguments.call.name {
    case "http.get": return response(given)
    // Nothing is measured here: that is how the absence of a series reads.
    case "prometheus.query": return .null
    case "alerts.firing": return .bool(isFiring(arguments.call))
    case "inference.load": return try engineLoad(arguments)
    case "inference.identity": return try identity(arguments)
    case "registry.digest": return .string("sha256:" + String(repeating: "0", count: 64))
    case "kube.allowed": return true
    case "kube.logs":
      _ = try reachableCluster(arguments)
      return ""
    case "kube.forward": return .string(try forwarded(arguments))
    case "kube.condition": return try condition(arguments)
    case "kube.rollout":
      let replicas = try readReplicas(arguments)
      func count(_ name: String) -> Int64 { replicas[name]?.intValue ?? 0 }
      let isDone = count("updated") >= count("desired") && count("available") >= count("desired")
      return [
        "done": .bool(isDone), "stalled": false, "desired": .int(count("desired")),
        "updated": .int(count("updated")), "available": .int(count("available")),
      ]
    default: return nil  // open: the standard library may name any native
    }
  }

  /// `nil` where the act is none of these.
  func actOutside(_ arguments: CallArguments) throws(WorldFailure) -> SimulatedAct? {
    let given = arguments.call.arguments
    func text(_ name: String) -> String { given[name]?.stringValue ?? "" }
    switch arguments.call.name {
    case "http.post":
      return accepted(text("url"), "\(text("method")) sent", response(given))
    case "notify.send": return accepted(text("service"), "told: \(text("text"))", true)
    case "alertmanager.silence": return accepted("alerts", "silenced", "simulated")
    case "registry.copy":
      let digest = "sha256:" + String(repeating: "0", count: 64)
      return accepted(text("to"), "copied from \(text("from"))", .string(digest))
    case "alertmanager.expire": return accepted("silence \(text("silence"))", "ended", .null)
    case "inference.sleep":
      return try setSleep(
        arguments, level: given["level"]?.intValue ?? 1, change: "put to sleep")
    case "inference.wake": return try setSleep(arguments, level: nil, change: "woken up")
    case "inference.pause": return try setSleep(arguments, level: 0, change: "paused")
    case "inference.resume": return try setSleep(arguments, level: nil, change: "resumed")
    case "inference.load_adapter":
      return accepted(text("url"), "adapter \(text("name")) loaded", false)
    case "inference.unload_adapter":
      return accepted(text("url"), "adapter \(text("name")) unloaded", true)
    case "shell.run":
      let words = given["command"]?.arrayValue?.compactMap(\.stringValue) ?? []
      return accepted(
        "this machine", "runs \(words.joined(separator: " "))",
        ["status": .int(given["status"]?.intValue ?? 0), "output": "", "errors": ""])
    case "kube.exec": return try exec(arguments)
    case "kube.patch":
      _ = try reachableCluster(arguments)
      return accepted(
        "\(text("resource"))/\(text("name"))", "patched", ["set": [:], "remove": []],
        permissions: permissions(kind(given), given))
    case "kube.rollout_undo":
      let deployment = deployments[try deployment(arguments)].spec.name
      return accepted(
        "deployments/\(deployment)", "the revision before", 1,
        permissions: permissions("deployments.apps", given) + [
          "list replicasets.apps in \(text("namespace"))"
        ])
    case "kube.restart":
      _ = try reachableCluster(arguments)
      return accepted(
        "\(text("name")) in \(text("namespace"))", "pods replaced", .null,
        permissions: permissions("\(text("kind").lowercased())s.apps", given))
    case "kube.label", "kube.annotate":
      _ = try reachableCluster(arguments)
      return accepted(
        "\(text("resource"))/\(text("name"))", "\(text("key")) → \(text("value"))", "",
        permissions: permissions(kind(given), given))
    default: return nil  // open: the standard library may name any native
    }
  }

  private func response(_ arguments: DocumentObject) -> Document {
    ["status": .int(arguments["status"]?.intValue ?? 200), "body": "{}"]
  }

  /// The kind of the object that a call names, as permissions have it: `deployments.apps`.
  private func kind(_ arguments: DocumentObject) -> String {
    let group = arguments["group"]?.stringValue ?? ""
    return (arguments["resource"]?.stringValue ?? "") + (group.isEmpty ? "" : ".\(group)")
  }

  /// What changing an object of that kind takes, in the namespace that a call names.
  private func permissions(_ kind: String, _ arguments: DocumentObject) -> [String] {
    let namespace = arguments["namespace"]?.stringValue ?? ""
    let place = namespace.isEmpty ? "" : " in \(namespace)"
    return ["get", "patch"].map { "\($0) \(kind)\(place)" }
  }

  private func accepted(
    _ target: String, _ change: String, _ result: Document, permissions: [String] = []
  ) -> SimulatedAct {
    SimulatedAct(
      observe: { () throws(WorldFailure) in
        Observation(
          target: target, changes: [change], permissions: permissions, state: .null, result: result)
      },
      perform: { (_) throws(WorldFailure) in result },
      isDone: { (_) throws(WorldFailure) in true })
  }
}
