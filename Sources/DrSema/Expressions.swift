// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

extension Checker {
  /// Checks an expression and fits it to the type expected, where there is one.
  func checkExpression(_ node: SyntaxNode, expected: TypeID? = nil) -> Expr {
    let wanted = expected.flatMap { $0 == TypeTable.error ? nil : $0 }
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else {
      reportDepth(node)
      return broken(node.span)
    }
    let expr = infer(node, expected: wanted)
    guard let wanted else { return expr }
    return fit(expr, to: wanted)
  }

  private func reportDepth(_ node: SyntaxNode) {
    guard !diagnostics.contains(where: { $0.code == .depthExceeded }) else { return }
    report(
      .depthExceeded, "the types of too many functions and values depend on one another",
      at: node.span, caption: "given up here",
      help: "write the type of some: `let name: Int = …`, `fn name() -> Int = …`")
  }

  private func infer(_ node: SyntaxNode, expected: TypeID?) -> Expr {
    switch node.kind {
    case .literal: return checkLiteral(node, expected: expected)
    case .stringExpr: return checkString(node, expected: expected)
    case .nameExpr: return checkName(node, expected: expected)
    case .parenExpr:
      return node.expression.map { checkExpression($0, expected: expected) } ?? broken(node.span)
    case .listExpr: return checkList(node, expected: expected)
    case .mapExpr: return checkMap(node, expected: expected)
    case .listComprehension, .mapComprehension: return checkComprehension(node, expected: expected)
    case .objectExpr: return checkObject(node)
    case .recordExpr: return checkRecordExpression(node)
    case .memberExpr: return checkMember(node, isOptional: false, expected: expected)
    case .optionalMemberExpr: return checkMember(node, isOptional: true, expected: expected)
    case .indexExpr: return checkIndex(node)
    case .callExpr: return checkCall(node, expected: expected)
    case .unaryExpr: return checkUnary(node)
    case .binaryExpr: return checkBinary(node, expected: expected)
    case .rangeExpr:
      let bounds = node.expressions
      guard bounds.count == 2 else { return broken(node.span) }
      return Expr(
        .range(
          checkExpression(bounds[0], expected: TypeTable.int),
          checkExpression(bounds[1], expected: TypeTable.int)), TypeTable.range, node.span)
    case .ifExpr: return checkIf(node, expected: expected)
    case .matchExpr: return checkMatch(node, expected: expected)
    case .lambdaExpr: return checkLambda(node, expected: expected)
    default: return broken(node.span)  // open: an error node, reported by the parser
    }
  }

  // MARK: Fitting a value to a type

  func fit(_ expr: Expr, to wanted: TypeID) -> Expr {
    switch fitting(expr.type, wanted) {
    case .same: return expr
    case .convert(let conversion): return Expr(.convert(conversion, expr), wanted, expr.span)
    case .no:
      reportMismatch(expr, wanted: wanted)
      return broken(expr.span)
    }
  }

  enum Fitting: Equatable {
    case same
    case convert(Conversion)
    case no
  }

  func fitting(_ from: TypeID, _ to: TypeID) -> Fitting {
    if from == to || from == TypeTable.error || to == TypeTable.error || from == TypeTable.never {
      return .same
    }
    switch (type(from), type(to)) {
    case (.optional(let inner), .optional(let wanted)): return fitting(inner, wanted)
    case (.optional, .object): return .no
    case (_, .optional(let wanted)): return fitting(from, wanted)
    case (_, .object) where !isWritable(from): return .no
    case (_, .object): return isPlainData(from) ? .same : .convert(.toObject)
    case (.choice, .string): return .same
    case (.choice(let words), .choice(let allowed)):
      return words.allSatisfy(allowed.contains) ? .same : .no
    case (.record(let id), .union(let ids)): return ids.contains(id) ? .same : .no
    case (.union(let ids), .union(let allowed)):
      return ids.allSatisfy(allowed.contains) ? .same : .no
    case (.list(let element), .list(let wanted)):
      return fitting(element, wanted) == .same ? .same : .no
    case (.map(let key, let value), .map(let wantedKey, let wantedValue)):
      return fitting(key, wantedKey) == .same && fitting(value, wantedValue) == .same ? .same : .no
    case (.function(let parameters, let result), .function(let wantedParameters, let wantedResult)):
      guard parameters.count == wantedParameters.count else { return .no }
      let fits = zip(wantedParameters, parameters).allSatisfy { fitting($0, $1) == .same }
      let gives = wantedResult == TypeTable.unit || fitting(result, wantedResult) == .same
      return fits && gives ? .same : .no
    default: return .no  // open: all other pairs differ
    }
  }

