// SPDX-License-Identifier: Apache-2.0

import DrData

/// Reads what a service can say off the template of a pod. `left` collects what it cannot.
struct PodReader {
  private var pod: Taking
  private(set) var left: [String] = []
  private(set) var notes: [String] = []
  private let needs: AppFacts.Needs?

  /// `needs` are those of a pod that does not say them.
  init?(_ template: Document?, needs: AppFacts.Needs?) {
    guard let pod = Taking(template?["spec"]) else { return nil }
    self.pod = pod
    self.needs = needs
  }

  /// Fills in everything but the replicas. `claims` are the claims of the app's namespace by name.
  mutating func read(into facts: inout AppFacts, claims: [String: ImportedObject]) {
    readDefaults(&facts)
    readPlacement(&facts)
    guard let containers = pod.take("containers")?.arrayValue, containers.count == 1,
      var container = Taking(containers[0])
    else {
      left.append("its pods have more than one container")
      return
    }
    readContainer(&container, into: &facts)
    facts.security = PodSecurity.take(pod: &pod, container: &container)
    readVolumes(&container, into: &facts, claims: claims)
    left += container.left(under: "container")
    left += pod.left(under: "pod")
  }

  private mutating func readDefaults(_ facts: inout AppFacts) {
    pod.drop("restartPolicy", ifOneOf: ["Always"])
    pod.drop("dnsPolicy", ifOneOf: ["ClusterFirst"])
    pod.drop("schedulerName", ifOneOf: ["default-scheduler"])
    pod.drop("securityContext", ifOneOf: [.object(DocumentObject())])
    readTolerations(&facts)
    let account = pod.take("serviceAccountName")?.stringValue
    // The old name of the same field, which the API server fills in.
    pod.drop("serviceAccount", ifOneOf: account.map { ["default", .string($0)] } ?? ["default"])
    if let account, account != "default" {
      let hasToken = pod.take("automountServiceAccountToken")?.boolValue
      facts.account = AppFacts.Account(name: account, hasToken: hasToken)
    }
    facts.grace = pod.take("terminationGracePeriodSeconds")?.intValue ?? 30
    if let secrets = pod.take("imagePullSecrets")?.arrayValue {
      facts.pullSecret = secrets.first?["name"]?.stringValue
      if secrets.count > 1 { left.append("it has several imagePullSecrets") }
    }
  }

  /// The Secret that holds a variable under the variable's own name; nil for a variable of another kind.
  private static func secret(_ variable: Document) -> String? {
    guard var taking = Taking(variable), let name = taking.take("name")?.stringValue,
      taking.take("valueFrom", "secretKeyRef", "key")?.stringValue == name,
      let secret = taking.take("valueFrom", "secretKeyRef", "name")?.stringValue
    else { return nil }
    taking.drop("valueFrom", "secretKeyRef", "optional", ifOneOf: [false])
    return taking.left(under: "").isEmpty ? secret : nil
  }

  private mutating func readTolerations(_ facts: inout AppFacts) {
    for toleration in pod.take("tolerations")?.arrayValue ?? [] {
      guard var taking = Taking(toleration), let key = taking.take("key")?.stringValue,
        !key.hasPrefix("node.kubernetes.io/")
      else {
        left.append("it tolerates more than one kind of taint, or a node that is lost")
        continue
      }
      let isEqual = taking.take("operator")?.stringValue ?? "Equal" == "Equal"
      let value = taking.take("value")?.stringValue
      let effect = taking.take("effect")?.stringValue
      left += taking.left(under: "pod.tolerations")
      facts.tolerations.append(
        AppFacts.Toleration(
          key: key, value: isEqual ? value ?? "" : nil, effect: effect == "" ? nil : effect))
    }
  }

  // MARK: Where it runs

  static let zoneLabel = "topology.kubernetes.io/zone"
  private static let hostLabel = "kubernetes.io/hostname"

