// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

extension Checker {
  func checkUnary(_ node: SyntaxNode) -> Expr {
    guard let operand = node.expression else { return broken(node.span) }
    if node.token(.notKeyword) != nil {
      return Expr(
        .not(checkExpression(operand, expected: TypeTable.bool)), TypeTable.bool, node.span)
    }
    let value = checkExpression(operand)
    if isOptional(value.type), value.type != nilType {
      reportMismatch(value, wanted: unwrapped(value.type))
      return broken(node.span)
    }
    guard isQuantity(value.type) || value.type == TypeTable.error else {
      report(
        .typeMismatch, "\(describe(value.type)) has no negative", at: operand.span,
        caption: "this is \(typeName(value.type))", help: "only numbers and quantities have one")
      return broken(node.span)
    }
    let kind: Expr.Kind = value.type == TypeTable.float ? .negateFloat(value) : .negateInt(value)
    return Expr(kind, value.type, node.span)
  }

  func checkBinary(_ node: SyntaxNode, expected: TypeID?) -> Expr {
    let sides = node.expressions
    guard sides.count == 2 else { return broken(node.span) }
    let symbol = node.operatorText
    switch symbol {
    case "and", "or": return checkLogic(symbol, sides, node)
    case "??": return checkCoalesce(sides, node, expected: expected)
    case "==", "!=": return checkEquality(symbol, sides, node)
    case "<", "<=", ">", ">=": return checkOrder(symbol, sides, node)
    case "in", "not in": return checkContains(symbol, sides, node)
    case "+", "-", "*", "/": return checkArithmetic(symbol, sides, node, expected: expected)
    default: return broken(node.span)  // open: an error, reported by the parser
    }
  }

  private func checkLogic(_ symbol: String, _ sides: [SyntaxNode], _ node: SyntaxNode) -> Expr {
    let left = checkExpression(sides[0], expected: TypeTable.bool)
    let right = inScope {
      narrowed.formUnion(pathsNotNil(when: sides[0], holds: symbol == "and"))
      return checkExpression(sides[1], expected: TypeTable.bool)
    }
    return Expr(
      symbol == "and" ? .and(left, right) : .or(left, right), TypeTable.bool, node.span)
  }

  private func checkCoalesce(
    _ sides: [SyntaxNode], _ node: SyntaxNode, expected: TypeID?
  ) -> Expr {
    let left = checkExpression(sides[0], expected: expected.map(optional))
    let inner = unwrapped(left.type)
    let right = checkExpression(sides[1], expected: expected ?? nil)
    guard let joined = join(inner, right.type) else {
      reportMismatch(right, wanted: inner)
      return broken(node.span)
    }
    return Expr(.coalesce(left, right), joined, node.span)
  }

  /// Checks both sides, the literal one with the other's type, so that `x == "a"` knows x's choices
  /// and `x * 2` a Float x.
  private func operands(_ sides: [SyntaxNode]) -> (left: Expr, right: Expr) {
    if isPlainLiteral(sides[0]), !isPlainLiteral(sides[1]) {
      let right = checkExpression(sides[1])
      return (checkExpression(sides[0], expected: hint(for: sides[0], from: right.type)), right)
    }
    let left = checkExpression(sides[0])
    if isPlainLiteral(sides[1]) {
      return (left, checkExpression(sides[1], expected: hint(for: sides[1], from: left.type)))
    }
    return (left, checkExpression(sides[1]))
  }

  private func isPlainLiteral(_ node: SyntaxNode) -> Bool {
    node.kind == .stringExpr
      || node.kind == .literal && node.children.contains { $0.tokenKind == .integer }
  }

  private func hint(for literal: SyntaxNode, from id: TypeID) -> TypeID? {
    switch type(unwrapped(id)) {
    case .choice: literal.kind == .stringExpr ? unwrapped(id) : nil
    case .float: literal.kind == .stringExpr ? nil : TypeTable.float
    default: nil  // open: no other type reads a literal in its own way
    }
  }

