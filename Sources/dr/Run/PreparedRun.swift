// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrEmit
import DrEval
import DrGraph
import DrHost
import DrRun
import DrSema
import DrSystem

/// A program, its runbook and the runbook's arguments, checked and ready to be planned or run.
///
/// Instead of a runbook it may be the reaction of a policy: `keep_serving.zone_lost(cn-beijing-az1)`.
struct PreparedRun {
  private enum Subject {
    case runbook(FunctionID, [Value])
    case reaction(Value)
  }

  let project: Project
  let machine: Machine
  private let subject: Subject
  let launch: Launch
  /// The functions that it may come to call on the world, whatever happens.
  let natives: [String]

  /// Loads everything; prints what is wrong and throws the exit status where it is.
  init(_ launch: Launch, style: OutputStyle) throws {
    self.launch = launch
    var (project, functions) = Self.check(launch, style, .named(expression: launch.argumentList))
    // What is wrong with an argument may be told with names that the program does not name.
    if project.checker.program.runbooks[launch.runbook] != nil, functions == nil {
      (project, functions) = Self.check(launch, style, .whole)
    }
    self.project = project
    guard !project.diagnostics.hasErrors else { throw project.fail() }
    try Self.refuseSecrets(launch, project)
    if let runbook = project.checker.program.runbooks[launch.runbook] {
      natives = project.checker.natives(reachableFrom: runbook)
      try Self.check(launch, natives)
      guard let functions else {
        project.reportArgumentMistakes()
        throw project.fail()
      }
      machine = try Self.load(project)
      do {
        subject = .runbook(runbook, try functions.map { [machine] in try machine.call($0, []) })
      } catch let diagnostic as Diagnostic {
        project.report(diagnostic)
        throw project.fail()
      }
      return
    }
    guard launch.runbook.contains("."), launch.arguments.isEmpty else {
      throw Self.unknown(launch, project)
    }
    machine = try Self.load(project)
    guard let found = try? PolicyModel.reaction(named: launch.runbook, of: machine)?.body,
      let function = machine.function(of: found)
    else { throw Self.unknown(launch, project) }
    subject = .reaction(found)
    natives = project.checker.natives(
      within: [machine.program.checked[function].span].compactMap { $0 })
    try Self.check(launch, natives)
  }

  /// The program, and the values of the runbook's arguments; `nil` where it has no such runbook, or something is wrong.
  private static func check(
    _ launch: Launch, _ style: OutputStyle, _ prelude: Prelude
  ) -> (Project, [FunctionID]?) {
    let project = Project(
      file: WorkingFolder.relative(launch.file), inputs: launch.inputs, style: style,
      prelude: prelude)
    guard !project.diagnostics.hasErrors,
      let runbook = project.checker.program.runbooks[launch.runbook]
    else { return (project, nil) }
    return (project, project.checker.checkArguments(launch.arguments, of: runbook))
  }

  /// A fiber about to run it.
  func makeBody() -> Fiber {
    switch subject {
    case .runbook(let runbook, let arguments): machine.start(runbook, arguments)
    case .reaction(let closure): machine.start(closure: closure, [])
    }
  }

  /// Where the program's clusters are; none where it is simulated, or comes to no cluster. Throws where the kubeconfig
  /// has none of them, or not the context that was asked for.
  func places() throws(Diagnostic) -> [ClusterPlace] {
    switch launch.world {
    case .simulated: []
    case .real: try launch.places(of: machine.clusterLabels(), for: natives)
    }
  }

  /// The real world that the launch names. Where there is none, that is said, and throws.
  func makeWorld() throws -> RealWorld {
    do throws(Diagnostic) {
      return try launch.makeRealWorld(for: natives)
    } catch {
      project.report(error)
      throw project.fail()
    }
  }

  /// Does something in that world, and gives it up then.
  func inWorld(_ body: (RealWorld) async throws -> Void) async throws {
    let world = try makeWorld()
    do {
      try await body(world)
    } catch {
      await world.shutdown()
      throw error
    }
    await world.shutdown()
  }

  /// Who works on the run from here on, as its journal notes it.
  func life(in places: [ClusterPlace]) -> Life {
    Life(
      by: launch.cause.map { "a policy for \($0.service) (\(Approver.user))" } ?? Approver.user,
      machine: ProcessName.host, version: Version.text, file: launch.file,
      clusters: places.map { place in
        ClusterPlace(
          cluster: place.cluster, context: place.context,
          server: URLPassword.removed(from: place.server), user: place.user)
      })
  }

  private static func load(_ project: Project) throws -> Machine {
    guard let machine = project.loadModel() else { throw project.fail() }
    return machine
  }