  private mutating func readPlacement(_ facts: inout AppFacts) {
    if case .object(let selector)? = pod.take("nodeSelector") {
      for (name, value) in selector.members {
        let text = value.stringValue ?? ""
        if name == Self.zoneLabel {
          facts.zones = [text]
        } else {
          facts.nodeLabels.append(.init(name: name, value: text))
        }
      }
    }
    let required = "requiredDuringSchedulingIgnoredDuringExecution"
    if let terms = pod.take("affinity", "nodeAffinity", required, "nodeSelectorTerms")?.arrayValue {
      if let zones = Self.zones(terms) {
        facts.zones = zones
      } else {
        left.append("pod.affinity.nodeAffinity")
      }
    }
    for constraint in pod.take("topologySpreadConstraints")?.arrayValue ?? [] {
      switch constraint["topologyKey"]?.stringValue {
      case Self.zoneLabel: break  // A service has a Deployment for each zone.
      case Self.hostLabel where constraint["maxSkew"] == 1:
        if constraint["whenUnsatisfiable"] == "DoNotSchedule" { facts.requiresNodes = true }
      case let key: left.append("it spreads over \(key ?? "something without a topologyKey")")
      }
    }
    if let terms = pod.take("affinity", "podAntiAffinity", required)?.arrayValue {
      if terms.count == 1, terms[0]["topologyKey"]?.stringValue == Self.hostLabel {
        facts.isApart = true
      } else {
        left.append("pod.affinity.podAntiAffinity")
      }
    }
    // Replicas on different nodes, or in different zones, as far as it goes: what a service does.
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution"
    if let terms = pod.take("affinity", "podAntiAffinity", preferred)?.arrayValue {
      let keys = terms.map { $0["podAffinityTerm"]?["topologyKey"]?.stringValue }
      if keys.contains(where: { $0 != Self.zoneLabel && $0 != Self.hostLabel }) {
        left.append("pod.affinity.podAntiAffinity")
      }
    }
  }

  /// The zones of one term that asks for nothing else; `nil` for anything else.
  private static func zones(_ terms: [Document]) -> [String]? {
    guard terms.count == 1, let expressions = terms[0]["matchExpressions"]?.arrayValue,
      expressions.count == 1, terms[0].objectValue?.members.count == 1,
      expressions[0]["key"]?.stringValue == zoneLabel,
      expressions[0]["operator"]?.stringValue == "In"
    else { return nil }
    return expressions[0]["values"]?.arrayValue?.compactMap(\.stringValue)
  }

  // MARK: The container

  private mutating func readContainer(_ container: inout Taking, into facts: inout AppFacts) {
    container.take("name")
    facts.image = container.take("image")?.stringValue ?? ""
    // What the API server chooses by the tag.
    let tag = facts.image.split(separator: "/").last?.split(separator: ":").dropFirst().first
    let isLatest = !facts.image.contains("@") && (tag == nil || tag == "latest")
    let usual = isLatest ? "Always" : "IfNotPresent"
    facts.pullPolicy = container.take("imagePullPolicy")?.stringValue
    if facts.pullPolicy == usual { facts.pullPolicy = nil }
    container.drop("terminationMessagePath", ifOneOf: ["/dev/termination-log"])
    container.drop("terminationMessagePolicy", ifOneOf: ["File"])
    container.drop("securityContext", ifOneOf: [.object(DocumentObject())])
    facts.command = (container.take("command")?.arrayValue ?? []).compactMap(\.stringValue)
    facts.arguments = (container.take("args")?.arrayValue ?? []).compactMap(\.stringValue)
    for variable in container.take("env")?.arrayValue ?? [] {
      let name = variable["name"]?.stringValue ?? ""
      if let secret = Self.secret(variable) {
        facts.secrets.append(.init(name: name, value: secret))
      } else if variable["valueFrom"] != nil {
        left.append("its environment has \(name) from somewhere else")
      } else {
        facts.environment.append(.init(name: name, value: variable["value"]?.stringValue ?? ""))
      }
    }
    readPort(&container, into: &facts)
    readResources(&container, into: &facts)
    let probes = [
      ("startupProbe", "startup"), ("livenessProbe", "live"), ("readinessProbe", "ready"),
    ]
    for (member, name) in probes {
      guard let probe = container.take(member) else { continue }
      if let read = Self.probe(probe, name, portName: portName, port: facts.port) {
        facts.probes.append(read)
      } else {
        left.append("its \(member) is no plain HTTP check of its port")
      }
    }
    readLinger(&container, into: &facts)
  }

  private(set) var portName: String?

  private mutating func readPort(_ container: inout Taking, into facts: inout AppFacts) {
    let ports = container.take("ports")?.arrayValue ?? []
    guard ports.count == 1, let port = ports[0]["containerPort"]?.intValue else {
      left.append(ports.isEmpty ? "it has no port" : "it has several ports")
      return
    }
    facts.port = port
    portName = ports[0]["name"]?.stringValue
    if ports[0]["protocol"]?.stringValue ?? "TCP" != "TCP" { left.append("its port is not TCP") }
    if ports[0]["hostPort"] != nil { left.append("container.ports.hostPort") }
  }

