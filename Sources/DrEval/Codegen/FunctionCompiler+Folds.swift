// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema

/// Comprehensions that are only counted or added up: `len([for …])`, `sum([for …])`. Their lists are
/// not made; the elements are evaluated in the same order.
extension FunctionCompiler {
  /// False where the call is no such one.
  mutating func compileFold(
    _ id: FunctionID, _ arguments: [Expr], into target: Int, at span: Span
  ) -> Bool {
    guard case .native(let name, _) = generator.checked[id].body,
      generator.checked[id].effect == .pure, !generator.hostFunctions.contains(name),
      arguments.count == 1, case .comprehension(let loop) = arguments[0].kind, loop.key == nil
    else { return false }
    switch name {
    case "list.count": count(loop, into: target, at: span)
    case "list.sum":
      guard let add = addition(of: loop.value.type) else { return false }
      sum(loop, add, into: target, at: span)
    default: return false  // open: every other function needs the list
    }
    return true
  }

  private mutating func count(_ loop: Comprehension, into target: Int, at span: Span) {
    load(.whole(.int, 0), into: target, at: span)
    each(of: loop, at: span) { compiler in
      if !compiler.generator.isPlain(loop.value) {
        compiler.compile(loop.value, into: compiler.allocate())
      }
      compiler.emit(.addImmediate, a: target, b: target, c: 1, at: loop.value.span)
    }
  }

  private mutating func sum(
    _ loop: Comprehension, _ add: Opcode, into target: Int, at span: Span
  ) {
    let tag = generator.checked.types.numberTag(loop.value.type)
    load(tag == .float ? .float(0) : .whole(tag, 0), into: target, at: span)
    each(of: loop, at: span) { compiler in
      let element = compiler.operand(loop.value)
      compiler.emit(add, a: target, b: target, c: element, at: loop.value.span)
    }
  }

  /// The instruction that adds two values of a type; nil where sums are taken otherwise.
  private func addition(of type: TypeID) -> Opcode? {
    if type == TypeTable.float { return .addFloat }
    return type != TypeTable.bool && generator.checked.types.isWhole(type) ? .addInt : nil
  }
}

extension Generator {
  /// Whether evaluating an expression does nothing that anybody could see.
  fileprivate func isPlain(_ expression: Expr) -> Bool {
    if case .local = expression.kind { return true }
    return constant(of: expression) != nil
  }
}