  private func checkEquality(_ symbol: String, _ sides: [SyntaxNode], _ node: SyntaxNode) -> Expr {
    let (left, right) = operands(sides)
    if left.type == TypeTable.error || right.type == TypeTable.error { return broken(node.span) }
    if !areComparable(left.type, right.type) {
      reportOperands("compare", left, right, node)
      return broken(node.span)
    }
    if right.type == nilType { reportNeverNil(left, sides[0]) }
    if left.type == nilType { reportNeverNil(right, sides[1]) }
    return Expr(
      .binary(symbol == "==" ? .equal : .notEqual, left, right), TypeTable.bool, node.span)
  }

  /// A value compared with nil that cannot be nil. One that a test before has narrowed may be asked again.
  private func reportNeverNil(_ value: Expr, _ node: SyntaxNode) {
    switch type(value.type) {
    case .optional, .error, .never, .unit, .parameter, .object: return
    default: break  // open: no other type has nil
    }
    if let path = path(node), narrowed.contains(path) { return }
    report(
      .typeMismatch, "this is never nil", at: value.span,
      caption: "this is \(typeName(value.type))",
      help: "take the comparison out; only a type with a `?` has nil")
  }

  /// Whether values of the two types can be equal; a comparison that never holds is a mistake.
  private func areComparable(_ a: TypeID, _ b: TypeID) -> Bool {
    if a == nilType || b == nilType { return true }
    let (a, b) = (unwrapped(a), unwrapped(b))
    switch (type(a), type(b)) {
    case (.record(let x), .record(let y)): return x == y
    case (.record(let x), .union(let y)), (.union(let y), .record(let x)): return y.contains(x)
    case (.union(let x), .union(let y)): return x.contains(where: y.contains)
    case (.choice(let x), .choice(let y)): return x.contains(where: y.contains)
    case (.function, _), (_, .function): return false
    default: return join(a, b) != nil  // open: all other types are equal or fit one another
    }
  }

  private func checkOrder(_ symbol: String, _ sides: [SyntaxNode], _ node: SyntaxNode) -> Expr {
    var (left, right) = operands(sides)
    if left.type == TypeTable.error || right.type == TypeTable.error { return broken(node.span) }
    for side in [left, right] where isOptional(side.type) {
      reportMismatch(side, wanted: unwrapped(side.type))
      return broken(node.span)
    }
    let operators: (less: BinaryOperator, orEqual: BinaryOperator)
    switch (type(left.type), type(right.type)) {
    case (.float, .float): operators = (.lessFloat, .lessOrEqualFloat)
    case (.string, .string), (.choice, .string), (.string, .choice):
      operators = (.lessString, .lessOrEqualString)
    default:  // open: quantities of one kind
      guard left.type == right.type, isQuantity(left.type) else {
        reportOperands("compare", left, right, node)
        return broken(node.span)
      }
      operators = (.lessInt, .lessOrEqualInt)
    }
    if symbol == ">" || symbol == ">=" { swap(&left, &right) }
    let isStrict = symbol == "<" || symbol == ">"
    return Expr(
      .binary(isStrict ? operators.less : operators.orEqual, left, right), TypeTable.bool, node.span
    )
  }

  private func checkContains(_ symbol: String, _ sides: [SyntaxNode], _ node: SyntaxNode) -> Expr {
    let container = checkExpression(sides[1])
    var wanted: TypeID?
    switch type(container.type) {
    case .list(let element): wanted = element == TypeTable.never ? nil : element
    case .map(let key, _): wanted = key
    case .range: wanted = TypeTable.int
    case .string, .object: wanted = TypeTable.string
    case .error: wanted = nil
    default:  // open: nothing else contains values
      report(
        .typeMismatch,
        "`in` looks into a list, a map, a range or a text, not \(describe(container.type))",
        at: container.span, caption: "this is \(typeName(container.type))",
        help: "write `element in [a, b]`, `key in map` or `\"part\" in text`")
    }
    let element = checkExpression(sides[0], expected: wanted)
    if container.type == TypeTable.error { return broken(node.span) }
    let test = Expr(.binary(.contains, element, container), TypeTable.bool, node.span)
    return symbol == "in" ? test : Expr(.not(test), TypeTable.bool, node.span)
  }

