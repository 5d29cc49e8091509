// SPDX-License-Identifier: Apache-2.0
//
// Conditions that explain themselves: `assert`, `where`, `require`, `verify`, `guard`. The values of
// a condition's parts are those of the evaluation that decided, never of another one, so that
// nothing is read twice. For that, what an operator or call in the condition gives stays in its
// register until the verdict falls. When it is "no", the code jumps behind the function's end, where
// the values are gathered. What holds pays for none of it, but for one move where a call stands in
// another one's arguments.

import DrBase
import DrSema

/// A part of a condition, and where its value is to be found once the condition does not hold.
struct WitnessPlan: Sendable {
  enum Source: Sendable {
    case register(Int)
    case truth(Bool)
  }
  let span: Span
  let source: Source
}

/// A part of a condition that has been evaluated.
private struct Evaluated {
  let part: Expr
  /// Set where the way that was taken says it.
  var truth: Bool?
}

/// A way on which a condition turned out not to hold.
private struct Refutation {
  let jumps: [Int]
  /// What has been evaluated on it.
  let known: [Evaluated]
  /// The comparison or other test that decided.
  let test: Expr
}

extension FunctionCompiler {
  // MARK: Assertions

  mutating func assert(_ condition: Expr, _ message: Expr?) {
    refute(condition) { compiler, test in
      if message == nil, test.span == condition.span, compiler.failComparison(test) { return }
      let text = compiler.allocate()
      if let message {
        compiler.compile(message, into: text)
      } else {
        compiler.load(.nilValue, into: text, at: condition.span)
      }
      compiler.emit(.failAssert, a: text, at: condition.span)
    }
  }

  /// Fails with the two sides of a comparison, as they stand in the source: `a > b` is `b < a` here.
  private mutating func failComparison(_ test: Expr) -> Bool {
    guard case .binary(let operation, let left, let right) = test.kind else { return false }
    let isSwapped = right.span.start < left.span.start
    guard let words = operation.negation(isSwapped: isSwapped) else { return false }
    let (x, y) = (operand(left), operand(right))
    emit(
      .failComparison, a: isSwapped ? y : x, b: isSwapped ? x : y,
      c: generator.number(of: .string(words)), at: test.span)
    return true
  }

  // MARK: Functions that say whether something holds

  mutating func compileCondition(_ body: Expr) {
    let result = allocate()
    refute(body) { compiler, _ in
      compiler.load(.bool(false), into: result, at: body.span)
      compiler.emit(.returnValue, a: result, at: body.span)
    }
    load(.bool(true), into: result, at: body.span)
    emit(.returnValue, a: result, at: body.span)
    compileAftermath()
  }

  // MARK: Verdicts

  /// How many parts of a condition are shown: of a longer one those that were evaluated last.
  private static let witnessesMax = 24

  /// Code that goes on where a condition holds. Where it does not, the witnesses are gathered and
  /// `otherwise` has the word; it must not go on.
  private mutating func refute(
    _ condition: Expr, _ otherwise: @escaping (inout FunctionCompiler, Expr) -> Void
  ) {
    var known: [Evaluated] = []
    for way in judge(condition, is: true, &known, of: condition.span) {
      aftermath.append(
        Aftermath(next: next) { compiler in
          compiler.land(way.jumps)
          compiler.explain(way.known, at: condition.span)
          otherwise(&compiler, way.test)
        })
    }
  }

  /// Code that goes on where a part of a condition is `outcome`, with all that is known then; the
  /// ways on which it is not.
  private mutating func judge(
    _ part: Expr, is outcome: Bool, _ known: inout [Evaluated], of whole: Span
  ) -> [Refutation] {
    switch part.kind {
    case .not(let inner): return judge(inner, is: !outcome, &known, of: whole)
    case .and(let left, let right), .or(let left, let right):
      let isAnd = if case .and = part.kind { true } else { false }
      if isAnd == outcome {
        let ways = judge(left, is: outcome, &known, of: whole)
        return ways + judge(right, is: outcome, &known, of: whole)
      }
      let before = known.count
      let early = judge(left, is: !outcome, &known, of: whole)
      let ways = judge(right, is: outcome, &known, of: whole)
      for way in early { land(way.jumps) }
      // What goes on may have come either way.
      known.removeSubrange(before...)
      return ways
    case .bool, .int, .float, .string, .nilValue, .local, .global, .function, .interpolation, .list,
      .map, .object, .record, .field, .optionalField, .member, .index, .negateInt, .negateFloat,
      .binary, .coalesce, .range, .call, .callValue, .lambda, .if, .match, .comprehension, .block,
      .convert, .directive:
      break
    }
    let test = watched(within: part, &known, of: whole)
    let jumps = branch(test, when: !outcome)
    let isPlain = generator.isPath(part) || generator.constant(of: part) != nil
    let refuted = Evaluated(part: part, truth: isPlain ? nil : !outcome)
    let way = Refutation(
      jumps: jumps, known: known.suffix(Self.witnessesMax - 1) + [refuted], test: test)
    known.append(Evaluated(part: part, truth: isPlain ? nil : outcome))
    return [way]
  }

