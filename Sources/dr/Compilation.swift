// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrEmit
import DrSchema
import DrSystem

/// A program compiled to manifests, as several commands want it.
struct Compilation {
  let project: Project
  let result: CompileResult
  /// Kept, for its many parts take a while to be given back one by one.
  private let compiler: Compiler

  /// Compiles; what is wrong is printed and ends the command, and warnings are printed.
  init(
    file: String, source: SourceOptions, target: TargetOptions, format: ManifestFormat,
    crds: [String]
  ) throws {
    project = try Project(
      file: file, inputs: source.inputs(), style: source.output.style, includesBackends: true)
    guard let machine = project.loadModel() else { throw project.fail() }
    let custom = try CustomSchemas.read(crds)
    var compiler = Compiler(machine: machine, format: format, customSchemas: custom)
    let version: KubernetesVersion?
    do throws(Diagnostic) {
      version = try target.version()
    } catch {
      project.report(error)
      throw project.fail()
    }
    result = compiler.compile(target: version, kind: target.kind)
    self.compiler = compiler
    for diagnostic in result.diagnostics { project.report(diagnostic) }
    if result.diagnostics.hasErrors { throw project.fail() }
    project.printDiagnostics()
  }
}

extension ManifestFormat: ExpressibleByArgument {}
