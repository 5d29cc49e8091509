// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CMalloc
import DrData
import DrEmit
import DrSystem
import Glibc

struct Compile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the manifests of a program.",
    discussion: """
      Without -o, a YAML stream on standard output, in an order in which it can be applied; with it, a file for each \
      object, in a folder for each cluster and zone that `kubectl apply -k` takes. Every object is held against the \
      schemas of the target; where anything is wrong, nothing is written. The same program and inputs give the same \
      bytes.
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

  @Option(
    help:
      "Definitions of custom resources to check against: a file or a folder of YAML or JSON. May be repeated."
  )
  var crds: [String] = []

  @Flag(inversion: .prefixedNo, help: "Say in a comment what made each object (YAML).")
  var sourceComments = true

  @Option(
    help: """
      Write nothing, but show how the manifests differ from those in a file or folder: `+` is what the program has and \
      the folder has not. Status 1 where they do.
      """)
  var diff: String?

  @OptionGroup var source: SourceOptions

  func run() throws {
    // Memory is taken from the system 32 MiB at a time: a fiftieth of the time of many manifests.
    mallopt(M_TOP_PAD, 32 << 20)
    let compilation = try Compilation(
      file: file, source: source, target: target, format: diff == nil ? format : .json, crds: crds)
    let result = compilation.result
    if let diff {
      try show(result, against: diff)
    } else if let output {
      let files = result.files(format, sourceComments: sourceComments)
      try OutputFolder.replace(output, with: files)
      print("\(files.count) files in \(output)")
    } else {
      try stream(result)
    }
    // The process gives its memory back as a whole: piece by piece takes a twentieth of the time.
    withExtendedLifetime(compilation) { Glibc.exit(0) }
  }

  private func stream(_ result: CompileResult) throws {
    if let title = result.ambiguousTitle {
      throw ValidationError(
        "two clusters have \(title), and not the same: -o writes a folder for each cluster")
    }
    var buffer = Console.Buffer()
    result.stream(format, sourceComments: sourceComments) { buffer.write($0) }
    buffer.flush()
    if !result.drills.isEmpty {
      let names = result.drills.map { "`\($0)`" }.joined(separator: ", ")
      Console.write("note: the faults of \(names) are written only with -o\n", to: .error)
    }
    if let first = result.files.first {
      let rest = result.files.count - 1
      let what =
        rest == 0
        ? "\(first.path) is" : "\(first.path) and \(rest) more file\(rest == 1 ? "" : "s") are"
      Console.write("note: \(what) written only with -o\n", to: .error)
    }
  }

  /// How the manifests differ from those on disk; status 1 where they do.
  private func show(_ result: CompileResult, against path: String) throws {
    let old = try ManifestFiles.read(path).flatMap(\.documents)
    let new = try result.manifests.map { manifest throws(DataError) in
      try JSON.parse(Array(manifest.text))
    }
    let diff = ObjectSetDiff(from: old, to: new)
    let paint = Paint(isOn: source.output.style.usesColour(.output))
    let text = ObjectDiffText(paint: paint)
    for entry in diff.entries {
      switch entry {
      case .added(let identity): Console.write(paint("+ \(identity.title)", .green) + "\n")
      case .removed(let identity): Console.write(paint("- \(identity.title)", .red) + "\n")
      case .changed(let identity, let changes):
        Console.write(paint("~ \(identity.title)", .yellow) + "\n")
        for line in text.lines(changes) { Console.write(line + "\n") }
      }
    }
    let count = diff.entries.count
    let all = count + diff.sameCount
    Console.write(
      count == 0
        ? "no difference in \(all) objects\n" : "\(count) of \(all) objects differ\n", to: .error)
    if count > 0 { throw ExitCode(1) }
  }
}