  // MARK: Arithmetic

  private func checkArithmetic(
    _ symbol: String, _ sides: [SyntaxNode], _ node: SyntaxNode, expected: TypeID?
  ) -> Expr {
    let (left, right) = operands(sides)
    if left.type == TypeTable.error || right.type == TypeTable.error { return broken(node.span) }
    for side in [left, right] where isOptional(side.type) {
      reportMismatch(side, wanted: unwrapped(side.type))
      return broken(node.span)
    }
    guard let found = arithmetic(symbol, left.type, right.type) else {
      let verb = ["+": "add", "-": "subtract", "*": "multiply", "/": "divide"][symbol] ?? symbol
      reportOperands(verb, left, right, node)
      return broken(node.span)
    }
    let (a, b) = found.swapped ? (right, left) : (left, right)
    return Expr(.binary(found.operator, a, b), found.result, node.span)
  }

  private typealias Arithmetic = (operator: BinaryOperator, result: TypeID, swapped: Bool)

  /// The dimension table: which operands go together, and what they give.
  private func arithmetic(_ symbol: String, _ a: TypeID, _ b: TypeID) -> Arithmetic? {
    typealias T = TypeTable
    if a == b {
      switch (symbol, type(a)) {
      case ("+", .float): return (.addFloat, a, false)
      case ("-", .float): return (.subtractFloat, a, false)
      case ("*", .float): return (.multiplyFloat, a, false)
      case ("/", .float): return (.divideFloat, a, false)
      case ("*", .int): return (.multiplyInt, a, false)
      case ("/", .int): return (.divideInt, a, false)
      case ("*", .percent): return (.share, a, false)
      case ("+", .string): return (.concatenateStrings, a, false)
      default: break  // open: like quantities below
      }
      if isQuantity(a) {
        if symbol == "+" { return (.addInt, a, false) }
        if symbol == "-" { return (.subtractInt, a, false) }
        if symbol == "/" { return (.ratio, T.float, false) }
      }
    }
    if symbol == "+" {
      if case .choice = type(a), b == T.string { return (.concatenateStrings, b, false) }
      if a == T.string, case .choice = type(b) { return (.concatenateStrings, a, false) }
      if case .choice = type(a), case .choice = type(b) {
        return (.concatenateStrings, T.string, false)
      }
      if case .list = type(a), case .list = type(b), let joined = join(a, b) {
        return (.concatenateLists, joined, false)
      }
    }
    guard isQuantity(a), isQuantity(b) else { return nil }
    switch (symbol, a, b) {
    case ("*", _, T.int) where a != T.float: return (.multiplyInt, a, false)
    case ("*", T.int, _) where b != T.float: return (.multiplyInt, b, true)
    case ("/", _, T.int) where a != T.float: return (.divideInt, a, false)
    case ("*", _, T.float) where a != T.int: return (.scale, a, false)
    case ("*", T.float, _) where b != T.int: return (.scale, b, true)
    case ("*", _, T.percent) where a != T.float: return (.share, a, false)
    case ("*", T.percent, _) where b != T.float: return (.share, b, true)
    case ("/", T.bytes, T.throughput): return (.transferTime, T.duration, false)
    case ("*", T.throughput, T.duration): return (.transferSize, T.bytes, false)
    case ("*", T.duration, T.throughput): return (.transferSize, T.bytes, true)
    case ("/", T.bytes, T.duration): return (.transferRate, T.throughput, false)
    case ("*", T.rate, T.duration): return (.rateCount, T.float, false)
    case ("*", T.duration, T.rate): return (.rateCount, T.float, true)
    default: return nil  // open: no other pair has a meaning
    }
  }
}