  private static func unknown(_ launch: Launch, _ project: Project) -> ExitCode {
    let names = project.checker.program.runbooks.keys.sorted()
    project.report(
      Diagnostic(
        .unknownName, "\(project.file) has no runbook `\(launch.runbook)`",
        help: nearestName(to: launch.runbook, among: names).map { "did you mean `\($0)`?" }
          ?? "it has \(names.isEmpty ? "none" : names.joined(separator: ", "))"))
    return project.fail()
  }

  /// Throws where an argument or an input holds a secret: before anything is written, for they are kept to be
  /// resumed with.
  static func refuseSecrets(_ launch: Launch, _ project: Project) throws {
    for text in launch.arguments + launch.inputs where SecretText.isIn(text) {
      let name = text.prefix { $0 != "=" && $0 != ":" }
      project.report(Diagnostic(.wrongArguments, "`\(name)`: \(SecretText.refusal)"))
      throw project.fail()
    }
  }

  /// Throws, with the reasons, where it may come to what is not granted.
  static func check(_ launch: Launch, _ natives: [String]) throws {
    let refused = natives.compactMap { name in
      launch.grants.refusal(of: name).map { "  \(name)  \($0)" }
    }
    guard refused.isEmpty else {
      Console.write(
        "\(launch.runbook) needs what it is not granted:\n\(refused.joined(separator: "\n"))\n",
        to: .error)
      throw ExitCode(1)
    }
  }

  /// What a journal says the run is.
  func identity(runID: String) -> RunIdentity {
    let fingerprint = ProgramFingerprint(project)
    return RunIdentity(
      runID: runID, runbook: launch.runbook, arguments: DocumentObject(arguments),
      programDigest: fingerprint.digest, sources: fingerprint.sources, version: Version.text,
      world: launch.world.rawValue)
  }

  /// What is promised of the services that it names or is given, each once, in the order in which it does.
  var objectives: [Objective] {
    let program = machine.program.checked
    var values: [Value] = []
    var references = References(of: [], in: program)
    switch subject {
    case .runbook(let runbook, let arguments):
      values = arguments
      references = References(ofRunbook: runbook, in: program)
    case .reaction(let closure):
      if let function = machine.function(of: closure) {
        references = References(ofRunbook: function, in: program)
      }
    }
    values += references.globals.compactMap { try? machine.global($0) }
    var objectives: [Objective] = []
    for value in values {
      guard let label = text(value, "label"), let objective = field(value, "objective"),
        let recovery = field(objective, "rto").flatMap({ machine.int($0) }), recovery > 0,
        !objectives.contains(where: { $0.service == label })
      else { continue }
      objectives.append(Objective(service: label, recovery: recovery))
    }
    return objectives
  }

  private func field(_ value: Value, _ name: String) -> Value? {
    (try? machine.field(value, named: name)) ?? nil
  }

  private func text(_ value: Value, _ name: String) -> String? {
    field(value, name).flatMap { machine.string($0) }
  }

  private var arguments: [(String, Document)] {
    guard case .runbook(let runbook, let values) = subject else { return [] }
    let parameters = project.checker.program[runbook].parameters
    return zip(parameters, values).map { parameter, value in
      (
        parameter.label,
        .string(SecretText.mask(machine.describe(value, type: parameter.type)))
      )
    }
  }
}

/// What a program and its inputs are known by.
struct ProgramFingerprint {
  let digest: String
  /// The program's own files.
  let sources: [RunIdentity.Source]

  init(_ project: Project) {
    var digest = SHA256()
    var sources: [RunIdentity.Source] = []
    for file in Self.inOrder(project.checker.program.sources.files) {
      // Without its folder: a run is gone on with from wherever one stands.
      digest.update(Array((file.name.split(separator: "/").last ?? "").utf8))
      digest.update(file.bytes)
      guard !file.name.hasPrefix("stdlib/") else { continue }
      sources.append(RunIdentity.Source(name: file.name, digest: SHA256.hexDigest(file.bytes)))
    }
    for input in project.inputs { digest.update(Array(input.utf8)) }
    self.digest = SHA256.hex(digest.finish())
    self.sources = sources
  }

  /// The library's by their names, for when each is read depends on who reads the program; then the program's own, in
  /// the order in which they use one another.
  private static func inOrder(_ files: [SourceFile]) -> [SourceFile] {
    let files = files.filter { !$0.name.hasSuffix("=") }
    return files.filter { $0.name.hasPrefix("stdlib/") }.sorted { $0.name < $1.name }
      + files.filter { !$0.name.hasPrefix("stdlib/") }
  }
}
