// SPDX-License-Identifier: Apache-2.0
//
// DrEmit: from a checked program to manifests. It calls every `emit` function of stdlib/emit with
// every block of the type that its first parameter names, and puts what they yield into an order.
// It knows no kind of object by its contents; the backends do.

import DrBase
import DrData
import DrEval
import DrSchema
import DrSema

/// What a program gives for one target; nothing but diagnostics when there is a mistake.
package struct CompileResult: Sendable {
  /// In an order in which they can be applied.
  package var manifests: [Manifest] = []
  /// What is no Kubernetes object.
  package var files: [EmittedFile] = []
  /// Where there is an error, the rest is empty.
  package var diagnostics: [Diagnostic] = []

  /// All objects as one text: YAML documents, or a JSON `List`, which kubectl reads. `format` is
  /// the one that they were compiled in.
  package func stream(
    _ format: ManifestFormat, sourceComments: Bool = false, drills: Bool = false
  ) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(manifests.reduce(80) { $0 + $1.text.count + $1.source.utf8.count + 12 })
    stream(format, sourceComments: sourceComments, drills: drills) { text += $0 }
    return text
  }

  /// The labels of drills whose faults no stream holds: a stream is there to be applied, and nobody
  /// wants an outage because of that.
  package var drills: [String] {
    var seen: Set<String> = []
    return manifests.compactMap(\.drill).filter { seen.insert($0).inserted }
  }

  /// The same, part by part; the faults of drills only where they are asked for.
  package func stream(
    _ format: ManifestFormat, sourceComments: Bool, drills: Bool = false,
    to write: (ArraySlice<UInt8>) -> Void
  ) {
    func say(_ text: String) { write(Array(text.utf8)[...]) }
    let shown = manifests.indices.lazy.filter { drills || manifests[$0].drill == nil }
    var latest: ArraySlice<UInt8> = []
    switch format {
    case .yaml:
      let separator = Array("---\n".utf8)[...]
      for index in shown {
        let text = manifests[index].text
        // What two clusters share is the same.
        if text == latest { continue }
        if !latest.isEmpty { write(separator) }
        if sourceComments { write(manifests[index].origin.comment[...]) }
        write(text)
        latest = text
      }
    case .json:
      say("{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n")
      for index in shown {
        if !latest.isEmpty { say(",\n") }
        latest = manifests[index].text.dropLast()
        write(latest)
      }
      say(latest.isEmpty ? "]}\n" : "\n]}\n")
    }
  }
}