  /// Values that are Object data as they stand.
  private func isPlainData(_ id: TypeID) -> Bool {
    switch type(id) {
    case .bool, .int, .float, .string, .object, .choice, .never: true
    case .list(let element): isPlainData(element)
    case .map(let key, let value): isPlainData(key) && isPlainData(value)
    case .optional(let inner): isPlainData(inner)
    default: false  // open: quantities and records are written out
    }
  }

  /// Whether values of the type can become data. Secrets never do, nor records that hold one; a
  /// named block is written as its label.
  func isWritable(_ id: TypeID) -> Bool {
    var seen: Set<RecordID> = []
    return isWritable(id, &seen)
  }

  private func isWritable(_ id: TypeID, _ seen: inout Set<RecordID>) -> Bool {
    switch type(id) {
    case .function, .unit, .secret: return false
    case .list(let element): return isWritable(element, &seen)
    case .optional(let inner): return isWritable(inner, &seen)
    case .map(let key, let value): return isWritable(key, &seen) && isWritable(value, &seen)
    case .record(let id):
      guard !record(id).isVocabulary, seen.insert(id).inserted else { return true }
      return record(id).fields.allSatisfy { isWritable($0.type, &seen) }
    case .union(let ids): return ids.allSatisfy { isWritable(intern(.record($0)), &seen) }
    case .error, .never, .bool, .int, .float, .string, .duration, .bytes, .percent, .rate,
      .throughput, .object, .range, .choice, .parameter:
      return true
    }
  }

  /// The type that holds values of both; `nil` when there is none.
  func join(_ a: TypeID, _ b: TypeID) -> TypeID? {
    if fitting(a, b) == .same { return a == TypeTable.error ? b : b == TypeTable.error ? a : b }
    if fitting(b, a) == .same { return a }
    switch (type(a), type(b)) {
    case (.optional(let inner), _): return join(inner, unwrapped(b)).map(optional)
    case (_, .optional(let inner)): return join(a, inner).map(optional)
    case (.choice(let x), .choice(let y)):
      return intern(.choice(x + y.filter { !x.contains($0) }))
    case (.record(let x), .record(let y)): return intern(.union([x, y]))
    case (.union(let x), .record(let y)): return intern(.union(x + [y]))
    case (.record(let x), .union(let y)): return intern(.union([x] + y))
    case (.list(let x), .list(let y)): return join(x, y).map { intern(.list($0)) }
    default: return nil  // open: all other pairs have nothing in common
    }
  }

  // MARK: Literals

  private func checkLiteral(_ node: SyntaxNode, expected: TypeID?) -> Expr {
    let span = node.span
    switch node.literalValue() {
    case .int(let value):
      if let expected, unwrapped(expected) == TypeTable.float {
        return Expr(.float(Double(value)), TypeTable.float, span)
      }
      return Expr(.int(value), TypeTable.int, span)
    case .float(let value): return Expr(.float(value), TypeTable.float, span)
    case .duration(let value): return Expr(.int(value), TypeTable.duration, span)
    case .bytes(let value): return Expr(.int(value), TypeTable.bytes, span)
    case .percent(let value): return Expr(.int(value), TypeTable.percent, span)
    case .rate(let value): return Expr(.int(value), TypeTable.rate, span)
    case .throughput(let value): return Expr(.int(value), TypeTable.throughput, span)
    case .bool(let value): return Expr(.bool(value), TypeTable.bool, span)
    case .nilValue: return Expr(.nilValue, nilType, span)
    case nil: return broken(span)
    }
  }

