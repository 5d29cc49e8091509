// SPDX-License-Identifier: Apache-2.0
//
// The checker turns syntax trees into a `CheckedProgram`. It works in four passes over all modules:
//
// 1. declare: every type, function, global and named block gets an identity, so that order in a
//    file does not matter;
// 2. resolve: field types, signatures;
// 3. check: bodies, blocks and defaults, in both directions: an expected type flows down where
//    there is one, so that literals, lambdas and blocks need no annotations;
// 4. effects: what each function may do is propagated along calls to a fixed point and compared
//    with what each place allows.
//
// Mistakes are values. What could not be understood gets `TypeTable.error`, which agrees with
// everything, so that one mistake gives one diagnostic.

import DrBase
import DrSyntax

/// What a check is bounded by, and what it takes in.
package struct CheckOptions: Sendable {
  /// Bounds on files and nesting.
  package var limits = Limits()
  /// Whether the manifest backends of `stdlib/emit` are part of the program.
  package var includesBackends = false
  /// Whether the rules of `stdlib/lint` are part of the program.
  package var includesRules = false
  /// Whether the analysis of `stdlib/analysis` is part of the program.
  package var includesAnalysis = false
  /// Whether the program's first file may bind functions with `native`: what a host declares does. A wrong
  /// signature would read one value as another.
  package var bindsNatives = false
  /// Which of the modules that every program sees are read.
  package var prelude = Prelude.whole

  package init() {}
}

/// What a name stands for.
enum Symbol {
  case function(FunctionID)
  case record(RecordID)
  case alias(TypeID)
  case global(GlobalID)
}

/// An alias by its module and name.
struct AliasKey: Hashable {
  let module: Int
  let name: String
}

/// What statements of a body give, one after the other.
enum Output {
  case none
  /// `yield`, in an `emit`.
  case manifests
  /// `report`, in a `rule`.
  case findings
}

/// What one module declares.
struct ModuleScope {
  var symbols: [String: Symbol] = [:]
  var keywords: [String: RecordID] = [:]
  var spans: [String: Span] = [:]
  var keywordSpans: [String: Span] = [:]
  /// Named blocks inside other blocks.
  var nested: [String: [GlobalID]] = [:]
}

