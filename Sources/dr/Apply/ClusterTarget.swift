// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrActions
import DrBase
import DrData
import DrEmit
import DrEval
import DrHost
import DrRun
import DrSchema
import DrSystem

/// Which clusters a program's objects are for.
struct ClusterOptions: ParsableArguments {
  @Option(help: "Kubeconfig file. Default: $KUBECONFIG, ~/.kube/config, the pod's service account.")
  var kubeconfig: String?

  @Option(
    name: .customLong("context"),
    help: """
      Context of the kubeconfig, or CLUSTER=CONTEXT for one of several clusters; may be repeated. Default: the one named \
      like the program's cluster; where there is but one cluster, else the current one.
      """)
  var contexts: [String] = []

  @OptionGroup var acting: ImpersonationOptions

  @Option(
    name: .customLong("cluster"), help: "Only this cluster of the program. May be repeated.")
  var clusters: [String] = []

  @Option(
    help: "The name under which the cluster keeps what the program made. Default: the file's name.")
  var owner: String?

  @Flag(help: "Leave out objects whose kind the cluster does not know.")
  var skipUnknownKinds = false

  func validate() throws {
    guard let owner else { return }
    let isGood = owner.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }
    guard isGood, !owner.isEmpty, owner.count <= 40, owner.first != "-", owner.last != "-" else {
      throw ValidationError("an owner is a name of small letters, digits and -, at most 40")
    }
  }

  /// The program's clusters that are meant, each with the context that was chosen for it.
  func chosen(of labels: [String]) throws -> [(cluster: String, context: String?)] {
    for name in clusters where !labels.contains(name) {
      throw ValidationError(
        "the program has no cluster \(name)"
          + (labels.isEmpty ? "" : "; it has \(labels.joined(separator: ", "))"))
    }
    var given: [String: String] = [:]
    var plain: String?
    for text in contexts {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        plain = text
        continue
      }
      guard labels.contains(parts[0]) else {
        throw ValidationError("--context \(text): the program has no cluster \(parts[0])")
      }
      given[parts[0]] = parts[1]
    }
    let meant = labels.isEmpty ? [""] : clusters.isEmpty ? labels : labels.filter(clusters.contains)
    if let plain {
      guard meant.count == 1 else {
        throw ValidationError(
          "the program has \(meant.count) clusters (\(meant.joined(separator: ", "))): say which one with --cluster, "
            + "or give each its context: --context \(meant[0])=\(plain)")
      }
      return [(meant[0], given[meant[0]] ?? plain)]
    }
    return meant.map { ($0, given[$0]) }
  }

  /// The owner's name: as given, else the program's file's without its extension.
  func owner(of file: String) -> String {
    if let owner { return owner }
    let name = file.split(separator: "/").last.map(String.init) ?? file
    let stem = name.hasSuffix(".dr") ? String(name.dropLast(3)) : name
    let slug = String(
      stem.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }.prefix(40))
    let trimmed = slug.drop { $0 == "-" }
    return trimmed.isEmpty ? "program" : String(trimmed).trimmingEnd("-")
  }
}

extension String {
  fileprivate func trimmingEnd(_ character: Character) -> String {
    var text = self[...]
    while text.last == character { text.removeLast() }
    return String(text)
  }
}

/// A program's objects and the cluster that they are for.
struct ClusterTarget {
  let project: Project
  let manifests: [DocumentObject]
  let owner: String
  let world: RealWorld
  let objects: ClusterObjects
  /// The context that requests go to.
  let context: String
  /// The version that the manifests were compiled for; `nil` where the program says it.
  let version: KubernetesVersion?
  let server: String