  private func checkString(_ node: SyntaxNode, expected: TypeID?) -> Expr {
    warnOfForeignInterpolation(node)
    if let text = node.stringText() {
      if let expected, case .choice(let words) = type(unwrapped(expected)) {
        guard words.contains(text) else {
          let nearest = nearest(text, among: words)
          report(
            .typeMismatch, "\"\(text)\" is none of the possible values", at: node.span,
            help: nearest.map { "did you mean \"\($0)\"?" }
              ?? "write one of \(words.map { "\"\($0)\"" }.joined(separator: ", "))",
            fixes: nearest.map { [Fix("write \"\($0)\"", replacing: node.span, with: "\"\($0)\"")] }
              ?? [])
          return broken(node.span)
        }
        return Expr(.string(text), intern(.choice([text])), node.span)
      }
      return Expr(.string(text), TypeTable.string, node.span)
    }
    var parts: [Expr] = []
    for child in node.children {
      if child.kind == .stringSegment, let text = child.stringText() {
        parts.append(Expr(.string(text), TypeTable.string, child.span))
      } else if child.kind == .interpolation, let inner = child.expression {
        let part = checkExpression(inner)
        if case .function = type(part.type) {
          report(
            .typeMismatch, "a function has no text", at: inner.span,
            caption: "this is \(typeName(part.type))", help: "call it: `\(inner.text)(…)`")
        } else if part.type == TypeTable.unit {
          report(
            .typeMismatch, "this gives nothing that could be written", at: inner.span,
            help: "write a value")
        }
        parts.append(part)
      }
    }
    return Expr(.interpolation(parts), TypeTable.string, node.span)
  }

  // MARK: Collections

  private func checkList(_ node: SyntaxNode, expected: TypeID?) -> Expr {
    var wanted: TypeID?
    if let expected, case .list(let element) = type(unwrapped(expected)) { wanted = element }
    var elements: [Element] = []
    var common = wanted ?? TypeTable.never
    func add(_ type: TypeID, at span: Span) {
      guard wanted == nil else { return }
      if let joined = join(common, type) {
        common = joined
      } else {
        report(
          .typeMismatch,
          "the elements of a list have one type; this is \(describe(type)), "
            + "before it was \(describe(common))",
          at: span, caption: "\(typeName(type)), not \(typeName(common))",
          help: "write elements of one type, or say what the list is: `let xs: [Object] = …`")
        common = TypeTable.error
      }
    }
    for child in node.children {
      if child.kind == .spread, let inner = child.expression {
        let list = checkExpression(inner, expected: wanted.map { intern(.list($0)) })
        if case .list(let element) = type(list.type) {
          add(element, at: inner.span)
        } else if list.type != TypeTable.error {
          report(
            .typeMismatch, "`...` wants a list, this is \(describe(list.type))", at: inner.span,
            caption: "this is \(typeName(list.type))",
            help: isOptional(list.type) ? "write `...(… ?? [])`" : "write the element without `...`"
          )
        }
        elements.append(.spread(list))
      } else if child.kind.isExpression {
        let element = checkExpression(child, expected: wanted)
        add(element.type, at: child.span)
        elements.append(.value(element))
      }
    }
    return Expr(.list(elements), intern(.list(common)), node.span)
  }

  private func checkMap(_ node: SyntaxNode, expected: TypeID?) -> Expr {
    var wanted: (key: TypeID, value: TypeID)?
    if let expected, case .map(let key, let value) = type(unwrapped(expected)) {
      wanted = (key, value)
    }
    var entries: [Entry] = []
    var given: [String: Span] = [:]
    var common = wanted ?? (TypeTable.never, TypeTable.never)
    func add(_ entry: Entry, _ type: (key: TypeID, value: TypeID), at span: Span) {
      entries.append(entry)
      guard wanted == nil else { return }
      if let keys = join(common.key, type.key), let values = join(common.value, type.value) {
        common = (keys, values)
        return
      }
      let before = typeName(intern(.map(key: common.key, value: common.value)))
      let here = typeName(intern(.map(key: type.key, value: type.value)))
      report(
        .typeMismatch,
        "the entries of a map have one type; this is \(here), before it was \(before)",
        at: span, caption: "\(here), not \(before)",
        help: "write keys of one type and values of one type, or an object: { name: value }")
    }
    for child in node.children {
      let sides = child.expressions
      if child.kind == .mapEntry, sides.count == 2 {
        let key = checkExpression(sides[0], expected: wanted?.key)
        if case .string(let text) = key.kind {
          if let earlier = given[text] { reportGivenTwice(text, at: key.span, earlier: earlier) }
          given[text] = key.span
        }
        let value = checkExpression(sides[1], expected: wanted?.value)
        add(.entry(key: key, value: value), (key.type, value.type), at: child.span)
      } else if child.kind == .spread, let inner = child.expression {
        let map = checkExpression(
          inner, expected: wanted.map { intern(.map(key: $0.key, value: $0.value)) })
        if case .map(let key, let value) = type(map.type) {
          add(.spread(map), (key, value), at: inner.span)
        } else if map.type != TypeTable.error {
          report(
            .typeMismatch, "`...` wants a map here, this is \(describe(map.type))",
            at: inner.span, caption: "this is \(typeName(map.type))",
            help: isOptional(map.type) ? "write `...(… ?? [:])`" : "write `key: value`")
        }
      }
    }
    return Expr(.map(entries), intern(.map(key: common.key, value: common.value)), node.span)
  }

  private func checkComprehension(_ node: SyntaxNode, expected: TypeID?) -> Expr {
    guard let sourceNode = node.expression(after: "in"), let name = node.name else {
      return broken(node.span)
    }
    let source = checkExpression(sourceNode)
    return inScope {
      let local = bind(name, elementType(source), at: node.span)
      let rest = node.expressions.drop { $0 != sourceNode }.dropFirst()
      var remaining = Array(rest)
      var condition: Expr?
      if node.token(.ifKeyword) != nil, !remaining.isEmpty {
        let test = remaining.removeFirst()
        condition = checkExpression(test, expected: TypeTable.bool)
        narrowed.formUnion(pathsNotNil(when: test, holds: true))
      }
      let isMap = node.kind == .mapComprehension
      guard remaining.count == (isMap ? 2 : 1) else { return broken(node.span) }
      var wanted: (key: TypeID?, value: TypeID?) = (nil, nil)
      if let expected {
        if case .list(let element) = type(unwrapped(expected)), !isMap { wanted.value = element }
        if case .map(let key, let value) = type(unwrapped(expected)), isMap {
          wanted = (key, value)
        }
      }
      let key = isMap ? checkExpression(remaining[0], expected: wanted.key) : nil
      let value = checkExpression(remaining[remaining.count - 1], expected: wanted.value)
      let result =
        key.map { intern(.map(key: wanted.key ?? $0.type, value: wanted.value ?? value.type)) }
        ?? intern(.list(wanted.value ?? value.type))
      return Expr(
        .comprehension(
          Comprehension(
            local: local, source: source, condition: condition, key: key, value: value)),
        result, node.span)
    }
  }

  /// What `for x in` gives x: elements of a list, keys of a map, numbers of a range.
  func elementType(_ source: Expr) -> TypeID {
    switch type(source.type) {
    case .list(let element): return element
    case .map(let key, _): return key
    case .range: return TypeTable.int
    case .error: return TypeTable.error
    case .optional(let inner) where inner != TypeTable.never:
      report(
        .mayBeNil, "this may be nil, so it cannot be gone through", at: source.span,
        caption: "this is \(typeName(source.type))", help: "write `… ?? []`")
      return TypeTable.error
    default:  // open: nothing else has elements
      report(
        .typeMismatch, "`for` goes through a list, a map or a range, not \(describe(source.type))",
        at: source.span, caption: "this is \(typeName(source.type))",
        help: source.type == TypeTable.int ? "write a range: 0..n" : "write a list: [a, b]")
      return TypeTable.error
    }
  }

  private func checkSpread(_ node: SyntaxNode) -> Expr {
    let value = checkExpression(node)
    switch type(unwrapped(value.type)) {
    case .object, .map, .record, .error, .never:
      return fit(value, to: optional(TypeTable.object))
    default:  // open: nothing else has members
      reportMismatch(value, wanted: TypeTable.object)
      return broken(node.span)
    }
  }

  private func reportUnwritable(_ value: Expr) {
    let isSecret = unwrapped(value.type) == TypeTable.secret
    report(
      .typeMismatch, "\(describe(value.type)) cannot be written into an object", at: value.span,
      caption: "this is \(typeName(value.type))",
      help: isSecret
        ? "write the name of the Secret object: `secret_name(…)`"
        : "write plain values: texts, numbers, quantities, lists, maps, objects")
  }

  private func checkObject(_ node: SyntaxNode) -> Expr {
    var members: [Member] = []
    var given: [String: Span] = [:]
    for child in node.children {
      if child.kind == .spread, let inner = child.expression {
        members.append(.spread(checkSpread(inner)))
      } else if child.kind == .objectMember {
        let parts = child.expressions
        let key: Expr
        let valueNode: SyntaxNode
        if let name = child.first(.name), let first = parts.first {
          key = Expr(.string(name.text), TypeTable.string, name.span)
          valueNode = first
        } else if parts.count == 2 {
          key = checkExpression(parts[0], expected: TypeTable.string)
          valueNode = parts[1]
        } else {
          continue
        }
        if case .string(let name) = key.kind {
          if let earlier = given[name] {
            reportGivenTwice(name, at: key.span, earlier: earlier)
          }
          given[name] = key.span
        }
        let value = checkExpression(valueNode)
        if !isWritable(value.type) { reportUnwritable(value) }
        members.append(.member(name: key, value: value))
      }
    }
    return Expr(.object(members), TypeTable.object, node.span)
  }
}
