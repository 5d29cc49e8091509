// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrHost
import DrSystem
import Glibc

/// A run whose process is no child of the terminal.
struct DetachedRun {
  let id: String
  let store: RunStore

  private var output: String { "\(store.folder)/\(id)/output" }

  /// Begins it as a resumption of a run that has not begun. Returns once its journal exists: from
  /// then on `dr runs` and `dr resume` know it.
  func start(_ launch: Launch, approvesAll: Bool) throws {
    try store.create(id, launch)
    let process: DetachedProcess
    do throws(FileFailure) {
      process = try DetachedProcess.start(
        ["resume", id] + (approvesAll ? ["--yes"] : []), output: output)
    } catch {
      Console.write("\(error.message)\n", to: .error)
      throw ExitCode(1)
    }
    while access(store.journalPath(id), F_OK) != 0 {
      if let status = process.status {
        Console.write((try? readSmallFile(output)) ?? [], to: .error)
        throw ExitCode(status)
      }
      usleep(5_000)
    }
    Console.write("run \(id)\nfollow it with: dr runs tail -f \(id)\n")
  }
}