/// Calls the backends of one program.
package struct Compiler {
  private let machine: Machine
  private var result = CompileResult()
  private var manifests = ManifestSet()
  /// What backends are told of the target.
  private var target = Document.null
  /// What is compiled, by type, in source order.
  private var blocks: [RecordID: [SourceBlock]] = [:]
  private var files: [String: (file: EmittedFile, origin: Span)] = [:]
  /// The blocks that something was said of already.
  private var reported: Set<[Span]> = []
  private var findings = SchemaFindings()

  private let format: ManifestFormat
  private let customSchemas: [SchemaTables]

  /// The machine's model must have been computed without failures. `customSchemas` are those of
  /// custom resources.
  package init(
    machine: Machine, format: ManifestFormat = .yaml, customSchemas: [SchemaTables] = []
  ) {
    self.machine = machine
    self.format = format
    self.customSchemas = customSchemas
  }

  private var program: CheckedProgram { machine.program.checked }

  /// Compiles for one version, or where it is `nil` for the version that the program's clusters
  /// run.
  /// With `block`, what the named blocks of that name give and nothing else; with `kind`, what the
  /// blocks give that this word begins; with `cluster`, what that cluster gets, for its version: its
  /// own, and what belongs to none.
  package mutating func compile(
    target: KubernetesVersion?, block: String? = nil, kind: String? = nil, cluster: String? = nil
  ) -> CompileResult {
    result = CompileResult()
    manifests = ManifestSet()
    files = [:]
    reported = []
    findings = SchemaFindings()
    do throws(Diagnostic) {
      var version = target
      if version == nil { version = try clusterVersion(of: cluster) }
      guard let version else { return result }
      let schemas = KubernetesSchemas.set(for: version, custom: customSchemas)
      var reader = ManifestReader(machine, schemas)
      var sink = ManifestSink(format, schemas)
      try collectBlocks(named: block, kind: kind)
      if let cluster {
        for record in blocks.keys {
          blocks[record]?.removeAll { $0.source.cluster ?? cluster != cluster }
        }
      }
      manifests = ManifestSet(reserving: 4 * blocks.values.reduce(0) { $0 + $1.count })
      self.target = description(version)
      for id in program.emits { try run(id, &reader, &sink) }
    } catch {
      result.diagnostics.append(error)
    }
    result.diagnostics += findings.finished()
    if result.diagnostics.hasErrors {
      result.files = []
    } else {
      result.manifests = manifests.sorted()
    }
    return result
  }

  /// The one version that all clusters of the program run, or that the cluster of that label runs.
  package func clusterVersion(
    of label: String? = nil
  ) throws(Diagnostic) -> KubernetesVersion {
    var versions: [(version: KubernetesVersion, span: Span)] = []
    for id in program.roots {
      guard case .block(let record, _) = program[id].body, program[record].name == "Cluster" else {
        continue
      }
      let cluster = try machine.global(id)
      if let label, try machine.field(cluster, named: "label").flatMap(machine.string) != label {
        continue
      }
      guard let value = try machine.field(cluster, named: "kubernetes"),
        let text = machine.string(value)
      else { continue }
      versions.append((try Self.version(text, at: program[id].span), program[id].span))
    }
    guard let first = versions.first else { return KubernetesVersion.known.upperBound }
    for other in versions.dropFirst() where other.version != first.version {
      throw Diagnostic(
        .unsupportedTarget, "the program's clusters run different versions of Kubernetes",
        at: other.span, caption: other.version.text,
        labels: [Label(first.span, first.version.text)],
        help: "say for which to compile: --target kubernetes=\(first.version.text)")
    }
    return first.version
  }

  /// Reads a version that a user wrote.
  package static func version(_ text: String, at span: Span?) throws(Diagnostic)
    -> KubernetesVersion
  {
    let known = KubernetesVersion.known
    guard let version = KubernetesVersion(text) else {
      throw Diagnostic(
        .unsupportedTarget, "\"\(text)\" is no version of Kubernetes", at: span,
        help: "write it as \"\(known.upperBound.text)\"")
    }
    guard known.contains(version) else {
      throw Diagnostic(
        .unsupportedTarget, "Kubernetes \(version.text) is not known here", at: span,
        help: "manifests are written for \(known.lowerBound.text) to \(known.upperBound.text)")
    }
    return version
  }

  private mutating func collectBlocks(
    named name: String?, kind: String?
  ) throws(Diagnostic) {
    blocks = [:]
    var ways = ClusterWays()
    let program = program
    for id in program.roots + program.outlines.map(\.block) {
      guard let record = program.blockType(of: id) else { continue }
      if let name, program[id].name != name { continue }
      if let kind, program[record].keyword != kind { continue }
      blocks[record, default: []].append(try SourceBlock(id, record, of: machine, &ways))
    }
    if let kind, blocks.isEmpty {
      throw Diagnostic(
        .unsupportedTarget, "the program has no `\(kind)` block, so nothing comes out for it",
        at: nil, help: "`dr doc \(kind)` shows what such a block says")
    }
  }

  private mutating func run(
    _ id: FunctionID, _ reader: inout ManifestReader,
    _ sink: inout ManifestSink
  ) throws(Diagnostic) {
    let function = program[id]
    guard function.parameters.count == 2,
      case .record(let wanted) = program.types[function.parameters[0].type]
    else {
      throw Diagnostic(
        .wrongArguments, "a backend takes a block of one type, and the target", at: function.span,
        help: "write `emit \(function.name)(s: Service, to: Target) { … }`")
    }
    guard let own = blocks[wanted], !own.isEmpty else { return }
    let to = try machine.value(target, as: function.parameters[1].type)
    for index in own.indices {
      try machine.scratch { () throws(Diagnostic) in
        let objects = try machine.emitted(try machine.call(id, [own[index].value, to]))
        // Most backends give nothing for most blocks: who made it is looked at after that.
        if objects.isEmpty { return }
        let source = own[index].source
        let maker = SchemaFindings.Maker(machine: machine, function: id, source: source)
        for object in objects { try add(object, by: maker, &reader, &sink) }
      }
    }
  }

  /// What backends know of the target. The program's files are left out where a ConfigMap could not
  /// hold them.
  private func description(_ version: KubernetesVersion) -> Document {
    var target = DocumentObject([("kubernetes", .string(version.text))])
    let files = program.files.map { ($0.path, program.sources[$0.file].bytes) }
    guard files.reduce(0, { $0 + $1.1.count }) <= 900_000 else { return .object(target) }
    var hash = SHA256()
    for (path, bytes) in files {
      hash.update(path.utf8)
      hash.update(bytes)
    }
    target["digest"] = .string(String(SHA256.hex(hash.finish()).prefix(16)))
    target["sources"] = .object(
      DocumentObject(files.map { ($0.0, .string(String(decoding: $0.1, as: UTF8.self))) }))
    return .object(target)
  }

  private mutating func add(
    _ object: Value, by maker: SchemaFindings.Maker, _ reader: inout ManifestReader,
    _ sink: inout ManifestSink
  ) throws(Diagnostic) {
    if let path = machine.member(object, "file").flatMap(machine.string),
      let text = machine.member(object, "text").flatMap(machine.string)
    {
      addFile(EmittedFile(path: path, text: text), from: maker.origin, backend: maker.backend)
      return
    }
    let manifest: Manifest
    do throws(InvalidManifest) {
      manifest = try reader.manifest(object, from: maker.source)
    } catch {
      return report(error, from: maker.origin, backend: maker.backend)
    }
    let type = manifest.type
    try machine.write(object, to: &sink) { $0.begin(type.schemaType) }
    let version = sink.validator.schemas.version
    findings.add(type, version: version, by: maker)
    var problems = sink.validator.problems
    if let rule = type.rule {
      var builder = DocumentBuilder()
      try machine.write(object, to: &builder) { $0 = DocumentBuilder() }
      problems += rule.problems(with: builder.document)
    }
    for problem in problems {
      findings.add(problem, kind: type.kind, version: version, by: maker)
    }
    if let earlier = manifests.add(manifest, sink.text) {
      reportDuplicate(manifest.title, at: maker.origin, earlier: earlier.span)
    }
  }

  private mutating func addFile(_ file: EmittedFile, from origin: Span, backend: Function) {
    guard !file.path.hasPrefix("/"), !file.path.split(separator: "/").contains("..") else {
      result.diagnostics.append(
        Diagnostic(
          .invalidManifest, "the backend `\(backend.name)` wrote outside the output folder",
          at: backend.span, caption: "to \(file.path)", labels: [Label(origin, "for this block")],
          help: "write a path below the folder: \"load/name.py\""))
      return
    }
    if let earlier = files[file.path] {
      guard earlier.file != file else { return }
      reportDuplicate(file.path, at: origin, earlier: earlier.origin)
      return
    }
    files[file.path] = (file, origin)
    result.files.append(file)
  }

  /// Says once of two blocks that they give the same, however many objects that are.
  private mutating func reportDuplicate(_ what: String, at origin: Span, earlier: Span) {
    guard reported.insert([origin, earlier]).inserted else { return }
    result.diagnostics.append(
      Diagnostic(
        .duplicateManifest, "two blocks give \(what), and not the same", at: origin,
        labels: [Label(earlier, "the other one")], help: "give one of them another label"))
  }

  /// A bad name is the block's mistake, said once for all of its objects; anything else is the
  /// backend's.
  private mutating func report(
    _ failure: InvalidManifest, from origin: Span, backend: Function
  ) {
    guard failure.name == nil else {
      guard reported.insert([origin]).inserted else { return }
      result.diagnostics.append(
        Diagnostic(
          .invalidManifest, failure.reason, at: origin,
          labels: [Label(backend.span, "this backend names an object so")], help: failure.help))
      return
    }
    result.diagnostics.append(
      Diagnostic(
        .invalidManifest,
        "the backend `\(backend.name)` gave no Kubernetes object: \(failure.reason)",
        at: backend.span, labels: [Label(origin, "for this block")],
        help: "yield { apiVersion: …, kind: …, metadata: { name: … }, … }"))
  }
}
