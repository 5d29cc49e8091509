// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrHost
import DrRun
import DrSystem

/// How clusters are found.
struct KubeconfigOptions: ParsableArguments {
  @Option(help: "Kubeconfig file. Default: $KUBECONFIG, ~/.kube/config, the pod's service account.")
  var kubeconfig: String?

  @Option(
    help:
      "Context of the kubeconfig. Default: the one named like the program's cluster, else the current one."
  )
  var context: String?

  @OptionGroup var acting: ImpersonationOptions
}

/// Whom clusters see.
struct ImpersonationOptions: ParsableArguments {
  @Option(
    name: .customLong("as"),
    help: "Act as this user in clusters, as kubectl does. Where runs are kept is not concerned.")
  var user: String?

  @Option(name: .customLong("as-group"), help: "And as of this group. May be repeated.")
  var groups: [String] = []

  func validate() throws {
    if user == nil, !groups.isEmpty {
      throw ValidationError("--as-group goes with --as: as whom, of that group?")
    }
    for name in groups + [user].compactMap(\.self) {
      let isPlain = name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
      guard !name.isEmpty, isPlain else {
        throw ValidationError("--as and --as-group take names, in one line")
      }
    }
  }

  var impersonation: Impersonation? { user.map { Impersonation(user: $0, groups: groups) } }
}

/// Which world a runbook or a drill is for.
struct WorldOptions: ParsableArguments {
  @Option(
    help:
      "real or simulated. Default: real, for runbooks, unless options of the simulated world are given; simulated, for drills."
  )
  var world: Launch.WorldKind?

  @OptionGroup var cluster: KubeconfigOptions

  /// Where a runbook is meant. Never simulated unasked: a failover on a machine that lacks a kubeconfig must fail, not
  /// look as if it had happened.
  func ofRunbook(_ simulation: SimulationOptions) throws -> Launch.WorldKind {
    guard simulation.areGiven else { return world ?? .real }
    if world == .real {
      throw ValidationError("--lose, --start-after and --seed are for the simulated world")
    }
    return .simulated
  }

  /// A drill, which breaks things, is real only where the user says so.
  var ofDrill: Launch.WorldKind { world ?? .simulated }
}

extension Launch.WorldKind: ExpressibleByArgument {}

/// The runbook that is meant, and what it is given.
struct RunbookArguments: ParsableArguments {
  @Argument(help: "The program.")
  var file: String?

  @Argument(help: "The runbook, then its arguments: evacuate from=az1 to=az2.")
  var words: [String] = []

  @OptionGroup var granted: GrantOptions

  func launch(
    _ source: SourceOptions, _ world: WorldOptions, _ simulation: SimulationOptions
  ) throws -> Launch {
    guard let file else { throw ValidationError("which program, and which runbook of it?") }
    guard let runbook = words.first, !runbook.contains("=") else {
      ProgramUsage.askForRunbook(of: file)
      throw ExitCode(2)
    }
    var launch = try Launch(
      file: absolutePath(file), runbook: runbook, arguments: Array(words.dropFirst()),
      inputs: source.inputs(), world: world.ofRunbook(simulation),
      kubeconfig: world.cluster.kubeconfig.map(absolutePath), context: world.cluster.context)
    launch.grants = granted.grants
    launch.impersonation = world.cluster.acting.impersonation
    if launch.world == .simulated, launch.impersonation != nil {
      throw ValidationError("--as is for clusters: the simulated world asks nobody who they are")
    }
    return launch
  }
}

extension Launch {
  /// The real world as this launch names it.
  ///
  /// A run that comes to no cluster needs no kubeconfig.
  func makeRealWorld(for natives: [String]) throws(Diagnostic) -> RealWorld {
    var options = RealWorld.Options()
    switch try loadKubeconfig(for: natives) {
    case .success(let found): options.kubeconfig = found
    case .failure(let diagnostic): options.withoutKubeconfig = diagnostic.message
    }
    options.context = context
    return RealWorld(options)
  }

  /// Where the program's clusters are. Throws where the kubeconfig has none of them; none where nothing in a cluster
  /// is come to.
  func places(of clusters: [String], for natives: [String]) throws(Diagnostic) -> [ClusterPlace] {
    guard isNamed || Self.comeToClusters(natives) || Self.mayComeToClusters(natives),
      case .success(let found) = try loadKubeconfig(for: natives)
    else { return [] }
    do throws(Diagnostic) {
      return try found.places(of: clusters.isEmpty ? [""] : clusters, chosen: context)
    } catch {
      if isNamed || Self.comeToClusters(natives) { throw error }
      return []
    }
  }

  /// The kubeconfig; why there is none where it can be done without.
  private func loadKubeconfig(
    for natives: [String]
  ) throws(Diagnostic) -> Result<Kubeconfig, Diagnostic> {
    do throws(Diagnostic) {
      var found = try KubeconfigSource.standard(given: kubeconfig).load()
      found.impersonation = impersonation
      return .success(found)
    } catch {
      if isNamed { throw error }
      if Self.comeToClusters(natives) { throw error.orSimulated }
      return .failure(error)
    }
  }

  private var isNamed: Bool { kubeconfig != nil || context != nil || impersonation != nil }

  private static func comeToClusters(_ natives: [String]) -> Bool {
    natives.contains { name in ["kube.", "lock."].contains(where: name.hasPrefix) }
  }

  /// Whether a front is an object of a cluster is only known once it is asked: `traffic.shift` comes to all kinds.
  private static func mayComeToClusters(_ natives: [String]) -> Bool {
    natives.contains { name in ["gslb.", "route."].contains(where: name.hasPrefix) }
  }
}

extension Diagnostic {
  /// The same, with the way out for who only wants to see what a runbook does.
  fileprivate var orSimulated: Diagnostic {
    var diagnostic = self
    let way = "`--world simulated` shows what the runbook does without a cluster"
    diagnostic.help = help.map { "\($0); \(way)" } ?? way
    return diagnostic
  }
}