  /// Compiles the program for each of its clusters that are meant; fails with status 1 where it has
  /// mistakes, 3 where the kubeconfig does not have a cluster.
  static func all(
    file: String, source: SourceOptions, target: TargetOptions, options: ClusterOptions
  ) throws -> [ClusterTarget] {
    let project = try Project(
      file: file, inputs: source.inputs(), style: source.output.style, includesBackends: true)
    guard let machine = project.loadModel() else { throw project.fail() }
    let version: KubernetesVersion?
    let labels: [String]
    do throws(Diagnostic) {
      version = try target.version()
      labels = try machine.clusterLabels()
    } catch {
      project.report(error)
      throw project.fail()
    }
    // A world that was made must be shut down: whatever can go wrong comes before.
    let places = try options.chosen(of: labels)
    let manifests = try places.map { cluster, _ in
      try compiled(
        machine, project, version, target.kind, cluster: labels.count > 1 ? cluster : nil)
    }
    let destinations = try places.map { cluster, context in
      try Destination(cluster, context, isOnlyOne: places.count == 1, options, project)
    }
    try Destination.checkApart(destinations)
    return zip(destinations, manifests).map { destination, manifests in
      ClusterTarget(
        project, manifests, destination, version: version, owner: options.owner(of: file))
    }
  }

  private static func compiled(
    _ machine: Machine, _ project: Project, _ version: KubernetesVersion?, _ kind: String?,
    cluster: String?
  ) throws -> [DocumentObject] {
    var compiler = Compiler(machine: machine, format: .json)
    let result = compiler.compile(target: version, kind: kind, cluster: cluster)
    for diagnostic in result.diagnostics { project.report(diagnostic) }
    if result.diagnostics.hasErrors { throw project.fail() }
    // The faults of drills are injected when one is rehearsed, never because a program was applied.
    return try result.manifests.filter { $0.drill == nil }.map { manifest in
      guard case .object(let object) = try JSON.parse(Array(manifest.text)) else {
        return DocumentObject()
      }
      return object
    }
  }

  private init(
    _ project: Project, _ manifests: [DocumentObject], _ destination: Destination,
    version: KubernetesVersion?, owner: String
  ) {
    self.project = project
    self.manifests = manifests
    self.version = version
    self.owner = owner
    context = destination.context
    server = destination.server
    var worldOptions = RealWorld.Options(kubeconfig: destination.kubeconfig)
    worldOptions.context = context
    world = RealWorld(worldOptions)
    objects = ClusterObjects(cluster: context, agent: "dr/\(Version.text)")
  }

  /// What the world says to one question.
  func ask<Value>(_ flow: Flow<Value>) async throws(ClusterFailure) -> Value {
    switch await world.carryOut(flow) {
    case .success(let value): return value
    case .failure(let failure): throw ClusterFailure(failure)
    }
  }
}

/// Where a cluster's API server is.
private struct Destination {
  let cluster: String
  let kubeconfig: Kubeconfig
  let context: String
  let server: String

  /// Fails with status 3 where the kubeconfig does not have the cluster.
  init(
    _ cluster: String, _ chosen: String?, isOnlyOne: Bool, _ options: ClusterOptions,
    _ project: Project
  ) throws {
    self.cluster = cluster
    do throws(Diagnostic) {
      var kubeconfig = try KubeconfigSource.standard(given: options.kubeconfig).load()
      kubeconfig.impersonation = options.acting.impersonation
      self.kubeconfig = kubeconfig
      if !isOnlyOne, chosen == nil, !kubeconfig.contextNames.contains(cluster) {
        // The current context could be any of them.
        throw Diagnostic(
          .invalidKubeconfig, "the kubeconfig has no context called like the cluster \(cluster)",
          at: nil, help: "say which one it is: --context \(cluster)=…")
      }
      (context, server) = try kubeconfig.destination(cluster: cluster, chosen: chosen)
    } catch {
      project.report(error)
      project.printDiagnostics()
      throw ExitCode(3)
    }
  }

  /// Two clusters of a program are not one: what the one has, pruning would take from the other.
  static func checkApart(_ all: [Destination]) throws {
    for (index, one) in all.enumerated() {
      guard let other = all[..<index].first(where: { $0.server == one.server }) else { continue }
      Console.write(
        "the clusters \(other.cluster) and \(one.cluster) are the same API server, \(one.server): "
          + "give each its context\n", to: .error)
      throw ExitCode(3)
    }
  }
}

/// Why the cluster gave no answer that one can go on with.
struct ClusterFailure: Error {
  let message: String
  /// Whether nobody answered at all.
  let isUnreachable: Bool

  init(_ failure: WorldFailure) {
    message = failure.message
    switch failure {
    case .unreachable, .inDoubt: isUnreachable = true
    case .refused, .busy, .held, .unavailable: isUnreachable = false
    }
  }
}
