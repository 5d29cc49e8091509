// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrEval
import DrRun
import DrSystem

/// The program that a watcher was started with: a file that changes later changes nothing.
struct WatchedProgram {
  let project: Project
  /// What runs are started with, but for the name of the reaction; with where the clusters are.
  let launch: Launch
  let digest: String
  /// What policies may come to call on the world, in conditions, guards and reactions.
  let natives: [String]
  let machine: Machine
  let policies: [PolicyModel]

  /// Prints what is wrong and throws the exit status where it is.
  init(_ given: Launch, style: OutputStyle) throws {
    var launch = given
    project = Project(
      file: WorkingFolder.relative(launch.file), inputs: launch.inputs, style: style)
    try PreparedRun.refuseSecrets(launch, project)
    guard let machine = project.loadModel() else { throw project.fail() }
    self.machine = machine
    digest = ProgramFingerprint(project).digest
    do throws(Diagnostic) {
      policies = try PolicyModel.all(of: machine, cluster: nil)
    } catch {
      project.report(error)
      throw project.fail()
    }
    guard !policies.isEmpty else {
      Console.write("\(project.file) has no policy: there is nothing to watch\n", to: .error)
      throw ExitCode(1)
    }
    let functions = policies.flatMap(\.closures).compactMap { machine.function(of: $0) }
    natives = project.checker.natives(within: functions.map { machine.program.checked[$0].span })
    try PreparedRun.check(launch, natives)
    do throws(Diagnostic) {
      launch.places = try launch.places(of: machine.clusterLabels(), for: natives)
    } catch {
      project.report(error)
      throw project.fail()
    }
    self.launch = launch
  }

  /// The policies on a machine of their own; `nil` never, since it was loaded before.
  func again() -> (policies: [PolicyModel], machine: Machine)? {
    guard let machine = project.loadMachine(),
      let policies = try? PolicyModel.all(of: machine, cluster: nil)
    else { return nil }
    return (policies, machine)
  }
}
