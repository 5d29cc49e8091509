// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEmit
import DrEval
import DrSema
import Synchronization

/// A program that was checked, with its inputs.
///
/// A program never changes and is `Sendable`: any number of threads may evaluate it at the same time.
/// Each evaluation starts afresh, with its own memory and the engine's ``Engine/limits``, and what it
/// gives depends on the program, its inputs and the host functions alone.
public struct Program: Sendable {
  let storage: Storage

  /// What is behind a program; shared by its copies.
  final class Storage: Sendable {
    let checked: CheckedProgram
    let code: DrEval.Program
    let limits: DrBase.Limits
    let hostFunctions: [String: HostFunction]
    let inputs: [String: Value]
    let warnings: [Finding]
    let mainModule: String
    let mainFunctions: [String: FunctionID]
    /// For expressions, which are checked one at a time.
    let checker: Mutex<Checker>

    init(checker: sending Checker, engine: Engine, inputs: [String: Value]) {
      checked = checker.program
      hostFunctions = engine.functions
      code = DrEval.Program(checked, hostFunctions: Set(engine.functions.keys))
      limits = engine.limits.machineLimits
      self.inputs = inputs
      warnings = checker.diagnostics.map { [checked] in Finding($0, checked.sources) }
      mainModule = checker.mainAlias
      mainFunctions = checker.mainFunctions
      self.checker = Mutex(checker)
    }
  }

  init(
    checker: sending Checker, engine: Engine, inputs: [String: Value]
  ) throws(DrError) {
    storage = Storage(checker: checker, engine: engine, inputs: inputs)
    try checkInputs()
  }

  /// What the checker remarked without refusing the program.
  public var warnings: [Finding] { storage.warnings }

  /// Computes every block and value of the program and checks every constraint, as `dr check` does.
  ///
  /// - Throws: ``DrError`` with everything that went wrong. ``Engine/limits`` hold for each top-level
  ///   name by itself.
  public func verify(cancellation: Cancellation? = nil) throws(DrError) {
    let session = try Session(self, cancellation)
    let failures = session.machine.modelFailures()
    guard let first = failures.first else { return }
    if cancellation?.isCancelled == true { throw session.error(first) }
    let kinds = Set(failures.map { DrError(evaluating: $0, storage.checked.sources).kind })
    throw DrError(
      kinds.count == 1 ? kinds.first ?? .failed : .failed, failures, storage.checked.sources)
  }

  // MARK: Values

  /// The value of an expression as seen from the program, which may call what reads.
  ///
  /// The expression is checked each time; what is wanted often is better a function of the program:
  /// see ``function(_:as:)``.
  public func evaluate<T: Decodable>(
    _ expression: String, as type: T.Type = T.self, cancellation: Cancellation? = nil
  ) throws(DrError) -> T {
    let evaluation = try start(expression, cancellation: cancellation)
    return try evaluation.finish(as: type)
  }

  /// The value of a name that the program declares with `let`, `input` or a block.
  ///
  /// What is asked for is computed and nothing else, so a `Codable` type with three members of a
  /// block leaves its other fields alone.
  public func value<T: Decodable>(
    of name: String, as type: T.Type = T.self, cancellation: Cancellation? = nil
  ) throws(DrError) -> T {
    let candidates = storage.checked.globals.indices.filter {
      storage.checked.globals[$0].module == storage.mainModule
        && storage.checked.globals[$0].name == name
    }
    guard let number = candidates.first else {
      throw unknown("value", name, among: Set(mainGlobals.map(\.name)))
    }
    guard candidates.count == 1 else {
      throw .misuse(
        "the program has \(candidates.count) blocks `\(name)`",
        help: "evaluate the way to the one that is meant, such as `deepseek.probes`")
    }
    let session = try Session(self, cancellation)
    let value: DrEval.Value
    do throws(Diagnostic) {
      value = try session.machine.global(GlobalID(Int32(number)))
    } catch {
      throw session.error(error)
    }
    return try session.decode(
      value, as: type, name: "`\(name)`", at: storage.checked.globals[number].span)
  }

  /// A function of the program as a Swift function.
  ///
  /// ```swift
  /// let pick = try program.function("pick", as: ((Int, String) -> String).self)
  /// let zone = try pick(3, "gpu")
  /// ```
  ///
  /// - Throws: ``DrError`` of the kind `unknownName`, or `mismatch` where the types do not fit.
  public func function<each Argument: Encodable & Sendable, Result: Decodable>(
    _ name: String, as type: ((repeat each Argument) -> Result).Type
  ) throws(DrError) -> Function<Result, repeat each Argument> {
    guard let id = storage.mainFunctions[name] else {
      throw unknown("function", name, among: Set(storage.mainFunctions.keys))
    }
    let function = storage.checked[id]
    guard function.role == .function else {
      throw .misuse(
        "`\(name)` is a \(function.role), which a host does not call",
        help: "a runbook needs a journal: it is run with `dr run`")
    }
    var types: [any Any.Type] = []
    repeat types.append((each Argument).self)
    let result: (any Any.Type)? = Result.self == Nothing.self ? nil : Result.self
    try HostSignature(function, storage.checked).compare(arguments: types, result: result)
    return Function(program: self, id: id)
  }

  // MARK: Evaluations that stop

  /// Begins to evaluate an expression; calls of host functions without a closure stop it.
  public func start(
    _ expression: String, cancellation: Cancellation? = nil
  ) throws(DrError) -> Evaluation {
    let (checked, function, diagnostics) = storage.checker.withLock { checker in
      let value = checker.checkValueAside(expression)
      return (value.program, value.function, value.diagnostics)
    }
    guard let function else { throw DrError(.invalid, diagnostics, checked.sources) }
    let code = DrEval.Program(checked, hostFunctions: Set(storage.hostFunctions.keys))
    let session = try Session(self, code: code, cancellation)
    return Evaluation(session: session, function: function, arguments: [])
  }

  // MARK: Names

  private var mainGlobals: [Global] {
    storage.checked.globals.filter { $0.module == storage.mainModule }
  }

  private func unknown(_ what: String, _ name: String, among names: Set<String>) -> DrError {
    let nearest = nearestName(to: name, among: names.sorted())
    let diagnostic = Diagnostic(
      .unknownName, "the program has no \(what) `\(name)`",
      help: nearest.map { "did you mean `\($0)`?" })
    return DrError(.unknownName, [diagnostic], storage.checked.sources)
  }

  private func checkInputs() throws(DrError) {
    guard !storage.inputs.isEmpty else { return }
    let session = try Session(self, nil)
    for name in storage.inputs.keys.sorted() {
      guard let id = storage.input(name) else {
        throw unknown("input", name, among: Set(mainGlobals.filter(\.isInput).map(\.name)))
      }
      do throws(Diagnostic) {
        _ = try session.machine.global(id)
      } catch {
        if error.code == .typeMismatch {
          throw DrError(.mismatch, [error], storage.checked.sources)
        }
        throw session.error(error)
      }
    }
  }
}

extension Program.Storage {
  func input(_ name: String) -> GlobalID? {
    checked.globals.firstIndex { $0.isInput && $0.name == name && $0.module == mainModule }
      .map { GlobalID(Int32($0)) }
  }
}

extension Global {
  fileprivate var isInput: Bool { if case .input = body { true } else { false } }
}
