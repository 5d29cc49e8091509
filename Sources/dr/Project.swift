// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrEmit
import DrEval
import DrSema
import DrStdlib
import DrSystem

/// A program on disk, from its first file to its model.
final class Project {
  let file: String
  let inputs: [String]
  let style: OutputStyle
  let checker: Checker
  private(set) var diagnostics: [Diagnostic] = []
  /// How many diagnostics came from checking the program itself.
  private var checkedCount = 0
  /// Whether fixes were applied to the program's first file.
  var isChanged = false
  /// Folder of the project, absolute.
  let root: String

  /// `inputs` are written `name=value` or `name:=JSON`; `bytes` stand for the file where it is to be checked as it would be.
  init(
    file: String, inputs: [String], style: OutputStyle, includesBackends: Bool = false,
    includesRules: Bool = false, includesAnalysis: Bool = false, limits: Limits = Limits(),
    bytes: [UInt8]? = nil, prelude: Prelude = .whole
  ) {
    self.file = file
    self.inputs = inputs
    self.style = style
    var checkOptions = CheckOptions()
    checkOptions.includesBackends = includesBackends
    checkOptions.includesRules = includesRules
    checkOptions.includesAnalysis = includesAnalysis
    checkOptions.limits = limits
    checkOptions.prelude = prelude
    let place = ProjectPlace(file: file)
    root = place.root
    switch bytes.map({ .success($0) }) ?? readFile(file) {
    case .success(let bytes):
      checker = Self.check(root: root, checkOptions) {
        $0.check(path: place.path, bytes: bytes, display: file)
      }
    case .failure(let failure):
      checker = Checker(loader: Self.loader(root: root), options: checkOptions)
      diagnostics = [Self.unreadable(file, failure)]
    }
    diagnostics += checker.diagnostics
    checkedCount = checker.diagnostics.count
  }

  private static func unreadable(_ file: String, _ failure: LoadFailure) -> Diagnostic {
    if failure == .notFound { return Diagnostic(.unreadableFile, "there is no file \(file)") }
    let inside = ProgramFiles.isFolder(file) ? ProgramFiles.below(file) ?? [] : []
    let named = inside.prefix(3) + (inside.count > 3 ? ["… \(inside.count - 3) more"] : [])
    return Diagnostic(
      .unreadableFile, "\(file) cannot be read: \(failure.reason)",
      help: inside.isEmpty ? nil : "name one of its programs: \(named.joined(separator: ", "))")
  }

  /// An empty program, for an expression that stands by itself.
  init(style: OutputStyle, includesRules: Bool = false, prelude: Prelude = .whole) {
    file = "<expression>"
    inputs = []
    self.style = style
    root = ProjectPlace(file: ".").root
    var options = CheckOptions()
    options.includesRules = includesRules
    options.prelude = prelude
    checker = Self.check(root: root, options) { $0.check(path: "expression.dr", bytes: []) }
    diagnostics = checker.diagnostics
    checkedCount = checker.diagnostics.count
  }

  /// What a check makes of the program. Where there is something to tell, nothing of the prelude is left
  /// out: a name that is not found may be a misspelt one from there.
  private static func check(
    root: String, _ options: CheckOptions, _ check: (Checker) -> Void
  ) -> Checker {
    let checker = Checker(loader: loader(root: root), options: options)
    check(checker)
    guard case .named = options.prelude, !checker.diagnostics.isEmpty else { return checker }
    var options = options
    options.prelude = .whole
    return Self.check(root: root, options, check)
  }

  /// Files below a folder, and the standard library.
  static func loader(root: String) -> ProjectLoader {
    ProjectLoader(
      root: root, embedded: EmbeddedModules(), libraryFolder: Installation.libraryFolder)
  }

  /// The machine with every block and value of the program computed and every constraint checked; `nil` when there
  /// are mistakes.
  func loadModel() -> Machine? {
    guard !diagnostics.hasErrors, let machine = loadMachine() else { return nil }
    diagnostics += machine.modelFailures()
    return diagnostics.hasErrors ? nil : machine
  }

  /// The machine, with the inputs that were given; `nil` when there are mistakes.
  func loadMachine(observing: Observation? = nil) -> Machine? {
    guard !diagnostics.hasErrors else { return nil }
    for text in inputs where !declares(input: text) {
      let name = Self.inputName(text)
      let names = checker.program.globals.filter(\.isInput).map(\.name)
      diagnostics.append(
        Diagnostic(
          .missingInput, "the program has no input `\(name)`",
          help: nearestName(to: name, among: names).map { "did you mean `\($0)`?" }
            ?? (text.contains("=") ? "declare it: input \(name): String" : "write --set name=value")
        ))
    }
    guard !diagnostics.hasErrors else { return nil }
    return Machine(
      program: Program(checker.program, observing: observing), limits: checker.options.limits,
      inputs: Self.documents(of: inputs))
  }

  /// What `name=value` or `name:=JSON` sets.
  static func inputName(_ text: String) -> String {
    let name = text.prefix { $0 != "=" }
    return String(name.hasSuffix(":") ? name.dropLast() : name)
  }

  /// Inputs as the machine takes them. What is no JSON after `:=` is taken as text, which the type
  /// of the input then refuses.
  static func documents(of inputs: [String]) -> [String: Document] {
    var documents: [String: Document] = [:]
    for text in inputs {
      guard let equal = text.firstIndex(of: "=") else { continue }
      let value = String(text[text.index(after: equal)...])
      let isJSON = text[..<equal].hasSuffix(":")
      let data = isJSON ? try? JSON.parse(Array(value.utf8)) : nil
      documents[inputName(text)] = data ?? .string(value)
    }
    return documents
  }

  /// Whether the program has the input that a text sets.
  func declares(input text: String) -> Bool {
    let name = Self.inputName(text)
    return text.contains("=")
      && checker.program.globals.contains {
        $0.isInput && $0.name == name && $0.module == checker.mainAlias
      }
  }

  /// Those of some inputs that the program has.
  func inputs(among texts: [String]) -> [String: Document] {
    Self.documents(of: texts.filter(declares))
  }

  /// The program's first file; `nil` when it could not be read.
  var mainFile: SourceFile? { checker.mainFile.map { checker.program.sources[$0] } }

  /// Fixes of the program's first file that tools may apply unasked.
  var safeFixes: [Fix] {
    checker.diagnostics.flatMap(\.fixes).filter {
      $0.applicability == .safe && $0.span.file == checker.mainFile
    }
  }

  func report(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }

  /// Takes over what the checker said of arguments that were given on the command line.
  func reportArgumentMistakes() { diagnostics += checker.diagnostics.dropFirst(checkedCount) }

  func printDiagnostics() {
    style.printDiagnostics(diagnostics.inSourceOrder(), checker.program.sources)
  }

  /// Prints what is wrong and ends with status 1.
  func fail() -> ExitCode {
    printDiagnostics()
    return ExitCode(1)
  }
}

extension Global {
  var isInput: Bool { if case .input = body { true } else { false } }
}

/// The embedded standard library as the loader wants it.
struct EmbeddedModules: StandardModules {
  var paths: [String] { StandardLibrary.modules }
  func module(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
  func names(ofModule path: String) -> Set<String>? { StandardLibrary.names(ofModule: path) }
}
