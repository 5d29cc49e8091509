// SPDX-License-Identifier: Apache-2.0
//
// The checker turns syntax trees into a `CheckedProgram`. It works in four passes over all modules:
//
// 1. declare: every type, function, global and named block gets an identity, so that order in a
//    file does not matter;
// 2. resolve: field types, signatures;
// 3. check: bodies, blocks and defaults, bidirectionally: an expected type flows down where there is
//    one, so that literals, lambdas and blocks need no annotations;
// 4. effects: what each function may do is propagated along calls to a fixed point and compared with
//    what each place allows.
//
// Mistakes are values. What could not be understood gets `TypeTable.error`, which agrees with
// everything, so that one mistake gives one diagnostic.

import DrBase
import DrSyntax

package struct CheckOptions: Sendable {
  package var limits = Limits()
  /// Whether the manifest backends of `stdlib/emit` are part of the program.
  package var includesBackends = false

  package init() {}
}

/// What a name stands for.
enum Symbol {
  case function(FunctionID)
  case record(RecordID)
  case alias(TypeID)
  case global(GlobalID)
}

/// What one module declares.
struct ModuleScope {
  var symbols: [String: Symbol] = [:]
  var keywords: [String: RecordID] = [:]
  var spans: [String: Span] = [:]
  /// Named blocks inside other blocks.
  var nested: [String: [GlobalID]] = [:]
}

package final class Checker {
  package internal(set) var program = CheckedProgram()
  package internal(set) var diagnostics: [Diagnostic] = []
  /// What globals of the user's first file carry as their module.
  package var mainAlias: String { modules.isEmpty ? "" : modules[mainModule].alias }
  let loader: any ModuleLoader
  package let options: CheckOptions

  var modules: [Module] = []
  var scopes: [ModuleScope] = []
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
  var site = EffectSite.Context(function: nil, allowed: .pure, place: .definition)
  var effectSites: [EffectSite] = []
  var yieldsAllowed = false

  // Work noted by the declaring pass for the later ones.
  var typeWork: [(module: Int, record: RecordID, node: SyntaxNode)] = []
  var functionWork: [(module: Int, function: FunctionID, node: SyntaxNode)] = []
  var functionWorkIndex: [FunctionID: Int] = [:]
  var globalWork: [(module: Int, global: GlobalID, node: SyntaxNode)] = []
  var globalWorkIndex: [GlobalID: Int] = [:]
  var blockWork: [BlockWork] = []
  var globalOfNode: [UInt64: GlobalID] = [:]
  var aliasWork: [(module: Int, name: String, node: SyntaxNode)] = []
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
    preludeModules = ModuleGraph.prelude.compactMap { builder.loadStandard($0) }
    mainModule = builder.load(
      key: "file:" + path, path: path, display: display ?? path, bytes: bytes, isStandard: false)
    if options.includesBackends {
      for name in loader.standardModules where name.hasPrefix("emit/") {
        _ = builder.loadStandard(name)
      }
    }
    modules = builder.graph.modules
    program.sources = builder.graph.sources
    diagnostics = builder.graph.diagnostics
    scopes = modules.map { _ in ModuleScope() }

    for index in modules.indices { declare(module: index) }
    resolveTypes()
    resolveSignatures()
    checkBodies()
    checkEffects()
    diagnostics = diagnostics.inSourceOrder()
  }

  func report(
    _ code: DiagnosticCode, _ message: String, at span: Span, caption: String? = nil,
    labels: [Label] = [], notes: [String] = [], help: String? = nil, fixes: [Fix] = []
  ) {
    diagnostics.append(
      Diagnostic(
        code, message, at: span, caption: caption, labels: labels, notes: notes, help: help,
        fixes: fixes))
  }

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
