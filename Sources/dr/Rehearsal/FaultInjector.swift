// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEmit
import DrEval
import DrHost
import DrRun
import DrSema

/// Makes a drill's faults in the real world, and takes them back. Both may be asked for again: what is
/// so already is left as it is.
protocol FaultInjector: Sendable {
  /// Why the fault of that number could not be made; `nil` where it was.
  func begin(_ number: Int) async -> String?
  /// Why it could not be taken back; `nil` where it was.
  func end(_ number: Int) async -> String?
}

extension FaultInjector {
  /// Tries for half a minute to take a fault back. Why it cannot be; `nil` where it was.
  func endAtLast(_ number: Int) async -> String? {
    var why = await end(number)
    var tries = 1
    while why != nil, tries < 30 {
      try? await Task.sleep(for: .seconds(1))
      why = await end(number)
      tries += 1
    }
    return why
  }
}

/// A program of the user's, called without a shell: `PROGRAM begin zone_outage cn-beijing-az1`, and the same
/// with `end`: the kind, and the labels of what is hit. It has a minute, and fails with any exit status but 0.
struct InjectorProgram: FaultInjector {
  let program: String
  let faults: [Document]
  let world: RealWorld

  func begin(_ number: Int) async -> String? { await run("begin", faults[number]) }
  func end(_ number: Int) async -> String? { await run("end", faults[number]) }

  private func run(_ word: String, _ fault: Document) async -> String? {
    let words = ["kind", "service", "zone", "other", "region", "pool", "name"].compactMap {
      fault[$0]?.stringValue
    }
    let call = WorldCall(
      name: "shell.run",
      arguments: DocumentObject([
        ("command", .array(([program, word] + words).map(Document.string))),
        ("status", .int(0)), ("timeout", .int(60_000_000_000)),
      ]), effect: .acts, actClass: .once, key: "drill")
    let nothing = Observation(target: "", changes: [], permissions: [], state: .null, result: .null)
    switch await world.answer(call, .perform(observed: nothing.document)) {
    case .success: return nil
    case .failure(let failure): return failure.message
    }
  }
}

/// Objects of Chaos Mesh, as `dr compile` writes them: applied with the first fault, deleted with the
/// last. Their own `duration` ends them too, whatever becomes of this process.
actor ChaosMeshInjector: FaultInjector {
  /// An object, and the name of its resource.
  struct Chaos: Sendable {
    let manifest: DocumentObject
    let plural: String
  }

  private let objects: [Chaos]
  private let cluster: String
  private let world: RealWorld
  private var active: Set<Int> = []

  /// The resources of Chaos Mesh by kind (chaos-mesh.org/v1alpha1).
  private static let plurals = [
    "NetworkChaos": "networkchaos", "PodChaos": "podchaos", "HTTPChaos": "httpchaos",
  ]

  /// What stdlib/emit/chaos_mesh.dr has an object for.
  private static let kinds: Set = [
    "zone_outage", "region_outage", "node_outage", "network_partition", "slow_network",
    "service_hang", "engine_stall",
  ]

  private static func isMade(_ fault: DrillModel.Fault) -> Bool {
    let kind = fault.document["kind"]?.stringValue ?? ""
    let isPlain = kind != "slow_network" || fault.document["latency"]?.intValue ?? 0 > 0
    return kinds.contains(kind) && isPlain
  }

  init(_ objects: [Chaos], cluster: String, world: RealWorld) {
    self.objects = objects
    self.cluster = cluster
    self.world = world
  }

  /// What a drill is to apply. Throws where Chaos Mesh has no object for one of the faults.
  static func objects(of drill: DrillModel, on machine: Machine) throws(Diagnostic) -> [Chaos] {
    if let strange = drill.faults.first(where: { !isMade($0) }) {
      throw Diagnostic(
        .unsupportedTarget, "Chaos Mesh cannot make the fault \(strange.name)",
        at: drill.span, help: "say what makes the faults: --injector PROGRAM")
    }
    var compiler = Compiler(machine: machine, format: .json)
    let result = compiler.compile(target: nil, kind: nil, cluster: nil)
    if let mistake = result.diagnostics.first(where: { $0.severity == .error }) { throw mistake }
    var objects: [Chaos] = []
    for manifest in result.manifests where manifest.drill == drill.label {
      guard let object = try? JSON.parse(Array(manifest.text)).objectValue,
        let plural = object["kind"]?.stringValue.flatMap({ Self.plurals[$0] })
      else { continue }
      objects.append(Chaos(manifest: object, plural: plural))
    }
    return objects
  }

  func begin(_ number: Int) async -> String? {
    active.insert(number)
    guard active.count == 1 else { return nil }
    for manifest in objects.map(\.manifest) {
      let why = await act(
        "kube.apply", .apply, [("cluster", .string(cluster)), ("manifest", .object(manifest))])
      if let why { return why }
    }
    return nil
  }

  func end(_ number: Int) async -> String? {
    active.remove(number)
    guard active.isEmpty else { return nil }
    for object in objects {
      let metadata = object.manifest["metadata"]
      let why = await act(
        "kube.delete", .verify,
        [
          ("cluster", .string(cluster)), ("group", "chaos-mesh.org"), ("version", "v1alpha1"),
          ("resource", .string(object.plural)), ("namespace", metadata?["namespace"] ?? ""),
          ("name", metadata?["name"] ?? ""), ("propagation", "Background"),
        ])
      if let why { return why }
    }
    return nil
  }

  private func act(
    _ name: String, _ actClass: ActClass, _ arguments: [(String, Document)]
  ) async -> String? {
    let call = WorldCall(
      name: name, arguments: DocumentObject(arguments), effect: .acts, actClass: actClass,
      key: "drill")
    switch await world.answer(call, .observe) {
    case .failure(let failure): return failure.message
    case .success(let observed):
      switch await world.answer(call, .perform(observed: observed)) {
      case .failure(let failure): return failure.message
      case .success: return nil
      }
    }
  }
}
