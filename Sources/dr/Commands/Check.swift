// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check programs: syntax, names, types, units, effects, and every value."
  ).ofDr

  @Argument(help: "Files to check.")
  var files: [String]

  @OptionGroup var source: SourceOptions

  func run() throws {
    var failed = false
    for file in files {
      let project = Project(file: file, inputs: source.inputs, style: source.output.style)
      if project.loadModel() == nil { failed = true }
      project.printDiagnostics()
    }
    if failed { throw ExitCode(1) }
    print("\(files.count == 1 ? files[0] : "\(files.count) files"): no mistakes")
  }
}
