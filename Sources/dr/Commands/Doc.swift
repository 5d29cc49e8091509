// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrDoc
import DrSema
import DrStdlib
import DrSystem

struct Doc: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what modules declare, from their doc comments.",
    discussion: """
      dr doc Service          a type: its fields, defaults, constraints and units
      dr doc kube.scale       a function; kubernetes: a module; Service.objective: a field
      dr doc FILE             what a program declares; dr doc FILE NAME: one thing of it
      dr doc --stdlib         the modules of the standard library

      With --markdown or --html the reference is written for reading elsewhere: \
      dr doc --stdlib --html stdlib.html
      """
  ).ofDr

  @Argument(help: "A file, a name, or both.")
  var subjects: [String] = []

  @Flag(help: "The whole standard library.")
  var stdlib = false

  @Flag(help: "Write Markdown: to standard output, or with -o a file for each module.")
  var markdown = false

  @Option(
    name: [.short, .long], help: "With --markdown: the folder to write to; replaced as a whole.")
  var output: String?

  @Option(help: "Write one page of HTML, with search, to this file.")
  var html: String?

  @OptionGroup var colour: ColourOptions

  private var file: String? { subjects.first { $0.hasSuffix(".dr") } }
  private var names: [String] { subjects.filter { $0 != file } }

  func validate() throws {
    if subjects.isEmpty, !stdlib {
      throw ValidationError("say of what: dr doc Service, dr doc FILE, or dr doc --stdlib")
    }
    if stdlib, file != nil {
      throw ValidationError("--stdlib is the library's: leave out the file")
    }
    if output != nil, !markdown { throw ValidationError("-o is for --markdown") }
    if markdown || html != nil, !names.isEmpty {
      throw ValidationError("a page is of a file or of --stdlib: leave out \(visible(names[0]))")
    }
  }

  func run() throws {
    let own = try file.map(reference)
    if markdown || html != nil { return try write(own ?? Self.library()) }
    let style = OutputStyle(colour: colour.color)
    let terminal = { (reference: Reference) in
      TerminalReference(
        reference, width: OutputStyle.width(.output), colour: style.usesColour(.output))
    }
    if names.isEmpty {
      Console.write(terminal(own ?? Self.library()).overview())
      return
    }
    let library = Self.library()
    for name in names {
      for reference in [own, library].compactMap(\.self) {
        let entries = reference.entries(of: name)
        guard !entries.isEmpty else { continue }
        Console.write(entries.map(terminal(reference).render).joined(separator: "\n"))
        break
      }
      let all = [own, library].compactMap(\.self)
      guard all.allSatisfy({ $0.entries(of: name).isEmpty }) else { continue }
      let near = nearestName(to: name, among: all.flatMap(\.names))
      Console.write(
        "nothing is called \(visible(name))" + (near.map { "; did you mean \($0)?" } ?? "") + "\n",
        to: .error)
      throw ExitCode(1)
    }
  }

  private func reference(of file: String) throws -> Reference {
    let project = Project(file: file, inputs: [], style: OutputStyle(colour: colour.color))
    guard project.mainFile != nil else { throw project.fail() }
    let name = file.split(separator: "/").last.map(String.init) ?? file
    return Reference(project.checker, title: name, ofStandardLibrary: false)
  }

  private static func library() -> Reference {
    Reference(library: Project.loader(root: "/"), title: "Standard library of dr")
  }

  private func write(_ reference: Reference) throws {
    do {
      if markdown {
        let pages = MarkdownReference(reference)
        if let output {
          try OutputFolder.replace(
            output, with: pages.files().map { ($0.path, Array($0.text.utf8)) })
        } else {
          Console.write(pages.page())
        }
      }
      if let html {
        try AtomicFile.write(Array(HTMLReference(reference).page().utf8), to: html)
      }
    } catch {
      Console.write("\(error)\n", to: .error)
      throw ExitCode(1)
    }
  }
}
