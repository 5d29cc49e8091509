// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema

/// Builds checked programs by hand, so that the executor is tested without parser and checker.
final class ProgramBuilder {
  fileprivate var program = CheckedProgram()
  fileprivate var text = ""
  fileprivate var localCount: Int32 = 0
  private var natives: [String: FunctionID] = [:]

  /// A program with one runbook of these statements.
  static func runbook(
    named name: String = "evacuate", _ write: (Code) -> Void
  ) -> (CheckedProgram, FunctionID) {
    let builder = ProgramBuilder()
    let code = Code(builder)
    write(code)
    let id = builder.function(name, .runbook, parameters: [], code.block)
    builder.program.runbooks[name] = id
    _ = builder.program.sources.add(name: "main.dr", bytes: Array(builder.text.utf8))
    return (builder.program, id)
  }

  fileprivate func span(_ line: String) -> Span {
    let start = UInt32(text.utf8.count)
    text += line + "\n"
    return Span(FileID(0), start, UInt32(text.utf8.count) - 1)
  }

  fileprivate func function(
    _ name: String, _ role: Function.Role, parameters: [Parameter], _ body: Expr
  ) -> FunctionID {
    program.functions.append(
      Function(
        name: name, role: role, effect: .acts, parameters: parameters, result: body.type,
        localCount: localCount, body: .expression(body), span: body.span))
    return FunctionID(Int32(program.functions.count - 1))
  }

  /// `target: String, value: Int` for all of them; what they give is told by their name.
  fileprivate func native(_ name: String) -> FunctionID {
    if let id = natives[name] { return id }
    let actClass = ActClass(rawValue: String(name.split(separator: ".").last ?? ""))
    let isAct = name.hasPrefix("set.") || name.hasPrefix("add.")
    let result = name == "ready" ? TypeTable.bool : TypeTable.int
    let parameters = [
      Parameter(label: "target", local: LocalID(0), type: TypeTable.string, defaultValue: nil),
      Parameter(label: "value", local: LocalID(1), type: TypeTable.int, defaultValue: nil),
    ]
    program.functions.append(
      Function(
        name: name, role: .function, effect: isAct ? .acts : .reads, parameters: parameters,
        result: result, localCount: 2,
        body: .native(name: name, actClass: isAct ? actClass : nil), span: span(name)))
    let id = FunctionID(Int32(program.functions.count - 1))
    natives[name] = id
    return id
  }
}

/// The statements of one block.
final class Code {
  private let builder: ProgramBuilder
  private var statements: [Statement] = []
  private var result: Expr?

  fileprivate init(_ builder: ProgramBuilder) { self.builder = builder }

  fileprivate var block: Expr {
    Expr(
      .block(statements, result: result), result?.type ?? TypeTable.unit, builder.span("{ }"))
  }

  // MARK: Expressions

  func int(_ value: Int64, _ type: TypeID = TypeTable.int) -> Expr {
    Expr(.int(value), type, builder.span("\(value)"))
  }

  func string(_ value: String) -> Expr {
    Expr(.string(value), TypeTable.string, builder.span(value))
  }

  func seconds(_ value: Int64?) -> Expr {
    value.map { int($0 * 1_000_000_000, TypeTable.duration) } ?? none
  }

  private var none: Expr { Expr(.nilValue, TypeTable.never, builder.span("nil")) }

  func call(_ name: String, _ target: String, _ value: Expr? = nil) -> Expr {
    let id = builder.native(name)
    return Expr(
      .call(id, [string(target), value ?? int(0)]), builder.program[id].result,
      builder.span("\(name)(\(target))"))
  }

  func equal(_ a: Expr, _ b: Int64) -> Expr {
    Expr(.binary(.equal, a, int(b)), TypeTable.bool, builder.span("a == \(b)"))
  }

  private func closure(_ body: Expr) -> Expr {
    let id = builder.function("closure", .lambda, parameters: [], body)
    let type = builder.program.types.intern(.function(parameters: [], result: body.type))
    return Expr(.lambda(id), type, body.span)
  }

  private func closure(_ write: (Code) -> Void) -> Expr {
    let code = Code(builder)
    write(code)
    return closure(code.block)
  }

  // MARK: Statements

  func `do`(_ expression: Expr) { statements.append(.expression(expression)) }

  func `let`(_ expression: Expr) -> Expr {
    let local = LocalID(builder.localCount)
    builder.localCount += 1
    statements.append(.let(local, expression))
    return Expr(.local(local), expression.type, expression.span)
  }

