// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrEmit
import DrImport
import DrSchema
import DrSystem

struct Import: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn manifests into a program.",
    discussion: """
      A Deployment with its Service, autoscaler, disruption budget and claims becomes a service where that says all of \
      it; everything else stays word for word as a manifest. The program is compiled again and compared with what was \
      read, and what became of every object is told on standard error.

      Exit status 1 when something could not be read, or the comparison found a difference.
      """
  ).ofDr

  @Argument(help: "Files and folders of YAML or JSON; - is standard input.")
  var paths: [String] = []

  @Option(help: "Import what is in this namespace of a cluster instead.")
  var namespace: String?

  @Option(help: "With --namespace: context of the kubeconfig. Default: the current one.")
  var context: String?

  @Option(help: "With --namespace: kubeconfig file.")
  var kubeconfig: String?

  @Option(help: "Zones of apps that name none themselves: --zones eu-west-1a,eu-west-1b.")
  var zones: String?

  @Option(help: "CPU and memory of apps that do not say what they need: --needs 100m,128Mi.")
  var needs: String?

  @Option(help: "Name of the cluster in the program. Default: the context's, else imported.")
  var cluster: String?

  @Flag(help: "Keep everything word for word: no services.")
  var verbatim = false

  @Flag(help: "Keep Secrets, too, with what is in them.")
  var withSecrets = false

  @OptionGroup var target: TargetOptions

  @Option(name: [.short, .long], help: "File to write the program to. Default: standard output.")
  var output: String?

  @OptionGroup var report: ReportOptions

  func validate() throws {
    if namespace == nil, paths.isEmpty {
      throw ValidationError("name files, folders, - for standard input, or a --namespace")
    }
    if namespace != nil, !paths.isEmpty {
      throw ValidationError("either files or --namespace")
    }
  }

  mutating func run() async throws {
    var options = Importer.Options()
    options.keepsAll = verbatim
    options.zones = zones?.split(separator: ",").map(String.init) ?? []
    if let needs {
      guard let read = AppFacts.Needs(needs) else {
        throw ValidationError("\(visible(needs)) is no CPU and memory: write --needs 100m,128Mi")
      }
      options.needs = read
    }
    var set = ManifestSet()
    if let namespace {
      #if DR_OFFLINE
        throw ValidationError("this dr was built without the network: it cannot read \(namespace)")
      #else
        let live = try await LiveObjects.read(
          namespace: namespace, context: context, kubeconfig: kubeconfig, withSecrets: withSecrets)
        for object in live.objects { set.add(object, origin: live.context, isLive: true) }
        options.cluster = live.context
        options.version = live.version
        options.pools = live.pools
        if options.zones.isEmpty { options.zones = live.zones }
      #endif
    } else {
      for path in paths { try Self.read(path, into: &set) }
    }
    if let cluster { options.cluster = cluster }
    do throws(Diagnostic) {
      if let version = try target.version() { options.version = version.text }
    } catch {
      throw ValidationError("\(error.message); \(error.help ?? "")")
    }
    if !withSecrets { set.removeSecrets() }
    let oldest = options.version == nil ? Self.oldestObject(in: set) : nil
    if let oldest { options.version = oldest.version.text }
    let result: ImportResult
    do throws(ImportFailure) {
      result = try Importer(set, options: options).result()
    } catch {
      Console.write("what was imported is no program:\n\(error.program)\n", to: .error)
      throw ExitCode(1)
    }
    if let output {
      try AtomicFile.write(Array(result.program.utf8), to: output)
    } else {
      Console.write(result.program)
    }
    let differences = Self.differences(result, report.style(.text))
    ImportReport(
      set: set, result: result, differences: differences, oldest: oldest,
      paint: Paint(isOn: report.style(.text).usesColour(.error))
    ).write()
    if !set.problems.isEmpty || !differences.isEmpty { throw ExitCode(1) }
  }

  // MARK: Reading

  private static func read(_ path: String, into set: inout ManifestSet) throws {
    for file in try ManifestPaths.below(path) {
      let bytes = try Input.read(file)
      let name = file == "-" ? "standard input" : file
      do throws(DataError) {
        for document in try YAML.parse(bytes) { set.add(document, origin: name) }
      } catch {
        Console.write("\(name):\(error.line):\(error.column): \(error.message)\n", to: .error)
        throw ExitCode(1)
      }
    }
  }

  /// The object that is gone earliest, and the last version of Kubernetes that has it; `nil` where the newest has all.
  private static func oldestObject(
    in set: ManifestSet
  ) -> (object: ImportedObject, version: KubernetesVersion)? {
    let schemas = KubernetesSchemas.set(for: KubernetesVersion.known.upperBound)
    let gone = set.objects.compactMap { object -> (ImportedObject, KubernetesVersion)? in
      guard case .gone(let last, _) = schemas.look(up: object.kind, in: object.apiVersion) else {
        return nil
      }
      return (object, last)
    }
    return gone.min { $0.1 < $1.1 }
  }

  // MARK: The proof

  /// What the program does not give again.
  private static func differences(_ result: ImportResult, _ style: OutputStyle) -> [String] {
    let project = Project(
      file: "imported.dr", inputs: [], style: style, includesBackends: true,
      bytes: Array(result.program.utf8))
    guard let machine = project.loadModel() else {
      project.printDiagnostics()
      return ["the program has mistakes"]
    }
    var compiler = Compiler(machine: machine, format: .json)
    let compiled = compiler.compile(target: nil)
    guard !compiled.diagnostics.hasErrors else {
      for diagnostic in compiled.diagnostics { project.report(diagnostic) }
      project.printDiagnostics()
      return ["the program cannot be compiled"]
    }
    return RoundTrip.differences(
      result, compiled: compiled.manifests.compactMap { try? JSON.parse(Array($0.text)) })
  }
}

/// What became of every object, for people.
struct ImportReport {
  let set: ManifestSet
  let result: ImportResult
  let differences: [String]
  /// The object for whose sake the program is for an old version.
  let oldest: (object: ImportedObject, version: KubernetesVersion)?
  let paint: Paint

  func write() {
    var lines: [String] = []
    for problem in set.problems {
      lines.append("\(paint("not read", .red)) \(problem.origin): \(problem.reason)")
    }
    for app in result.services {
      lines.append(
        "\(paint("service", .green)) \(app.facts.name): \(app.objects.map(\.title).joined(separator: ", "))"
      )
      lines += app.notes.map { "  \($0)" }
    }
    for (object, reasons) in result.manifests {
      lines.append("\(paint("manifest", .yellow)) \(object.title)")
      lines += reasons.map { "  no service: \($0)" }
    }
    lines += set.leftOut.map { "\(paint("left out", .yellow)) \($0)" }
    if let oldest {
      let object = oldest.object
      lines.append(
        "for Kubernetes \(oldest.version.text): no later one has \(object.title) in \(object.apiVersion)"
      )
    }
    for difference in differences { lines.append("\(paint("different", .red)) \(difference)") }
    let taken = result.services.reduce(0) { $0 + $1.objects.count }
    let services = result.services.count
    let count = set.objects.count
    var summary = "\(count) object\(count == 1 ? "" : "s"): "
    if services > 0 { summary += "\(taken) in \(services) service\(services == 1 ? "" : "s"), " }
    summary += "\(result.manifests.count) word for word"
    summary +=
      differences.isEmpty ? "; compiled again they are equal" : "; \(differences.count) differences"
    lines.append(summary)
    Console.write(lines.joined(separator: "\n") + "\n", to: .error)
  }
}
