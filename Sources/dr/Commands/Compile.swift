// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrEmit
import DrSchema
import DrSystem

struct Compile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the manifests of a program.",
    discussion: """
      Without -o, a YAML stream on standard output, in an order in which it can be applied. The same program and \
      inputs give the same bytes.
      """
  ).ofDr

  @Argument(help: "The program.")
  var file: String

  @OptionGroup var target: TargetOptions

  @Option(
    name: [.short, .long], help: "Folder to write one file per object into; replaced as a whole.")
  var output: String?

  @Option(help: "How objects are written: yaml or json.")
  var format: ManifestFormat = .yaml

  @OptionGroup var source: SourceOptions

  func run() throws {
    let project = try Project(
      file: file, inputs: source.inputs(), style: source.output.style, includesBackends: true)
    guard let machine = project.loadModel() else { throw project.fail() }
    var compiler = Compiler(machine: machine, format: format)
    let version: KubernetesVersion?
    do throws(Diagnostic) {
      version = try target.version()
    } catch {
      project.report(error)
      throw project.fail()
    }
    let result = compiler.compile(target: version)
    for diagnostic in result.diagnostics { project.report(diagnostic) }
    if result.diagnostics.hasErrors { throw project.fail() }
    if let output {
      try write(result, to: output)
    } else {
      Console.write(result.stream(format))
      if let first = result.files.first {
        let rest = result.files.count - 1
        let what =
          rest == 0
          ? "\(first.path) is" : "\(first.path) and \(rest) more file\(rest == 1 ? "" : "s") are"
        Console.write("note: \(what) written only with -o\n", to: .error)
      }
    }
  }

  private func write(_ result: CompileResult, to folder: String) throws {
    var files = result.manifests.map { ($0.path(format), $0.text) }
    files += result.files.map { ($0.path, Array($0.text.utf8)) }
    try OutputFolder.replace(folder, with: files)
    print("\(files.count) files in \(folder)")
  }
}

extension ManifestFormat: ExpressibleByArgument {}
