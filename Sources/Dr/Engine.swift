// SPDX-License-Identifier: Apache-2.0
//
// Dr: the interpreter as a library, and the only target with public names. An `Engine` holds what a
// host offers to programs, a `Program` is checked once and evaluated any number of times, each time
// on a machine of its own. `Bridging` turns values into Swift's types and back, one level at a time.

import DrBase
import DrEval
import DrSema
import DrSyntax
import Synchronization

/// What a host offers to programs: functions, types, modules and files, within limits.
///
/// An engine is a value: set it up, load programs with it, change it for others. Programs that are
/// loaded keep what the engine was at that time. It is `Sendable`, and loading does not change it, so
/// one engine may load programs on several threads.
public struct Engine: Sendable {
  /// What each evaluation of a program may use.
  public var limits: Limits
  /// Where `use "./file.dr"` finds files.
  public var files: any FileLoader

  private var modules: [String: String] = [:]
  private var hostSource = "## What the host offers.\nmodule host\n"
  private(set) var functions: [String: HostFunction] = [:]

  /// An engine that offers the standard library alone.
  public init(limits: Limits = Limits(), files: any FileLoader = NoFiles()) {
    self.limits = limits
    self.files = files
  }

  /// Adds a module that programs name in `use`; one of the standard library's name takes its place.
  ///
  /// Mistakes in it are found when a program that uses it is loaded. It is trusted as the standard library is: what
  /// it binds with `native` must take what the standard library's function of that name takes.
  ///
  /// - Throws: ``DrError`` of the kind `misuse` where the name is `host` or no name of the language.
  public mutating func addModule(_ name: String, source: String) throws(DrError) {
    guard name != "host" else {
      throw .misuse("the module `host` holds what the host declares", help: "use another name")
    }
    let isName = !name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
    guard isName, name.first?.isNumber == false else {
      throw .misuse("`\(name)` is no name of a module", help: "write letters, digits and _")
    }
    modules[name] = source
  }

  // MARK: Host functions

  /// Gives programs that `use host` a function, which the closure answers at once.
  ///
  /// The declaration is the head of a function of the language, with its effect and, if need be, its
  /// documentation:
  ///
  /// ```swift
  /// try engine.register("reads fn now_serving(zone: String) -> Int") { (zone: String) in 3 }
  /// ```
  ///
  /// A closure for a function without `reads` or `acts` must give the same result for the same
  /// arguments every time. Closures are called on the thread that evaluates.
  ///
  /// - Throws: ``DrError`` of the kind `invalid` where the declaration has mistakes, and `mismatch`
  ///   where the closure's types do not fit it.
  public mutating func register<
    each Argument: Decodable & SendableMetatype, Result: Encodable & SendableMetatype
  >(
    _ declaration: String,
    _ body: @escaping @Sendable (repeat each Argument) throws -> Result
  ) throws(DrError) {
    try add(declaration, arguments: argumentTypes(repeat (each Argument).self), Result.self) {
      call in
      var index = 0
      let result = try body(repeat try call.next((each Argument).self, &index))
      return try Encoding.value(of: result, path: [])
    }
  }

  /// The same for a function that gives nothing, which most acts do.
  public mutating func register<each Argument: Decodable & SendableMetatype>(
    _ declaration: String, _ body: @escaping @Sendable (repeat each Argument) throws -> Void
  ) throws(DrError) {
    try add(declaration, arguments: argumentTypes(repeat (each Argument).self), nil) { call in
      var index = 0
      try body(repeat try call.next((each Argument).self, &index))
      return .null
    }
  }

  /// Declares a type that host functions take or give, or a function that is answered later.
  ///
  /// A type is written as in the language, `type Pod { name: String, ready: Bool }`. Calls of a
  /// function without a closure stop an ``Evaluation`` until it is resumed; such a function must read
  /// or act.
  public mutating func declare(_ declaration: String) throws(DrError) {
    if HostDeclaration.isType(declaration) {
      let source = hostSource + "\n\(declaration)\n"
      _ = try check(source)
      hostSource = source
    } else {
      try add(declaration, arguments: nil, nil, body: nil)
    }
  }

  private mutating func add(
    _ text: String, arguments: [any Any.Type]?, _ result: (any Any.Type)?, body: HostFunction.Body?
  ) throws(DrError) {
    let declaration = try HostDeclaration(text)
    let source = hostSource + declaration.source
    let checker = try check(source)
    guard let id = checker.mainFunctions[declaration.name] else {
      throw .misuse("`\(text)` declares no function")
    }
    let function = checker.program[id]
    if body == nil, function.effect == .pure {
      throw .misuse(
        "`\(function.name)` is pure and so must be answered at once",
        help: "register it with a closure, or declare it as `reads fn` or `acts fn`")
    }
    if let arguments {
      let signature = HostSignature(function, checker.program)
      try signature.compare(arguments: arguments, result: result)
    }
    hostSource = source
    functions[declaration.nativeName] = HostFunction(name: declaration.name, body: body)
  }

  /// Checks the host's declarations by themselves.
  private func check(_ source: String) throws(DrError) -> Checker {
    var options = CheckOptions()
    options.bindsNatives = true
    let checker = Checker(loader: loader, options: options)
    checker.check(path: "host.dr", bytes: Array(source.utf8), display: "<host>")
    if checker.diagnostics.hasErrors {
      throw DrError(.invalid, checker.diagnostics, checker.program.sources)
    }
    return checker
  }

  private var loader: EngineModules {
    EngineModules(
      files: files, modules: modules.merging(["host": hostSource]) { _, host in host })
  }

  // MARK: Programs

  /// Checks a program that is given as text.
  ///
  /// - Parameters:
  ///   - source: The program.
  ///   - name: What errors call it; files in its `use` are looked for from there.
  ///   - inputs: What the program declares with `input`, by name.
  /// - Throws: ``DrError`` of the kind `invalid` with everything that is wrong, `unknownName` for an
  ///   input that the program does not have, or `mismatch` for one of another type.
  public func load(
    source: String, name: String = "program.dr", inputs: [String: Value] = [:]
  ) throws(DrError) -> Program {
    try load(inputs: inputs) { $0.check(path: name, bytes: Array(source.utf8)) }
  }

  /// Checks a program that ``files`` has under that path.
  public func load(
    file path: String, inputs: [String: Value] = [:]
  ) throws(DrError) -> Program {
    try load(inputs: inputs) { $0.check(path: path) }
  }

  private func load(
    inputs: [String: Value], _ check: (Checker) -> Void
  ) throws(DrError) -> Program {
    var options = CheckOptions()
    options.limits = limits.machineLimits
    let checker = Checker(loader: loader, options: options)
    check(checker)
    if checker.diagnostics.hasErrors {
      throw DrError(.invalid, checker.diagnostics, checker.program.sources)
    }
    return try Program(checker: checker, engine: self, inputs: inputs)
  }
}

private func argumentTypes<each Argument>(_ types: repeat (each Argument).Type) -> [any Any.Type] {
  var result: [any Any.Type] = []
  repeat result.append(each types)
  return result
}
