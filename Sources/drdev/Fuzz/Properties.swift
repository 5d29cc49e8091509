// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEmit
import DrEval
import DrFormat
import DrSema
import DrStdlib
import DrSyntax

/// What must hold of any bytes that claim to be a program. A trap or a hang is seen from outside;
/// the rest is said here.
enum Properties {
  /// What does not hold; `nil` when everything does.
  static func violation(of bytes: [UInt8]) -> String? {
    let tree = parse(SourceFile(id: FileID(0), name: "fuzz.dr", bytes: bytes))
    return violationOfTree(tree) ?? violationOfFormat(tree) ?? violationOfProgram(bytes)
      ?? violationOfData(bytes)
  }

  // Lexer and parser

  private static func violationOfTree(_ tree: SyntaxTree) -> String? {
    var end: UInt32 = 0
    for token in 0..<tree.tokenCount {
      let span = tree.tokenSpan(token)
      if span.start < end || span.end < span.start { return "token \(token) overlaps another" }
      end = span.end
    }
    if Int(end) > tree.source.bytes.count { return "a token ends behind the file" }
    return violationOfDiagnostics(tree.diagnostics) { _ in tree.source.bytes.count }
  }

  private static func violationOfDiagnostics(
    _ diagnostics: [Diagnostic], size: (FileID) -> Int
  ) -> String? {
    for diagnostic in diagnostics {
      let spans = [diagnostic.span].compactMap(\.self) + diagnostic.labels.map(\.span)
      for span in spans + diagnostic.fixes.map(\.span) where Int(span.end) > size(span.file) {
        return "\(diagnostic.code.rawValue) points behind the end of its file"
      }
      if diagnostic.message.isEmpty { return "\(diagnostic.code.rawValue) says nothing" }
    }
    return nil
  }

  // Formatter

  private static func violationOfFormat(_ tree: SyntaxTree) -> String? {
    guard let once = format(tree) else {
      return tree.diagnostics.hasErrors ? nil : "a program without mistakes is not formatted"
    }
    let formatted = parse(SourceFile(id: FileID(0), name: "fuzz.dr", bytes: Array(once.utf8)))
    if formatted.diagnostics.hasErrors { return "the formatted program has mistakes" }
    if spellings(tree) != spellings(formatted) { return "formatting changes tokens" }
    return format(formatted) == once ? nil : "formatting twice gives something else"
  }

  /// The tokens that carry meaning: line ends, commas and semicolons are the formatter's to choose.
  private static func spellings(_ tree: SyntaxTree) -> [ArraySlice<UInt8>] {
    (0..<tree.tokenCount).compactMap { token in
      let text = tree.source.bytes[tree.tokenSpan(token).range]
      let isSeparator = text.allSatisfy { [0x0A, 0x0D, 0x20, 0x09, 0x2C, 0x3B].contains($0) }
      return isSeparator ? nil : text
    }
  }

  // Checker and machine

  private static func violationOfProgram(_ bytes: [UInt8]) -> String? {
    let first = run(bytes)
    let second = run(bytes)
    return first.text == second.text
      ? first.violation : "the same program gives something else the second time"
  }

  private static func run(_ bytes: [UInt8]) -> (text: String, violation: String?) {
    var options = CheckOptions()
    options.limits.fuel = 100_000
    options.limits.memoryBytes = 16 << 20
    options.includesBackends = bytes.count % 4 == 0
    let checker = Checker(loader: LibraryOnly(), options: options)
    checker.check(path: "fuzz.dr", bytes: bytes)
    var diagnostics = checker.diagnostics
    var text = ""
    if !diagnostics.hasErrors {
      let machine = Machine(program: Program(checker.program), limits: options.limits)
      diagnostics += machine.modelFailures()
      text = values(checker, machine)
    }
    let sources = checker.program.sources
    let violation = violationOfDiagnostics(diagnostics) { sources[$0].bytes.count }
    let renderer = DiagnosticRenderer(sources: sources, colour: false)
    return (text + renderer.render(diagnostics.inSourceOrder()), violation)
  }

  private static func values(_ checker: Checker, _ machine: Machine) -> String {
    var text = ""
    for id in checker.program.roots {
      machine.refuel()
      do throws(Diagnostic) {
        let value = try machine.global(id)
        text += machine.describe(value, type: checker.program[id].type) + "\n"
      } catch {
        text += error.code.rawValue + "\n"
      }
    }
    return text
  }

  // JSON and YAML

  private static func violationOfData(_ bytes: [UInt8]) -> String? {
    // Nearly no input is JSON or YAML; refusing it is right. What is read must survive.
    if let document = try? JSON.parse(bytes),
      (try? JSON.parse(Array(JSON.write(document).utf8))) != document
    {
      return "JSON does not survive writing and reading"
    }
    if let documents = try? YAML.parse(bytes),
      (try? YAML.parse(Array(YAML.write(documents).utf8))) != documents
    {
      return "YAML does not survive writing and reading"
    }
    return nil
  }
}

/// The embedded standard library, and no other file.
private struct LibraryOnly: ModuleLoader {
  var standardModules: [String] { StandardLibrary.modules }
  func standardModule(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
  func file(_ path: String) -> Result<[UInt8], LoadFailure> { .failure(.notFound) }
}
