// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrActions
import DrBase
import DrData
import DrHost
import DrSystem

/// Where the records of runs are kept.
struct StoreOptions: ParsableArguments {
  @Option(
    help: """
      Where runs are kept: local, a folder (written with a /), or a cluster that any machine can go on from: cluster, \
      cluster:NAMESPACE or cluster:CONTEXT/NAMESPACE. Default: `store` in [run] of dr.toml, else local.
      """)
  var store: StoreName?

  /// Opens it for a command, closes it afterwards, and says why where it does not do what it is asked.
  ///
  /// `program` is the file whose project says where, should no option do.
  func use(
    near program: String? = nil, kubeconfig: String? = nil, context: String? = nil,
    _ body: (RunStore) async throws -> Void
  ) async throws {
    try await use(open(near: program, kubeconfig: kubeconfig, context: context), body)
  }

  /// The same for a launch. A simulated run is kept nowhere, and needs no cluster.
  func use(for launch: Launch, _ body: (RunStore) async throws -> Void) async throws {
    guard launch.world == .real else { return try await use(.local, body) }
    try await use(
      near: launch.file, kubeconfig: launch.kubeconfig, context: launch.context, body)
  }

  private func use(
    _ store: RunStore, _ body: (RunStore) async throws -> Void
  ) async throws {
    do {
      try await body(store)
    } catch let failure as StoreFailure {
      await store.records.close()
      Console.write("\(failure.message)\n", to: .error)
      throw failure.exitCode
    } catch {
      await store.records.close()
      throw error
    }
    await store.records.close()
  }

  private func open(near program: String?, kubeconfig: String?, context: String?) throws -> RunStore
  {
    switch try store ?? StoreName.ofProject(near: program) ?? .local {
    case .local: return .local
    case .folder(let folder):
      do throws(FileFailure) {
        try makeDirectories(folder)
      } catch {
        Console.write("\(error.message)\n", to: .error)
        throw ExitCode(1)
      }
      // By its absolute path, for runs are gone on with from other folders.
      return RunStore(FileRecordStore(state: realPath(folder) ?? folder, isDefault: false))
    case .cluster(let named, let namespace):
      do throws(Diagnostic) {
        return RunStore(
          try Self.cluster(named ?? context, namespace, kubeconfig: kubeconfig.map(absolutePath)))
      } catch {
        Console.write("\(error.message)\n", to: .error)
        throw ExitCode(3)
      }
    }
  }

  private static func cluster(
    _ context: String?, _ namespace: String, kubeconfig: String?
  ) throws(Diagnostic) -> ClusterRecordStore {
    var options = RealWorld.Options(
      kubeconfig: try KubeconfigSource.standard(given: kubeconfig).load())
    options.context = context
    guard let found = options.kubeconfig else {
      throw Diagnostic(.invalidKubeconfig, "there is no kubeconfig for the cluster that keeps runs")
    }
    let chosen = try found.destination(cluster: "", chosen: context).context
    let world = RealWorld(options)
    var settings = ClusterRecordStore.Settings()
    settings.isStopped = { StopSignal.remembered != nil }
    settings.notice = { Console.write("\($0)\n", to: .error) }
    let name = context.map { "cluster:\($0)/\(namespace)" } ?? "cluster:\(namespace)"
    return ClusterRecordStore(
      ClusterRecords(
        cluster: chosen, namespace: namespace, holder: ProcessName.unique, version: Version.text),
      through: world, place: "namespace \(namespace) of \(chosen)",
      options: ["--store", name] + (kubeconfig.map { ["--kubeconfig", $0] } ?? []), settings
    ) { await world.shutdown() }
  }
}

/// The cluster of commands that take no world.
struct StoreAccess: ParsableArguments {
  @Option(help: "Kubeconfig file. Default: $KUBECONFIG, ~/.kube/config, the pod's service account.")
  var kubeconfig: String?

  @Option(help: "Context of the kubeconfig. Default: the current one.")
  var context: String?

  @OptionGroup var options: StoreOptions

  func use(_ body: (RunStore) async throws -> Void) async throws {
    try await options.use(kubeconfig: kubeconfig, context: context, body)
  }
}

enum StoreName: ExpressibleByArgument {
  case local
  case folder(String)
  case cluster(context: String?, namespace: String)

  init?(argument: String) {
    if argument == "local" {
      self = .local
    } else if argument == "cluster" {
      self = .cluster(context: nil, namespace: "default")
    } else if argument.hasPrefix("cluster:") {
      // Names of contexts may have a / themselves.
      let words = argument.dropFirst("cluster:".count)
      let slash = words.lastIndex(of: "/")
      let namespace = slash.map { words[words.index(after: $0)...] } ?? words
      let context = slash.map { String(words[..<$0]) }
      guard !namespace.isEmpty, context?.isEmpty != true,
        namespace.allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") })
      else { return nil }
      self = .cluster(context: context, namespace: String(namespace))
    } else if argument.contains("/") {
      self = .folder(argument)
    } else {
      return nil
    }
  }

  /// What `dr.toml` of a file's project says, or of the one that the user stands in; `nil` where it says nothing.
  static func ofProject(near program: String?) throws -> StoreName? {
    let root =
      program.map { ProjectPlace(file: $0).root } ?? realPath(WorkingFolder.projectRoot) ?? "."
    let path = "\(root)/dr.toml"
    guard case .success(let bytes) = readFile(path) else { return nil }
    let tables: [TOML.Table]
    do throws(DataError) {
      tables = try TOML(bytes).tables
    } catch {
      throw ValidationError("\(path), line \(error.line): \(error.message)")
    }
    for table in tables where table.name == "run" {
      for entry in table.entries {
        guard entry.key == "store", case .string(let text) = entry.value,
          let name = StoreName(argument: text)
        else {
          throw ValidationError(
            "\(path): [run] takes store = \"local\", a folder, or \"cluster:NAMESPACE\"")
        }
        if case .folder(let folder) = name, !folder.hasPrefix("/") {
          return .folder("\(root)/\(folder)")
        }
        return name
      }
    }
    return nil
  }
}

extension StoreFailure {
  /// Exit statuses are listed in `dr --help`.
  var exitCode: ExitCode {
    switch kind {
    case .held: ExitCode(5)
    case .unreachable: ExitCode(3)
    case .refused: ExitCode(4)
    }
  }
}
