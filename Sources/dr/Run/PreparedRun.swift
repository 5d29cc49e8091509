// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrEval
import DrHost
import DrRun
import DrSema
import DrSystem

/// A program, its runbook and the runbook's arguments, checked and ready to be planned or run.
struct PreparedRun {
  let project: Project
  let machine: Machine
  let runbook: FunctionID
  let arguments: [Value]
  let launch: Launch
  /// The functions that it may come to call on the world, whatever happens.
  let natives: [String]

  /// Loads everything; prints what is wrong and throws the exit status where it is.
  init(_ launch: Launch, style: OutputStyle) throws {
    self.launch = launch
    project = Project(
      file: WorkingFolder.relative(launch.file), inputs: launch.inputs, style: style)
    guard !project.diagnostics.hasErrors else { throw project.fail() }
    let program = project.checker.program
    guard let runbook = program.runbooks[launch.runbook] else {
      let names = program.runbooks.keys.sorted()
      project.report(
        Diagnostic(
          .unknownName, "\(project.file) has no runbook `\(launch.runbook)`",
          help: nearestName(to: launch.runbook, among: names).map { "did you mean `\($0)`?" }
            ?? "it has \(names.isEmpty ? "none" : names.joined(separator: ", "))"))
      throw project.fail()
    }
    self.runbook = runbook
    natives = project.checker.natives(reachableFrom: runbook)
    let refused = natives.compactMap { name in
      launch.grants.refusal(of: name).map { "  \(name)  \($0)" }
    }
    guard refused.isEmpty else {
      Console.write(
        "\(launch.runbook) needs what it is not granted:\n\(refused.joined(separator: "\n"))\n",
        to: .error)
      throw ExitCode(1)
    }
    guard let functions = project.checker.checkArguments(launch.arguments, of: runbook) else {
      project.reportArgumentMistakes()
      throw project.fail()
    }
    guard let machine = project.loadModel() else { throw project.fail() }
    self.machine = machine
    do {
      arguments = try functions.map { try machine.call($0, []) }
    } catch let diagnostic as Diagnostic {
      project.report(diagnostic)
      throw project.fail()
    }
  }

  /// What a journal says the run is.
  func identity(runID: String) -> RunIdentity {
    var digest = SHA256()
    var sources: [RunIdentity.Source] = []
    for file in project.checker.program.sources.files where !file.name.hasSuffix("=") {
      digest.update(Array(file.name.utf8))
      digest.update(file.bytes)
      guard !file.name.hasPrefix("stdlib/") else { continue }
      sources.append(RunIdentity.Source(name: file.name, digest: SHA256.hexDigest(file.bytes)))
    }
    for input in launch.inputs { digest.update(Array(input.utf8)) }
    let program = project.checker.program
    let labels = program[runbook].parameters.map(\.label)
    let values = zip(labels, arguments).enumerated().map { index, pair in
      let text = machine.describe(pair.1, type: program[runbook].parameters[index].type)
      return (pair.0, Document.string(text))
    }
    return RunIdentity(
      runID: runID, runbook: launch.runbook, arguments: DocumentObject(values),
      programDigest: SHA256.hex(digest.finish()), sources: sources, version: Version.text,
      world: launch.world.rawValue)
  }
}