/// Checks one program; see the top of the file.
package final class Checker {
  /// What was understood; runs only when there are no errors.
  package internal(set) var program = CheckedProgram()
  /// What is wrong, in source order.
  package internal(set) var diagnostics: [Diagnostic] = []
  /// The program's first file; `nil` before it was checked.
  package var mainFile: FileID? { modules.isEmpty ? nil : modules[mainModule].tree.source.id }
  /// What globals of the user's first file carry as their module.
  package var mainAlias: String { modules.isEmpty ? "" : modules[mainModule].alias }
  /// The files of the program itself, without those of the standard library.
  package var userFiles: [FileID] { modules.filter { !$0.isStandard }.map(\.tree.source.id) }
  /// The functions and runbooks that the user's first file declares.
  package var mainFunctions: [String: FunctionID] {
    guard !modules.isEmpty else { return [:] }
    return scopes[mainModule].symbols.compactMapValues {
      if case .function(let id) = $0 { id } else { nil }
    }
  }
  let loader: any ModuleLoader
  /// What the check was started with.
  package let options: CheckOptions

  /// All modules that were read, dependencies first.
  package internal(set) var modules: [Module] = []
  var scopes: [ModuleScope] = []
  /// The types of blocks by keyword, as a module sees them; made when it first asks.
  var visibleRecords: [Int: [String: RecordID]] = [:]
  /// The same by their plural.
  var visibleKinds: [Int: [String: RecordID]] = [:]
  /// The types of blocks that stand for runbooks and policies; asked once all types are declared.
  lazy var outlineTypes = ["Runbook", "Reaction"].compactMap { preludeRecord($0) }
  var preludeModules: [Int] = []
  /// The module of the user's first file.
  var mainModule = 0
  /// The module being checked.
  var module = 0

  // Where in a body the checker is; see Locals.swift.
  var locals: [[String: Local]] = []
  var nextLocal: Int32 = 0
  var narrowed: Set<String> = []
  var selfRecord: RecordID?
  var typeParameters: [String: Int] = [:]
  /// Names of the type parameters of each generic function, for people.
  var typeParameterNames: [FunctionID: [String]] = [:]
  /// Those of the function that a message is about, where it is not the one being checked.
  var namedParameters: [String] = []
  /// Functions and values without a written type that are being inferred, one for another.
  var inferringFunctions: Set<FunctionID> = []
  var inferringGlobals: [GlobalID] = []
  /// How deep expressions are nested, those of functions and values being inferred included.
  var depth = 0
  /// What native recursion bears in a debug build.
  static let maximumDepth = 800
  /// How many levels of expressions one function or value that is inferred for another one takes.
  static let inferenceDepth = 3
  var site = EffectSite.Context(function: nil, allowed: .pure, place: .definition)
  /// Inside what runs after a failure, where nothing is taken back by an `undo`.
  var isCleaningUp = false
  /// Whether a step around has a `within`, which ends all that is in it.
  var isTimed = false
  var effectSites: [EffectSite] = []
  /// Functions with a `lock` statement.
  var lockingFunctions: Set<FunctionID> = []
  /// Where locks are taken, in source order.
  var lockSites: [(function: FunctionID, span: Span)] = []
  /// The callee that a function without a declared effect has its effect from.
  var effectCause: [FunctionID: FunctionID] = [:]
  /// What the statements of the body being checked may give.
  var output = Output.none
  /// The runbooks that `run` starts in the code being checked, in the order of the text.
  var startedRunbooks: [String] = []
  /// Modules that ask for runbooks in the model.
  var outlineReaders: Set<Int> = []
  /// Whether all of the program was checked: what comes then is a prompt's.
  var isChecked = false

  // Work noted by the declaring pass for the later ones.
  var typeWork: [(module: Int, record: RecordID, node: SyntaxNode)] = []
  var functionWork: [(module: Int, function: FunctionID, node: SyntaxNode)] = []
  var functionWorkIndex: [FunctionID: Int] = [:]
  var globalWork: [(module: Int, global: GlobalID, node: SyntaxNode)] = []
  var globalWorkIndex: [GlobalID: Int] = [:]
  var blockWork: [BlockWork] = []
  var globalOfNode: [UInt64: GlobalID] = [:]
  var aliasWork: [(module: Int, name: String, node: SyntaxNode)] = []
  /// Aliases that wait to be resolved, by module and name.
  var aliasIndex: [AliasKey: Int] = [:]
  var resolvingAliases: Set<Int> = []
  /// Names that stand for no type after a mistake that was reported.
  var unknownTypes: Set<String> = []
  /// Where the parser reported mistakes, sorted, by file.
  var syntaxMistakes: [FileID: [UInt32]] = [:]
  /// The first report of each unknown name, by module, and how often the name stands.
  var unknownNames: [AliasKey: (diagnostic: Int, count: Int)] = [:]
  /// The values of a wrong type among the arguments of the calls being checked.
  var mismatches: [Mismatch] = []
  /// For how many misspelt names a nearest one was looked for, and how many were compared with them.
  private var guesses = 0
  private var comparedNames = 0
  /// What modules that the program does not use declare; read when a name is not found.
  var otherModules: [UnusedModule]?
  var checkedFunctions: Set<FunctionID> = []
  var checkedGlobals: Set<GlobalID> = []

  package init(loader: any ModuleLoader, options: CheckOptions = CheckOptions()) {
    self.loader = loader
    self.options = options
  }

  /// Checks the program whose first file has that path from the project root.
  package func check(path: String) {
    switch loader.file(path) {
    case .success(let bytes): check(path: path, bytes: bytes)
    case .failure(let failure):
      diagnostics.append(ModuleGraphBuilder.diagnostic(failure, path: path, at: nil))
    }
  }

  /// Checks a program whose first file is given as bytes.
  package func check(path: String, bytes: [UInt8], display: String? = nil) {
    var builder = ModuleGraphBuilder(loader: loader, limits: options.limits)
    if case .whole = options.prelude {
      preludeModules = ModuleGraph.prelude.compactMap { builder.loadStandard($0) }
    }
    mainModule = builder.load(
      key: "file:" + path, path: path, display: display ?? path, bytes: bytes, isStandard: false)
    for name in loader.standardModules {
      let isWanted =
        options.includesBackends && name.hasPrefix("emit/")
        || options.includesRules && name.hasPrefix("lint/")
        || options.includesAnalysis && name.hasPrefix("analysis/")
      if isWanted { _ = builder.loadStandard(name) }
    }
    if case .named(let expression) = options.prelude {
      preludeModules = builder.loadNamedPrelude(expression)
    }
    modules = builder.graph.modules
    program.sources = builder.graph.sources
    program.files = ([mainModule] + modules.indices.filter { $0 != mainModule }).filter {
      !modules[$0].isStandard
    }.map { (modules[$0].path, modules[$0].tree.source.id) }
    diagnostics = builder.graph.diagnostics
    for span in diagnostics.compactMap(\.span) {
      syntaxMistakes[span.file, default: []].append(span.start)
    }
    for file in syntaxMistakes.keys { syntaxMistakes[file]?.sort() }
    scopes = modules.map { _ in ModuleScope() }
    for index in modules.indices where syntaxMistakes[modules[index].tree.source.id] != nil {
      modules[index].hasLostNames =
        modules[index].hasLostNames || losesNames(modules[index].tree.root)
    }

    for index in modules.indices { declare(module: index) }
    resolveTypes()
    resolveSignatures()
    checkBodies()
    checkEffects()
    checkNeeds()
    countUnknownNames()
    fillOutlines()
    isChecked = true
    diagnostics = diagnostics.inSourceOrder()
  }

  func report(
    _ code: DiagnosticCode, _ message: String, at span: Span, caption: String? = nil,
    labels: [Label] = [], notes: [String] = [], help: String? = nil, fixes: [Fix] = []
  ) {
    // What could not be read there is reported; what was made of it, and of its line, says nothing.
    if code != .duplicateName,
      hasSyntaxMistake(span.file, from: span.start, to: span.end)
        || hasSyntaxMistake(onShortLineOf: span)
    {
      return
    }
    diagnostics.append(
      Diagnostic(
        code, message, at: span, caption: caption, labels: labels, notes: notes, help: help,
        fixes: fixes))
  }

  func reportDuplicate(_ message: String, at span: Span, earlier: Span) {
    report(
      .duplicateName, message, at: span, caption: "again here",
      labels: [Label(earlier, "first declared here")], help: "give one of them another name")
  }

  /// Something that may stand once.
  func reportGivenTwice(_ name: String, at span: Span, earlier: Span) {
    report(
      .duplicateName, "`\(name)` is given twice", at: span, caption: "again here",
      labels: [Label(earlier, "first given here")], help: "take one of them out")
  }

  /// Whether the parser reported something in the node: what is missing there may have been
  /// written.
  func hasSyntaxMistake(_ node: SyntaxNode) -> Bool {
    let span = node.span
    return hasSyntaxMistake(span.file, from: span.start, to: span.end)
  }

  /// Whether the parser reported something on the line where a span begins.
  func hasSyntaxMistake(onLineOf span: Span) -> Bool {
    guard syntaxMistakes[span.file] != nil else { return false }
    let source = program.sources[span.file]
    let line = source.line(at: span.start)
    let start = source.lineStarts[line]
    return hasSyntaxMistake(
      span.file, from: start, to: start + UInt32(source.lineBytes(line).count))
  }

  /// The same, unless much more than one item stands on the line.
  private func hasSyntaxMistake(onShortLineOf span: Span) -> Bool {
    guard syntaxMistakes[span.file] != nil else { return false }
    let source = program.sources[span.file]
    return source.lineBytes(source.line(at: span.start)).count <= 160
      && hasSyntaxMistake(onLineOf: span)
  }

  private func hasSyntaxMistake(_ file: FileID, from start: UInt32, to end: UInt32) -> Bool {
    guard let places = syntaxMistakes[file] else { return false }
    var low = 0
    var high = places.count
    while low < high {
      let middle = (low + high) / 2
      if places[middle] < start { low = middle + 1 } else { high = middle }
    }
    return low < places.count && places[low] <= end
  }

  /// The nearest of some names. A program with very many mistakes and names gets no more guesses after its first
  /// ones, so that guessing takes a bounded time.
  func nearest(_ name: String, among candidates: @autoclosure () -> [String]) -> String? {
    guard guesses < 50 || comparedNames < Self.comparedNamesAtMost else { return nil }
    let candidates = candidates()
    guesses += 1
    comparedNames += candidates.count
    return nearestName(to: name, among: candidates)
  }

  /// A value whose name looks like another one, and is none: with a letter of another alphabet.
  func twin(of name: String) -> String? {
    guard guesses < 50 || comparedNames < Self.comparedNamesAtMost else { return nil }
    let candidates = visibleValues()
    comparedNames += candidates.count
    return lookAlike(of: name, among: candidates)
  }

  private static let comparedNamesAtMost = 1_000_000

  /// An expression that stands for what could not be understood.
  func broken(_ span: Span) -> Expr { Expr(.nilValue, TypeTable.error, span) }

  func intern(_ type: Type) -> TypeID { program.types.intern(type) }

  func type(_ id: TypeID) -> Type { program.types[id] }

  var nilType: TypeID { intern(.optional(TypeTable.never)) }

  func optional(_ id: TypeID) -> TypeID {
    switch type(id) {
    case .optional, .error: id
    default: intern(.optional(id))  // open: every other type becomes optional the same way
    }
  }

  /// The type without its `?`.
  func unwrapped(_ id: TypeID) -> TypeID {
    if case .optional(let inner) = type(id) { inner } else { id }
  }

  func isOptional(_ id: TypeID) -> Bool {
    if case .optional = type(id) { true } else { false }
  }

  /// Adds a function to the program.
  func add(_ function: Function) -> FunctionID {
    let id = FunctionID(Int32(program.functions.count))
    program.functions.append(function)
    return id
  }

  func record(_ id: RecordID) -> Record { program.records[Int(id.rawValue)] }
}

extension SyntaxNode {
  /// Identifies the node among all files.
  var key: UInt64 { UInt64(span.file.rawValue) << 32 | UInt64(id) }

  /// The joined text of the operator tokens between the operands.
  var operatorText: String {
    var text = ""
    for child in children where child.kind == .token {
      if !text.isEmpty { text += " " }
      text += child.text
    }
    return text
  }
}