  private mutating func readResources(_ container: inout Taking, into facts: inout AppFacts) {
    func text(_ value: Document?) -> String? {
      value?.stringValue ?? value?.intValue.map { String($0) }
    }
    let requests = container.take("resources", "requests")
    let limits = container.take("resources", "limits")
    let ownCPU = text(requests?["cpu"]) ?? text(limits?["cpu"])
    let ownMemory = text(limits?["memory"]) ?? text(requests?["memory"])
    guard let cpu = ownCPU ?? needs?.cpu, let memory = ownMemory ?? needs?.memory else {
      left.append("it does not say how much CPU and memory it needs: say --needs 100m,128Mi")
      return
    }
    facts.cpu = cpu
    facts.memory = memory
    if ownCPU == nil { notes.append("it asks for \(cpu) of a CPU, as --needs says") }
    if ownMemory == nil {
      notes.append("it gets a limit of memory, \(memory), as --needs says")
    }
    if limits?["cpu"] != nil {
      notes.append("its CPU limit goes: throttling makes servers miss their probes")
    }
    if let asked = text(requests?["memory"]), asked != memory {
      notes.append("it asks for all of its memory limit, \(memory) instead of \(asked)")
    }
    let gpus = text(limits?["nvidia.com/gpu"]) ?? text(requests?["nvidia.com/gpu"])
    facts.gpus = gpus.flatMap { Int64($0) } ?? 0
    let known = ["cpu", "memory", "nvidia.com/gpu"]
    for (name, _) in (requests?.objectValue?.members ?? []) + (limits?.objectValue?.members ?? [])
    where !known.contains(name) {
      left.append("container.resources.\(name)")
    }
  }

  private static func probe(
    _ probe: Document, _ name: String, portName: String?, port: Int64
  ) -> AppFacts.Probe? {
    guard var taking = Taking(probe),
      let path = taking.take("httpGet", "path")?.stringValue ?? "/"
        as String?
    else { return nil }
    let target = taking.take("httpGet", "port")
    let isOurs =
      target?.intValue == port || (target?.stringValue != nil && target?.stringValue == portName)
    taking.drop("httpGet", "scheme", ifOneOf: ["HTTP"])
    taking.drop("successThreshold", ifOneOf: [1])
    let read = AppFacts.Probe(
      name: name, path: path,
      after: taking.take("initialDelaySeconds")?.intValue ?? 0,
      every: taking.take("periodSeconds")?.intValue ?? 10,
      timeout: taking.take("timeoutSeconds")?.intValue ?? 1,
      failures: taking.take("failureThreshold")?.intValue ?? 3)
    return isOurs && taking.rest.members.isEmpty ? read : nil
  }

  private mutating func readLinger(_ container: inout Taking, into facts: inout AppFacts) {
    guard let hook = container.take("lifecycle") else { return }
    let words = hook["preStop"]?["exec"]?["command"]?.arrayValue?.compactMap(\.stringValue)
    if hook.objectValue?.members.count == 1,
      let seconds = hook["preStop"]?["sleep"]?["seconds"]?.intValue
    {
      facts.linger = seconds
    } else if hook.objectValue?.members.count == 1, let words, words.count == 2,
      words[0] == "sleep",
      let seconds = Int64(words[1])
    {
      facts.linger = seconds
    } else {
      left.append("container.lifecycle")
    }
  }

  // MARK: Volumes

  private mutating func readVolumes(
    _ container: inout Taking, into facts: inout AppFacts, claims: [String: ImportedObject]
  ) {
    let volumes = pod.take("volumes")?.arrayValue ?? []
    let mounts = container.take("volumeMounts")?.arrayValue ?? []
    for volume in volumes {
      let name = volume["name"]?.stringValue ?? ""
      guard let claimName = volume["persistentVolumeClaim"]?["claimName"]?.stringValue,
        let claim = claims[claimName]
      else {
        left.append("its volume \(name) is no claim that is here")
        continue
      }
      let places = mounts.filter { $0["name"]?.stringValue == name }
      guard places.count == 1, let at = places[0]["mountPath"]?.stringValue,
        places[0].objectValue?.members.count == 2, let read = Self.claim(claim, name: name, at: at)
      else {
        left.append("its volume \(name) is mounted or claimed in a way of its own")
        continue
      }
      facts.volumes.append(read)
    }
    let names = volumes.compactMap { $0["name"]?.stringValue }
    if mounts.contains(where: { !names.contains($0["name"]?.stringValue ?? "") }) {
      left.append("container.volumeMounts")
    }
  }

  private static func claim(
    _ claim: ImportedObject, name: String, at: String
  ) -> AppFacts.Volume? {
    guard var spec = Taking(claim.document["spec"]) else { return nil }
    let modes = spec.take("accessModes")?.arrayValue?.compactMap(\.stringValue) ?? []
    let size = spec.take("resources", "requests", "storage")?.stringValue
    let storageClass = spec.take("storageClassName")?.stringValue
    spec.drop("volumeMode", ifOneOf: ["Filesystem"])
    guard modes.count == 1, ["ReadWriteOnce", "ReadWriteMany"].contains(modes[0]), let size,
      spec.rest.members.isEmpty
    else { return nil }
    return AppFacts.Volume(
      name: name, at: at, size: size, accessMode: modes[0], storageClass: storageClass)
  }
}
