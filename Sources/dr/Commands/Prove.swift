// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrEmit
import DrFormat
import DrProve
import DrRun
import DrSyntax
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

  @Option(help: "Write a picture too: the recovery times as stacked bars against what is promised.")
  var svg: String?

  @Flag(help: "Make the changes that are proposed, in the file, and prove it again.")
  var fix = false

  @OptionGroup var target: TargetOptions
  @OptionGroup var source: SourceOptions

  func run() throws {
    var (project, proofs) = try prove(bytes: nil)
    if fix, let bytes = mended(project, proofs) {
      try AtomicFile.rewrite(bytes, to: file)
      (project, proofs) = try prove(bytes: bytes)
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
    if let svg {
      let picture = ProofPicture(duration: Words.brief).svg(proofs)
      try AtomicFile.write(Array(picture.utf8), to: svg)
    }
    if ProofDocument.overall(proofs) != .proved { throw ExitCode(1) }
  }

  private func prove(bytes: [UInt8]?) throws -> (Project, [Proof]) {
    let project = try Project(
      file: file, inputs: source.inputs(), style: source.output.style, includesAnalysis: true,
      bytes: bytes)
    guard let machine = project.loadModel() else { throw project.fail() }
    do throws(Diagnostic) {
      var version = try target.version()
      if version == nil { version = try Compiler(machine: machine).clusterVersion() }
      let proofs = try Prover(machine: machine).prove(kubernetes: version?.text ?? "")
      guard !proofs.isEmpty else {
        throw Diagnostic(
          .unknownName, "the program declares no service, so it promises nothing",
          help: "write service chat { … objective { rto = 5m } }")
      }
      return (project, proofs)
    } catch {
      project.report(error)
      throw project.fail()
    }
  }

  // MARK: Fixing

  /// The file with the proposed changes, formatted; `nil` where none can be made in it.
  private func mended(_ project: Project, _ proofs: [Proof]) -> [UInt8]? {
    guard let source = project.mainFile else { return nil }
    let fixes = ProofFixes(source)
    var wanted: [ProofChange] = []
    for change in proofs.flatMap(\.cases).flatMap(\.changes) {
      // One value for a field: the first that was proposed.
      let isNew = !wanted.contains { $0.around == change.around && $0.field == change.field }
      if isNew { wanted.append(change) }
    }
    let (bytes, applied) = apply(wanted.compactMap(fixes.fix), to: source.bytes)
    guard !applied.isEmpty else { return nil }
    for fix in applied {
      let place = project.checker.program.sources.location(fix.span)
      Console.write("\(place): changed: \(fix.title)\n", to: json ? .error : .output)
    }
    var map = SourceMap()
    let id = map.add(name: file, bytes: bytes)
    return DrFormat.format(DrSyntax.parse(map[id])).map { Array($0.utf8) } ?? bytes
  }
}
