// SPDX-License-Identifier: Apache-2.0
//
// Checked programs built by hand.

import DrBase
import DrData
import DrEval
import DrSema

/// Short names for expressions.
enum E {
  static let here = Span(FileID(0), 1, 2)

  static func make(_ kind: Expr.Kind, _ type: TypeID, at offset: UInt32 = 1) -> Expr {
    Expr(kind, type, Span(FileID(0), offset, offset + 1))
  }
  static func int(_ value: Int64, _ type: TypeID = TypeTable.int, at offset: UInt32 = 1) -> Expr {
    make(.int(value), type, at: offset)
  }
  static func float(_ value: Double) -> Expr { make(.float(value), TypeTable.float) }
  static func bool(_ value: Bool) -> Expr { make(.bool(value), TypeTable.bool) }
  static func string(_ value: String) -> Expr { make(.string(value), TypeTable.string) }
  static var none: Expr { make(.nilValue, TypeTable.never) }
  static func local(_ id: Int32, _ type: TypeID = TypeTable.int) -> Expr {
    make(.local(LocalID(id)), type)
  }
  static func global(_ id: GlobalID, _ type: TypeID = TypeTable.int, at offset: UInt32 = 1) -> Expr
  {
    make(.global(id), type, at: offset)
  }
  static func binary(
    _ operation: BinaryOperator, _ a: Expr, _ b: Expr, _ type: TypeID = TypeTable.int,
    at offset: UInt32 = 1
  ) -> Expr {
    make(.binary(operation, a, b), type, at: offset)
  }
  static func add(_ a: Expr, _ b: Expr) -> Expr { binary(.addInt, a, b) }
  static func less(_ a: Expr, _ b: Expr) -> Expr { binary(.lessInt, a, b, TypeTable.bool) }
  static func call(
    _ id: FunctionID, _ arguments: [Expr], _ type: TypeID = TypeTable.int, at offset: UInt32 = 1
  ) -> Expr {
    make(.call(id, arguments), type, at: offset)
  }
  static func list(_ elements: [Expr], _ type: TypeID = TypeTable.object) -> Expr {
    make(.list(elements.map(Element.value)), type)
  }
  static func `if`(_ c: Expr, _ a: Expr, _ b: Expr?, _ type: TypeID = TypeTable.int) -> Expr {
    make(.if(c, a, else: b), type)
  }
  static func field(
    _ base: Expr, _ slot: Int, _ type: TypeID = TypeTable.int, at offset: UInt32 = 1
  ) -> Expr {
    make(.field(base, slot), type, at: offset)
  }
  static func block(_ statements: [Statement], _ result: Expr?, _ type: TypeID = TypeTable.int)
    -> Expr
  {
    make(.block(statements, result: result), type)
  }
  static func each(
    _ local: Int32, _ source: Expr, if condition: Expr? = nil, key: Expr? = nil, _ value: Expr,
    _ type: TypeID = TypeTable.object
  ) -> Expr {
    make(
      .comprehension(
        Comprehension(
          local: LocalID(local), source: source, condition: condition, key: key, value: value)),
      type)
  }
  static func range(_ a: Expr, _ b: Expr) -> Expr { make(.range(a, b), TypeTable.range) }
}

/// A program in the making.
final class Build {
  var program = CheckedProgram()

  init() { _ = program.sources.add(name: "main.dr", bytes: Array("one\ntwo\nthree\nfour\n".utf8)) }

  func type(_ type: Type) -> TypeID { program.types.intern(type) }

  func function(
    _ name: String = "f", parameters: [TypeID] = [], from: Int32 = 0,
    result: TypeID = TypeTable.int, role: Function.Role = .function, effect: Effect = .pure,
    at offset: UInt32 = 1, _ body: Expr
  ) -> FunctionID {
    let id = declare(
      name, parameters: parameters, from: from, result: result, role: role, effect: effect,
      at: offset)
    define(id, body)
    return id
  }

  /// A function whose body comes later, so that it can be recursive.
  func declare(
    _ name: String, parameters: [TypeID] = [], from: Int32 = 0, result: TypeID = TypeTable.int,
    role: Function.Role = .function, effect: Effect = .pure, at offset: UInt32 = 1
  ) -> FunctionID {
    program.functions.append(
      Function(
        name: name, role: role, effect: effect,
        parameters: parameters.enumerated().map { index, type in
          Parameter(
            label: "p\(index)", local: LocalID(from + Int32(index)), type: type, defaultValue: nil)
        }, result: result, localCount: 20, body: .missing,
        span: Span(FileID(0), offset, offset + 1)))
    return FunctionID(Int32(program.functions.count - 1))
  }

  func define(_ id: FunctionID, _ body: Expr) {
    program.functions[Int(id.rawValue)].body = .expression(body)
  }

  func native(
    _ name: String, parameters: [TypeID], result: TypeID = TypeTable.int, effect: Effect = .pure,
    actClass: ActClass? = nil
  ) -> FunctionID {
    let id = declare(name, parameters: parameters, result: result, effect: effect)
    program.functions[Int(id.rawValue)].body = .native(name: name, actClass: actClass)
    return id
  }

  func global(
    _ name: String, _ type: TypeID = TypeTable.int, _ body: Global.Body, at offset: UInt32 = 1
  ) -> GlobalID {
    program.globals.append(
      Global(
        name: name, module: "main", type: type, body: body, localCount: 5,
        span: Span(FileID(0), offset, offset + 1)))
    return GlobalID(Int32(program.globals.count - 1))
  }

  func global(_ name: String, _ body: Global.Body) -> GlobalID {
    global(name, TypeTable.int, body)
  }

  func record(_ name: String, keyword: String? = nil, _ fields: [RecordField]) -> RecordID {
    program.records.append(
      Record(name: name, keyword: keyword, fields: fields, span: E.here, documentation: nil))
    return RecordID(Int32(program.records.count - 1))
  }

  static func field(
    _ name: String, _ type: TypeID = TypeTable.int, mark: RecordField.Mark = .ordinary,
    value: FunctionID? = nil, constraint: FunctionID? = nil, message: FunctionID? = nil,
    at offset: UInt32 = 1
  ) -> RecordField {
    var field = RecordField(
      name: name, type: type, mark: mark, span: Span(FileID(0), offset, offset + 1))
    field.defaultValue = value
    field.constraint = constraint
    field.constraintMessage = message
    return field
  }

  /// The fields that every type of the block vocabulary begins with.
  static var implicit: [RecordField] {
    ["name", "label", "origin"].map { field($0, TypeTable.string, mark: .implicit) }
  }

  func machine(_ limits: Limits = Limits(), inputs: [String: Document] = [:]) -> Machine {
    Machine(program: Program(program), limits: limits, inputs: inputs)
  }

  /// The value of an expression as text.
  func show(_ expression: Expr) throws -> String {
    let id = function(result: expression.type, expression)
    let machine = machine()
    return machine.describe(try machine.call(id, []), type: expression.type)
  }

  /// The diagnostic of an expression that fails.
  func failure(_ expression: Expr, _ limits: Limits = Limits()) -> Diagnostic? {
    let id = function("failing", result: expression.type, expression)
    do {
      _ = try machine(limits).call(id, [])
      return nil
    } catch {
      return error
    }
  }
}
