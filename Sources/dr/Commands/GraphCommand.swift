// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrGraph
import DrSystem

struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph",
    abstract: "Draw a program: its topology, what depends on what, and where traffic goes.",
    discussion: """
      The same program gives the same bytes. The SVG is one file that needs nothing else and is light or dark as its \
      reader's system is.
      """
  ).ofDr

  enum Format: String, ExpressibleByArgument, CaseIterable { case svg, mermaid, dot }

  @Argument(help: "The program.")
  var file: String

  @Option(help: "svg, mermaid or dot.")
  var format: Format = .svg

  @Option(help: "Colours of the SVG: auto, light or dark.")
  var theme: SVGWriter.Theme = .auto

  @Option(name: [.short, .long], help: "File to write. Default: standard output.")
  var output: String?

  @OptionGroup var source: SourceOptions

  func run() throws {
    let project = try Project(file: file, inputs: source.inputs(), style: source.output.style)
    guard let machine = project.loadModel() else { throw project.fail() }
    let title = Self.title(of: project)
    let graph: Graph
    do throws(Diagnostic) {
      var reader = GraphReader(machine: machine, title: title)
      graph = try reader.read()
    } catch {
      project.report(error)
      throw project.fail()
    }
    let text =
      switch format {
      case .svg: SVGWriter.write(graph, theme: theme)
      case .mermaid: MermaidWriter.write(graph)
      case .dot: DOTWriter.write(graph)
      }
    guard let output else { return Console.write(text) }
    try AtomicFile.write(Array(text.utf8), to: output)
  }

  /// The program's first comment for readers, else its file's name.
  private static func title(of project: Project) -> String {
    let text = String(decoding: project.mainFile?.bytes ?? [], as: UTF8.self)
    let comment = text.split(separator: "\n").prefix(3).first { $0.hasPrefix("## ") }
    if let comment {
      let line = comment.dropFirst(3)
      if line.count <= 100 { return String(line) }
      // Up to a word's end.
      let cut = line.prefix(100)
      return cut[..<(cut.lastIndex(of: " ") ?? cut.endIndex)] + "…"
    }
    return project.file.split(separator: "/").last.map(String.init) ?? project.file
  }
}

extension SVGWriter.Theme: ExpressibleByArgument {}