  // MARK: Watching

  /// The same expression, with what its parts give kept in registers.
  private mutating func watched(
    _ part: Expr, _ known: inout [Evaluated], of whole: Span
  ) -> Expr {
    guard whole.encloses(part.span), generator.constant(of: part) == nil else { return part }
    if generator.isPath(part) {
      known.append(Evaluated(part: part))
      return part
    }
    let inner = watched(within: part, &known, of: whole)
    guard part.isComputed else { return inner }
    let register = allocate()
    compile(inner, into: register)
    // A number of no local of the program.
    let local = LocalID(-1 - Int32(register))
    bind(local, to: register)
    let kept = Expr(.local(local), part.type, part.span)
    known.append(Evaluated(part: kept))
    return kept
  }

  /// The same for the parts that are evaluated whenever the expression is.
  private mutating func watched(
    within part: Expr, _ known: inout [Evaluated], of whole: Span
  ) -> Expr {
    var parts: [Expr] = []
    for operand in part.operands {
      let isBare = part.isCall && generator.isBareRecord(operand)
      parts.append(isBare ? operand : watched(operand, &known, of: whole))
    }
    return parts.isEmpty ? part : part.with(operands: parts)
  }

  // MARK: Explaining

  private mutating func explain(_ known: [Evaluated], at span: Span) {
    var plans: [WitnessPlan] = []
    var seen: Set<Span> = [span]
    for evaluated in known where span.encloses(evaluated.part.span) {
      let part = evaluated.part
      guard !generator.isNamedBlock(part), seen.insert(part.span).inserted else { continue }
      let source: WitnessPlan.Source =
        if let truth = evaluated.truth { .truth(truth) } else { .register(operand(part)) }
      plans.append(WitnessPlan(span: part.span, source: source))
    }
    plans.sort { ($0.span.start, $1.span.end) < ($1.span.start, $0.span.end) }
    generator.explanations.append(plans)
    emit(.explain, c: generator.explanations.count - 1, at: span)
  }
}

extension Generator {
  /// A name, or fields of one: what has been evaluated once can be loaded again and again.
  fileprivate func isPath(_ expression: Expr) -> Bool {
    switch expression.kind {
    case .local, .global: true
    case .field(let base, _), .optionalField(let base, _): isPath(base)
    case .bool, .int, .float, .string, .nilValue, .function, .interpolation, .list, .map, .object,
      .record, .member, .index, .not, .negateInt, .negateFloat, .binary, .and, .or, .coalesce,
      .range, .call, .callValue, .lambda, .if, .match, .comprehension, .block, .convert, .directive:
      false
    }
  }

  /// The value of a named block is its name.
  fileprivate func isNamedBlock(_ expression: Expr) -> Bool {
    guard case .global(let id) = expression.kind, case .block = checked[id].body else {
      return false
    }
    return true
  }

  /// A record without a name, which as a call's argument says little.
  fileprivate func isBareRecord(_ expression: Expr) -> Bool {
    guard isPath(expression), case .record(let id) = checked.types[expression.type] else {
      return false
    }
    return !checked[id].isVocabulary
  }
}

extension BinaryOperator {
  /// How a comparison that does not hold reads, from the left side in the source to the right one;
  /// nil for what is no comparison.
  fileprivate func negation(isSwapped: Bool) -> String? {
    switch self {
    case .equal: "is not equal to"
    case .notEqual: "is equal to"
    case .lessInt, .lessFloat, .lessString:
      isSwapped ? "is not greater than" : "is not less than"
    case .lessOrEqualInt, .lessOrEqualFloat, .lessOrEqualString:
      isSwapped ? "is less than" : "is greater than"
    case .contains: "is not in"
    case .addInt, .subtractInt, .multiplyInt, .divideInt, .addFloat, .subtractFloat,
      .multiplyFloat, .divideFloat, .ratio, .scale, .share, .transferTime, .transferSize,
      .transferRate, .rateCount, .concatenateStrings, .concatenateLists:
      nil
    }
  }
}
