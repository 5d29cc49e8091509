// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrEmit
import DrProve
import DrSystem

struct Prove: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Say whether every promise holds, and how long recovery takes at worst, without running anything.",
    discussion: """
      dr prove deepseek.dr
      dr prove deepseek.dr --target kubernetes=1.34 --json

      For every node, pool, zone and API server: what is left when it is lost, whether that keeps the promise, and the time \
      from the loss to full service as an interval, term by term, each with the line or the published figure that it comes \
      from. `dr simulate` plays what `dr prove` bounds.

      Exit status: 0 every promise is proved, 1 one is refuted, or is not known to hold.
      """
  ).ofDr

  @Argument(help: "The program.")
  var file: String

  @Flag(help: "Write JSON.")
  var json = false

  @OptionGroup var target: TargetOptions
  @OptionGroup var source: SourceOptions

  func run() throws {
    let project = try Project(
      file: file, inputs: source.inputs(), style: source.output.style, includesAnalysis: true)
    guard let machine = project.loadModel() else { throw project.fail() }
    let proofs: [Proof]
    do throws(Diagnostic) {
      var version = try target.version()
      if version == nil { version = try Compiler(machine: machine).clusterVersion() }
      guard let version else { return }
      proofs = try Prover(machine: machine).prove(kubernetes: version.text)
      if proofs.isEmpty {
        throw Diagnostic(
          .unknownName, "the program declares no service, so it promises nothing",
          help: "write service chat { … objective { rto = 5m } }")
      }
    } catch {
      project.report(error)
      throw project.fail()
    }
    let sources = project.checker.program.sources
    if json {
      Console.write(
        JSON.write(ProofDocument.document(proofs, in: sources), pretty: true) + "\n")
    } else {
      let text = ProofText(
        sources: sources, colour: project.style.usesColour(.output),
        width: min(OutputStyle.width(.output) ?? 80, 100))
      Console.write(text.text(proofs))
    }
    if ProofDocument.overall(proofs) != .proved { throw ExitCode(1) }
  }
}