  func give(_ expression: Expr) { result = expression }

  private func directive(_ kind: DirectiveKind, _ operands: [Expr], _ line: String, _ type: TypeID)
    -> Expr
  {
    Expr(.directive(kind, operands), type, builder.span(line))
  }

  func step(
    _ title: String, within: Int64? = nil, retry: Int64? = nil, every: Int64? = nil,
    backoff: Double? = nil, jitter: Int64? = nil, if condition: Expr? = nil,
    _ write: (Code) -> Void
  ) {
    `do`(
      stepValue(
        title, within: within, retry: retry, every: every, backoff: backoff, jitter: jitter,
        if: condition, write))
  }

  func stepValue(
    _ title: String, within: Int64? = nil, retry: Int64? = nil, every: Int64? = nil,
    backoff: Double? = nil, jitter: Int64? = nil, if condition: Expr? = nil,
    _ write: (Code) -> Void
  ) -> Expr {
    let body = Code(builder)
    write(body)
    let block = body.block
    return directive(
      .step,
      [
        string(title), seconds(within), retry.map { int($0) } ?? none, seconds(every),
        backoff.map { Expr(.float($0), TypeTable.float, builder.span("f")) } ?? none,
        condition.map { closure($0) } ?? none, closure(block),
        jitter.map { int($0 * 10_000_000, TypeTable.percent) } ?? none,
      ], "step \(title)", block.type)
  }

  func undo(_ write: (Code) -> Void) {
    `do`(directive(.undo, [closure(write)], "undo", TypeTable.unit))
  }

  func wait(_ condition: Expr, within: Int64?, every: Int64? = nil) {
    `do`(
      directive(
        .wait, [closure(condition), seconds(within), seconds(every)], "wait until it is ready",
        TypeTable.unit))
  }

  func pause(_ length: Int64) {
    `do`(directive(.pause, [seconds(length)], "pause", TypeTable.unit))
  }

  func require(_ condition: Expr, else message: String? = nil) {
    `do`(
      directive(
        .require, [closure(condition), message.map { closure(string($0)) } ?? none], "require it",
        TypeTable.unit))
  }

  func verify(_ condition: Expr, within: Int64? = nil, else message: String? = nil) {
    `do`(
      directive(
        .verify,
        [
          closure(condition), seconds(within), none,
          message.map { closure(string($0)) } ?? none,
        ], "verify it", TypeTable.unit))
  }

  func approve(
    _ question: String, by audience: String? = nil, within: Int64? = nil,
    otherwise: String = "abort", quorum: Int64? = nil
  ) {
    `do`(
      directive(
        .approve,
        [
          string(question), audience.map(string) ?? none, seconds(within), string(otherwise),
          quorum.map { int($0) } ?? none,
        ], "approve", TypeTable.unit))
  }

  func parallel(limit: Int64? = nil, quorum: Int64? = nil, _ branches: [(Code) -> Void]) {
    let bodies = branches.map { closure($0) }
    let type = builder.program.types.intern(.list(TypeTable.unit))
    let list = Expr(.list(bodies.map(Element.value)), type, builder.span("[ ]"))
    `do`(
      directive(
        .parallel, [limit.map { int($0) } ?? none, list, quorum.map { int($0) } ?? none],
        "parallel", TypeTable.unit))
  }

  func run(_ name: String, _ write: (Code) -> Void) {
    `do`(directive(.run, [string(name), closure(write)], "run \(name)", TypeTable.unit))
  }

  func lock(_ name: String, for length: Int64) {
    `do`(directive(.lock, [string(name), seconds(length)], "lock", TypeTable.unit))
  }

  func onFailure(_ write: (Code) -> Void) {
    let code = Code(builder)
    let local = LocalID(builder.localCount)
    builder.localCount += 1
    write(code)
    let body = code.block
    let parameter = Parameter(
      label: "reason", local: local, type: TypeTable.string, defaultValue: nil)
    let id = builder.function("handler", .lambda, parameters: [parameter], body)
    let type = builder.program.types.intern(
      .function(parameters: [TypeTable.string], result: body.type))
    `do`(
      directive(
        .onFailure, [Expr(.lambda(id), type, body.span)], "on failure", TypeTable.unit))
  }

  func fail(_ message: String) {
    `do`(directive(.fail, [string(message)], "fail", TypeTable.never))
  }
}
