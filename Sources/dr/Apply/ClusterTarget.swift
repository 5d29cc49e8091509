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

/// Which cluster a program's objects are for.
struct ClusterOptions: ParsableArguments {
  @Option(help: "Kubeconfig file. Default: $KUBECONFIG, ~/.kube/config, the pod's service account.")
  var kubeconfig: String?

  @Option(
    help:
      "Context of the kubeconfig. Default: the one named like the program's cluster, else the current one."
  )
  var context: String?

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

  /// Compiles the program; fails with status 1 where it has mistakes, 3 where no cluster is named.
  init(
    file: String, source: SourceOptions, target: TargetOptions, options: ClusterOptions
  ) throws {
    let project = try Project(
      file: file, inputs: source.inputs(), style: source.output.style, includesBackends: true)
    self.project = project
    guard let machine = project.loadModel() else { throw project.fail() }
    let labels: [String]
    do throws(Diagnostic) {
      version = try target.version()
      labels = try machine.clusterLabels()
    } catch {
      project.report(error)
      throw project.fail()
    }
    var compiler = Compiler(machine: machine, format: .json)
    let result = compiler.compile(target: version)
    for diagnostic in result.diagnostics { project.report(diagnostic) }
    if result.diagnostics.hasErrors { throw project.fail() }
    manifests = try result.manifests.map { manifest in
      guard case .object(let object) = try JSON.parse(Array(manifest.text)) else {
        return DocumentObject()
      }
      return object
    }
    if labels.count > 1, options.context == nil {
      throw ValidationError(
        "the program has \(labels.count) clusters (\(labels.joined(separator: ", "))): say which one with --context"
      )
    }
    owner = options.owner(of: file)
    let cluster = labels.first ?? ""
    do throws(Diagnostic) {
      let kubeconfig = try KubeconfigSource.standard(given: options.kubeconfig).load()
      (context, server) = try kubeconfig.destination(cluster: cluster, chosen: options.context)
      var worldOptions = RealWorld.Options(kubeconfig: kubeconfig)
      worldOptions.context = context
      world = RealWorld(worldOptions)
    } catch {
      project.report(error)
      project.printDiagnostics()
      throw ExitCode(3)
    }
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
