// SPDX-License-Identifier: Apache-2.0

import DrData

/// An app that a service can say, or cannot.
package struct App: Sendable {
  package var facts: AppFacts
  /// Objects that the service stands for.
  package var objects: [ImportedObject]
  /// What a service cannot say of them; empty for an app that becomes one.
  package var reasons: [String] = []
  /// What is different afterwards.
  package var notes: [String] = []
}

/// Finds the apps among objects: a Deployment with what belongs to it, or the Deployments of one app
/// that `dr` made for its zones.
package struct AppReader {
  private let objects: [ImportedObject]
  /// Zones of apps that name none.
  private let zones: [String]
  /// CPU and memory of apps that do not say what they need.
  private let needs: AppFacts.Needs?

  package init(_ set: ManifestSet, zones: [String], needs: AppFacts.Needs? = nil) {
    objects = set.objects
    self.zones = zones
    self.needs = needs
  }

  package func apps() -> [App] {
    var groups: [(key: String, deployments: [ImportedObject])] = []
    for object in objects where object.kind == "Deployment" && object.group == "apps" {
      let key = groupKey(object)
      if let index = groups.firstIndex(where: { $0.key == key }) {
        groups[index].deployments.append(object)
      } else {
        groups.append((key, [object]))
      }
    }
    var apps = groups.map { app($0.deployments) }
    refuseSharedNames(&apps)
    return apps
  }

  /// What `dr` made for the zones of one service is one app; everything else stands by itself.
  private func groupKey(_ object: ImportedObject) -> String {
    let labels = object.document["metadata"]?["labels"]
    guard labels?["app.kubernetes.io/managed-by"]?.stringValue == "dr",
      let name = labels?["app.kubernetes.io/name"]?.stringValue
    else { return object.title }
    return "\(object.namespace ?? "") \(name)"
  }

  // MARK: One app

  private func app(_ deployments: [ImportedObject]) -> App {
    var whole: App?
    for deployment in deployments {
      let part = read(deployment, isOneOfMany: deployments.count > 1)
      guard var app = whole else {
        whole = part
        continue
      }
      app.objects += part.objects.filter { !app.objects.contains($0) }
      app.reasons += part.reasons.filter { !app.reasons.contains($0) }
      app.notes += part.notes.filter { !app.notes.contains($0) }
      app.facts.zones += part.facts.zones
      app.facts.replicas += part.facts.replicas
      if let scale = part.facts.autoscale { app.facts.autoscale?.min += scale.min }
      whole = app
    }
    return whole ?? App(facts: AppFacts(name: "", namespace: ""), objects: [])
  }

  private func read(_ deployment: ImportedObject, isOneOfMany: Bool) -> App {
    let labels = deployment.document["metadata"]?["labels"]
    let isOurs = labels?["app.kubernetes.io/managed-by"]?.stringValue == "dr"
    let name = isOurs ? labels?["app.kubernetes.io/name"]?.stringValue : nil
    var app = App(
      facts: AppFacts(name: name ?? deployment.name, namespace: deployment.namespace ?? "default"),
      objects: [deployment])
    var taking = Taking(deployment.document)
    let template = taking.take("spec", "template")
    app.facts.replicas = taking.take("spec", "replicas")?.intValue ?? 1
    if !Self.takeFrame(&taking, template: template) {
      app.reasons.append(
        "its selector or its pods' annotations are of a kind that a service has not")
    }
    let podLabels = template?["metadata"]?["labels"]?.objectValue ?? DocumentObject()
    var pod = PodReader(template, needs: needs)
    pod?.read(into: &app.facts, claims: claims(in: deployment.namespace))
    app.reasons += pod?.left ?? ["it has no pods"]
    app.notes += pod?.notes ?? []
    addClaims(to: &app, template)
    addAutoscaler(to: &app, deployment)
    addService(to: &app, podLabels, portName: pod?.portName)
    addBudget(to: &app, podLabels)
    addAccount(to: &app)
    addNamespace(to: &app)
    addMonitor(to: &app)
    app.reasons += taking.left(under: "")
    if app.facts.zones.isEmpty { app.facts.zones = zones }
    if app.facts.zones.isEmpty { app.reasons.append("no zone is named in it: say --zones a,b") }
    refuseSelectors(&app, podLabels)
    if !app.facts.volumes.isEmpty, !isOurs {
      app.notes.append(
        "its claims are new ones, one for each zone: the data does not come along by itself")
    }
    return app
  }

  /// Takes what surrounds the template and means nothing to a running pod, or what a service has, too.
  private static func takeFrame(_ taking: inout Taking, template: Document?) -> Bool {
    taking.take("apiVersion")
    taking.take("kind")
    for name in ["name", "namespace", "labels"] { taking.take("metadata", name) }
    let selector = taking.take("spec", "selector")
    taking.take("spec", "revisionHistoryLimit")
    taking.drop("spec", "progressDeadlineSeconds", ifOneOf: [600])
    taking.drop("spec", "minReadySeconds", ifOneOf: [0])
    taking.drop("spec", "strategy", "type", ifOneOf: ["RollingUpdate"])
    taking.take("spec", "strategy", "rollingUpdate")
    let metadata = template?["metadata"]?.objectValue ?? DocumentObject()
    return selector?["matchExpressions"] == nil
      && metadata.members.allSatisfy { ["labels", "creationTimestamp", "name"].contains($0.name) }
  }

  // MARK: What belongs to it

  private func claims(in namespace: String?) -> [String: ImportedObject] {
    let found = objects.filter { $0.kind == "PersistentVolumeClaim" && $0.namespace == namespace }
    return Dictionary(found.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  private func addClaims(to app: inout App, _ template: Document?) {
    let names = (template?["spec"]?["volumes"]?.arrayValue ?? []).compactMap {
      $0["persistentVolumeClaim"]?["claimName"]?.stringValue
    }
    let claims = claims(in: app.objects[0].namespace)
    app.objects += names.compactMap { claims[$0] }
  }

  private func addAutoscaler(to app: inout App, _ deployment: ImportedObject) {
    let scalers = objects.filter {
      $0.kind == "HorizontalPodAutoscaler" && $0.namespace == deployment.namespace
        && $0.document["spec"]?["scaleTargetRef"]?["kind"]?.stringValue == "Deployment"
        && $0.document["spec"]?["scaleTargetRef"]?["name"]?.stringValue == deployment.name
    }
    guard let scaler = scalers.first, var spec = Taking(scaler.document["spec"]) else { return }
    app.objects.append(scaler)
    spec.take("scaleTargetRef")
    let least = spec.take("minReplicas")?.intValue ?? 1
    let most = spec.take("maxReplicas")?.intValue ?? least
    var scale = AppFacts.Autoscale(min: least, max: most)
    scale.cpu = spec.take("targetCPUUtilizationPercentage")?.intValue
    for metric in spec.take("metrics")?.arrayValue ?? [] {
      let resource = metric["resource"]
      let share = resource?["target"]?["averageUtilization"]?.intValue
      switch resource?["name"]?.stringValue {
      case "cpu" where share != nil: scale.cpu = share
      case "memory" where share != nil: scale.memory = share
      case _: app.reasons.append("its autoscaler looks at more than the use of CPU and memory")
      }
    }
    if scale.cpu == nil, scale.memory == nil {
      app.reasons.append("its autoscaler looks at neither CPU nor memory")
    }
    app.reasons += spec.left(under: "autoscaler")
    app.facts.autoscale = scale
    if deployment.document["spec"]?["replicas"] == nil { app.facts.replicas = least }
  }

  private func addService(
    to app: inout App, _ podLabels: DocumentObject, portName: String?
  ) {
    let services = objects.filter {
      $0.kind == "Service" && $0.group.isEmpty && $0.namespace == app.objects[0].namespace
        && Self.selects($0.document["spec"]?["selector"], podLabels)
    }
    guard let service = services.first else {
      app.notes.append("it gets a Service")
      return
    }
    app.objects.append(service)
    if services.count > 1 { app.reasons.append("several Services lead to it") }
    guard var spec = Taking(service.document["spec"]) else { return }
    spec.take("selector")
    let type = spec.take("type")?.stringValue ?? "ClusterIP"
    spec.drop("sessionAffinity", ifOneOf: ["None"])
    spec.drop("externalTrafficPolicy", ifOneOf: ["Cluster"])
    spec.drop("internalTrafficPolicy", ifOneOf: ["Cluster"])
    spec.drop("allocateLoadBalancerNodePorts", ifOneOf: [true])
    let ports = spec.take("ports")?.arrayValue ?? []
    app.reasons += spec.left(under: "Service.spec")
    if service.document["metadata"]?["annotations"] != nil {
      app.reasons.append("its Service has annotations")
    }
    guard ports.count == 1, let port = ports[0]["port"]?.intValue, ports[0]["nodePort"] == nil,
      ports[0]["protocol"]?.stringValue ?? "TCP" == "TCP"
    else {
      app.reasons.append("its Service has several ports, or one of a kind that a service has not")
      return
    }
    let target = ports[0]["targetPort"]
    let isOurs =
      (target == nil && port == app.facts.port) || target?.intValue == app.facts.port
      || (target?.stringValue != nil && target?.stringValue == portName)
    if !isOurs { app.reasons.append("its Service leads to another port") }
    app.facts.expose = AppFacts.Expose(port: port, type: type)
    if service.name != app.facts.name {
      // Others find it by the name of its Service; nobody does by that of its Deployment.
      app.notes.append("it is called as its Service is, and no longer \(app.facts.name)")
      app.facts.name = service.name
    }
  }

  private func addBudget(to app: inout App, _ podLabels: DocumentObject) {
    let budgets = objects.filter {
      $0.kind == "PodDisruptionBudget" && $0.namespace == app.objects[0].namespace
        && Self.selects($0.document["spec"]?["selector"]?["matchLabels"], podLabels)
    }
    guard let budget = budgets.first else {
      app.notes.append("it gets a disruption budget: one replica at a time")
      return
    }
    app.objects.append(budget)
    let spec = budget.document["spec"]
    let most = spec?["maxUnavailable"]
    if most != 1 {
      let text = (most ?? spec?["minAvailable"]).map { JSON.write($0) } ?? "nothing"
      app.notes.append(
        "its disruption budget allows one replica at a time, where it said "
          + "\(most == nil ? "minAvailable" : "maxUnavailable") \(text)")
    }
  }

  private func addAccount(to app: inout App) {
    guard let account = app.facts.account else { return }
    let found = objects.first {
      $0.kind == "ServiceAccount" && $0.name == account.name
        && $0.namespace == app.objects[0].namespace
    }
    guard let found else {
      app.reasons.append("its ServiceAccount \(account.name) is not here")
      return
    }
    var taking = Taking(found.document)
    for path in ["apiVersion", "kind"] { taking.take(path) }
    for name in ["name", "namespace", "labels"] { taking.take("metadata", name) }
    // What the pod says counts more than what its account does.
    let ofAccount = taking.take("automountServiceAccountToken")?.boolValue
    app.facts.account?.hasToken = account.hasToken ?? ofAccount ?? true
    if let pull = app.facts.pullSecret {
      let secret = Document.object(DocumentObject([("name", .string(pull))]))
      taking.drop("imagePullSecrets", ifOneOf: [.array([secret])])
    }
    app.reasons += taking.left(under: "ServiceAccount")
    app.objects.append(found)
  }

  private func addNamespace(to app: inout App) {
    let name = app.facts.namespace
    guard let namespace = objects.first(where: { $0.kind == "Namespace" && $0.name == name }) else {
      return
    }
    var taking = Taking(namespace.document)
    for path in ["apiVersion", "kind"] { taking.take(path) }
    taking.take("metadata", "name")
    taking.drop("metadata", "labels", "kubernetes.io/metadata.name", ifOneOf: [.string(name)])
    taking.drop("metadata", "labels", "name", ifOneOf: [.string(name)])
    taking.drop("metadata", "labels", "app.kubernetes.io/managed-by", ifOneOf: ["dr"])
    taking.drop("metadata", "labels", ifOneOf: [.object(DocumentObject())])
    if taking.left(under: "").isEmpty {
      app.objects.append(namespace)
    } else {
      app.reasons.append("its Namespace has labels or annotations of its own")
    }
  }

  /// What `dr` itself makes of a service.
  private func addMonitor(to app: inout App) {
    for object in objects where object.kind == "ServiceMonitor" && object.name == app.facts.name {
      let labels = object.document["metadata"]?["labels"]
      if labels?["app.kubernetes.io/managed-by"]?.stringValue == "dr",
        object.namespace == app.objects[0].namespace
      {
        app.objects.append(object)
      }
    }
  }

  // MARK: What stands in the way

  private static func selects(_ selector: Document?, _ labels: DocumentObject) -> Bool {
    guard case .object(let wanted)? = selector, !wanted.members.isEmpty else { return false }
    return wanted.members.allSatisfy { labels[$0.name] == $0.value }
  }

  /// Other objects that find its pods by labels, which a service gives them anew.
  private func refuseSelectors(_ app: inout App, _ podLabels: DocumentObject) {
    for object in objects
    where object.namespace == app.objects[0].namespace && !app.objects.contains(object) {
      let selectors = [
        object.document["spec"]?["podSelector"]?["matchLabels"],
        object.document["spec"]?["selector"]?["matchLabels"],
      ]
      // What has pods of its own only names those.
      let isWorkload = object.document["spec"]?["template"] != nil
      if !isWorkload, selectors.contains(where: { Self.selects($0, podLabels) }) {
        app.reasons.append("\(object.title) finds its pods by their labels")
      }
    }
  }

  /// Two services of one name in one namespace would give the same objects.
  private func refuseSharedNames(_ apps: inout [App]) {
    for index in apps.indices {
      for other in apps.indices where other < index && apps[other].reasons.isEmpty {
        if apps[other].facts.name == apps[index].facts.name,
          apps[other].facts.namespace == apps[index].facts.namespace
        {
          apps[index].reasons.append("another app has its name")
        }
      }
    }
  }
}
