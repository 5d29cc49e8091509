// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEmit
import DrEval
import DrFormat
import DrSema
import DrStdlib
import DrSyntax
import Foundation
import Testing

@Suite("The examples of the documents")
struct DocumentTests {
  @Test("hold", arguments: Document.all)
  func examples(_ document: Document) throws {
    try inFolder { folder in
      var reader = Reader(document: document, folder: folder)
      try reader.run()
      if Reader.isBlessing {
        try reader.document.source.write(
          toFile: "\(root)/\(document.path)", atomically: true, encoding: .utf8)
      }
    }
  }

  @Test("are many") func count() {
    let examples = Document.all.flatMap(\.parts).filter {
      if case .example(let example) = $0 { example.kind == "dr" } else { false }
    }
    #expect(examples.count > 60)
  }
}

/// Goes through one document from its beginning, as a reader does who tries everything.
private struct Reader {
  var document: Document
  /// Where the files of the document are and its commands run.
  let folder: String
  private var files: [String: String] = [:]
  private var context: String?

  static let isBlessing = ProcessInfo.processInfo.environment["DR_BLESS"] == "1"

  init(document: Document, folder: String) {
    self.document = document
    self.folder = folder
  }

  mutating func run() throws {
    for index in document.parts.indices {
      guard case .example(var example) = document.parts[index] else { continue }
      switch example.kind {
      case "dr": try check(&example)
      case "console": try execute(&example)
      case "yaml", "json", "toml":
        guard let name = example.value("file") else { break }
        try example.text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
      case "ebnf", "repl", "sh", "text": break
      default: fail("`\(example.kind)` is no kind of example; see Document.swift", example)
      }
      document.parts[index] = .example(example)
    }
  }

  private func fail(_ message: String, _ example: Example) {
    Issue.record("\(document.path):\(example.line): \(message)")
  }

  // MARK: Programs

  private mutating func check(_ example: inout Example) throws {
    if example.has("context") {
      context = example.text
      return
    }
    var path = "example.dr"
    var text = example.text
    if let name = example.value("file") ?? example.value("append") {
      path = name
      if example.value("append") != nil { text = (files[name] ?? "") + "\n" + text }
      files[path] = text
      try text.write(toFile: "\(folder)/\(path)", atomically: true, encoding: .utf8)
    } else if example.has("fragment") {
      guard let context else { return fail("a fragment needs a context", example) }
      text = Self.place(text, in: context)
    }
    let expected = example.value("error").map { $0.split(separator: ",").map(String.init) } ?? []
    evaluate(text, path: path, expected: expected, example)
    if expected.isEmpty, !example.has("fragment") { checkFormat(&example) }
  }

  /// The context with the fragment in the place of its `…`, as far to the right as that stands.
  private static func place(_ fragment: String, in context: String) -> String {
    let lines = context.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.contains(where: { $0.drop { $0 == " " } == "…" }) else {
      return context + fragment
    }
    return lines.map { $0.drop { $0 == " " } == "…" ? fragment : String($0) }
      .joined(separator: "\n")
  }

  private func evaluate(_ text: String, path: String, expected: [String], _ example: Example) {
    let checker = Checker(loader: FileLoader(files: files))
    checker.check(path: path, bytes: Array(text.utf8))
    var diagnostics = checker.diagnostics
    var machine: Machine?
    if !diagnostics.hasErrors {
      let made = Machine(program: Program(checker.program), limits: Limits())
      diagnostics += made.modelFailures()
      machine = made
    }
    let found = diagnostics.map(\.code.rawValue)
    if found != expected {
      let renderer = DiagnosticRenderer(sources: checker.program.sources, colour: false)
      fail("expected \(expected), found \(found)\n\(renderer.render(diagnostics))", example)
    }
    guard let machine, diagnostics.isEmpty else { return }
    var name = ""
    for line in text.split(separator: "\n") {
      let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
      if line.hasPrefix("let "), words.count > 1 { name = String(words[1]) }
      guard let arrow = line.range(of: "#=> ") else { continue }
      let wanted = String(line[arrow.upperBound...])
      let value = self.value(of: name, checker.program, machine)
      if value != wanted { fail("\(line)\n  is \(value ?? "no value")", example) }
    }
  }

  private func value(of name: String, _ program: CheckedProgram, _ machine: Machine) -> String? {
    guard let id = program.roots.last(where: { program[$0].name == name }),
      let value = try? machine.global(id)
    else { return nil }
    return machine.describe(value, type: program[id].type)
  }

  private func checkFormat(_ example: inout Example) {
    let source = SourceFile(id: FileID(0), name: "example.dr", bytes: Array(example.text.utf8))
    guard let formatted = DrFormat.format(DrSyntax.parse(source)), formatted != example.text else {
      return
    }
    if Self.isBlessing {
      example.lines = formatted.split(separator: "\n", omittingEmptySubsequences: false)
        .dropLast().map(String.init)
    } else {
      fail("`dr fmt` writes it so:\n\(formatted)", example)
    }
  }

  // MARK: Commands

  private func execute(_ example: inout Example) throws {
    var lines: [String] = []
    var isSkipped = false
    for line in example.lines {
      if line.hasPrefix("$ ") {
        lines.append(line)
        isSkipped = !Self.isKnown(String(line.dropFirst(2)))
        if isSkipped { continue }
        lines += try output(of: String(line.dropFirst(2)))
      } else if isSkipped {
        lines.append(line)
      }
    }
    if lines != example.lines {
      if !Self.isBlessing {
        fail("a command writes:\n\(lines.joined(separator: "\n"))", example)
      }
      example.lines = lines
    }
  }

  private func output(of command: String) throws -> [String] {
    let path = "\(URL(filePath: dr).deletingLastPathComponent().path):/usr/bin:/bin"
    let outcome = try DrTests.run(
      "/usr/bin/timeout", ["\(Int(patience))", "/bin/sh", "-c", "exec 2>&1; \(command)"],
      environment: ["PATH": path, "HOME": folder, "DR_STATE": "\(folder)/runs"], in: folder)
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
    return (lines.last == "" ? lines.dropLast() : lines[...]).map(String.init)
  }

  /// A build without the network lacks some commands, and their examples stay as they are.
  private static func isKnown(_ command: String) -> Bool {
    let networked = ["dr plan", "dr run", "dr resume"]
    return hasNetwork || !networked.contains(where: command.hasPrefix)
  }

  private static let hasNetwork = (try? DrTests.run(dr, ["plan", "--help"]).status) == 0
}

/// The embedded standard library, and the files of one document.
private struct FileLoader: ModuleLoader {
  let files: [String: String]

  func standardModule(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
  var standardModules: [String] { StandardLibrary.modules }
  func file(_ path: String) -> Result<[UInt8], LoadFailure> {
    files[path].map { .success(Array($0.utf8)) } ?? .failure(.notFound)
  }
}
