// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrHost
import DrSystem

/// A run whose process is no child of the terminal.
struct DetachedRun {
  let id: String
  let store: RunStore

  private var output: String { store.outputPath(id) }

  /// Begins it as a resumption of a run that has not begun. Returns once its journal exists: from
  /// then on `dr runs` and `dr resume` know it.
  func start(_ prepared: PreparedRun, approvesAll: Bool) async throws {
    var launch = prepared.launch
    do throws(Diagnostic) {
      launch.places = try prepared.places()
    } catch {
      prepared.project.report(error)
      throw prepared.project.fail()
    }
    try await store.create(id, launch)
    let process: DetachedProcess
    do throws(FileFailure) {
      try makeDirectories(directory(of: output))
      process = try DetachedProcess.start(
        ["resume", id, "--permissions-asked"] + store.records.options
          + (approvesAll ? ["--yes"] : []), output: output)
    } catch {
      Console.write("\(error.message)\n", to: .error)
      throw ExitCode(1)
    }
    while try await store.records.journalSize(id) == nil {
      if let status = process.status {
        Console.write((try? readSmallFile(output)) ?? [], to: .error)
        throw ExitCode(status)
      }
      try await Task.sleep(for: .milliseconds(5))
    }
    Console.write("run \(id)\nfollow it with: dr runs tail -f \(id)\(store.options)\n")
  }
}
