// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrFormat
import DrSyntax
import DrSystem

struct Format: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fmt", abstract: "Format programs in place, in the one style that there is."
  ).ofDr

  @Argument(
    help: "Files to format, or folders of them; - reads standard input and writes standard output.")
  var files: [String]

  @Flag(help: "Change nothing; exit with 1 when a file is not formatted.")
  var check = false

  @Flag(help: "Change nothing; show what would change.")
  var diff = false

  @OptionGroup var output: OutputOptions

  init() {}

  /// `nil` where there are none.
  init?(words: [String]) {
    guard !words.isEmpty else { return nil }
    files = words
    check = false
    diff = false
    output = .plain
  }

  func run() throws {
    var failed = false
    for file in try files.flatMap(ProgramPaths.below) {
      let bytes = try Input.read(file)
      var sources = SourceMap()
      let id = sources.add(name: file == "-" ? "<stdin>" : file, bytes: bytes)
      let tree = DrSyntax.parse(sources[id])
      guard let formatted = DrFormat.formattedBytes(tree) else {
        output.style.printDiagnostics(tree.diagnostics, sources)
        failed = true
        continue
      }
      if file == "-", !check, !diff {
        Console.write(formatted)
      } else if formatted != bytes {
        if diff {
          let (old, new) = (
            String(decoding: bytes, as: UTF8.self), String(decoding: formatted, as: UTF8.self)
          )
          print(DrFormat.unifiedDiff(old: old, new: new, name: file), terminator: "")
        }
        if check {
          if !diff { print("\(file): not formatted") }
          failed = true
        }
        if !check, !diff { try AtomicFile.rewrite(formatted, to: file) }
      }
    }
    if failed { throw ExitCode(1) }
  }
}
