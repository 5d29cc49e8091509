// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// Where the fields of a block are given: few, so that looking through them takes less than hashing.
private struct GivenFields {
  private var places: [(field: Int, span: Span)] = []

  init() { places.reserveCapacity(8) }

  subscript(field: Int) -> Span? { places.first { $0.field == field }?.span }

  mutating func note(_ field: Int, at span: Span) {
    if let place = places.firstIndex(where: { $0.field == field }) {
      places[place].span = span
    } else {
      places.append((field, span))
    }
  }
}

/// What a block is called and stands in.
struct BlockIdentity {
  let name: String
  let label: String
  /// Where the block begins.
  let span: Span
  /// Named blocks around it, innermost last.
  let enclosing: [GlobalID]
  /// Whether it stands in a block of an unknown kind, so that its parents are not known.
  var isWithinUnknown = false
}

extension Checker {
  func checkBlock(_ work: BlockWork) {
    let name = work.node.secondName?.text ?? ""
    let identity = BlockIdentity(
      name: name, label: label(work.node, name: name), span: work.node.span,
      enclosing: work.enclosing, isWithinUnknown: work.isWithinUnknown)
    let checked = inFreshFunction(allowed: .pure, place: .definition) { () -> [Expr?] in
      nextLocal = 1  // local 0 is the record itself
      return blockFields(
        work.record, work.node, identity, enclosing: work.enclosing + [work.global])
    }
    setGlobal(
      work.global, type: intern(.record(work.record)),
      .block(work.record, fields: checked.value), checked.localCount)
  }

  /// What the outside world calls a block: its label, or its name with `-` for `_`.
  private func label(_ node: SyntaxNode, name: String) -> String {
    guard let labelNode = node.first(.stringExpr) else {
      guard name.utf8.contains(UInt8(ascii: "_")) else { return name }
      return String(
        decoding: name.utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }, as: UTF8.self)
    }
    guard let text = labelNode.stringText() else {
      report(
        .typeMismatch, "a label is a plain text", at: labelNode.span, caption: "this is computed",
        help: "write it without `\\(…)`")
      return name
    }
    return text
  }

  /// The values of a record's fields from a block's body. `enclosing` is what parents of nested
  /// blocks are looked for in.
  private func blockFields(
    _ id: RecordID, _ node: SyntaxNode, _ identity: BlockIdentity, enclosing: [GlobalID]
  ) -> [Expr?] {
    var values = [Expr?](repeating: nil, count: record(id).fields.count)
    var given = GivenFields()
    fillImplicit(id, node, identity, &values)
    for body in node.all(.blockBody) {
      for item in body.children {
        if item.kind == .fieldItem {
          checkField(item, id, &values, &given)
        } else if item.kind == .block {
          checkNested(item, id, &values, &given, enclosing: enclosing)
        }
      }
    }
    reportMissingFields(id, values, node, identity)
    return values
  }

  private func fillImplicit(
    _ id: RecordID, _ node: SyntaxNode, _ identity: BlockIdentity, _ values: inout [Expr?]
  ) {
    func text(_ value: String) -> Expr { Expr(.string(value), TypeTable.string, identity.span) }
    for (index, field) in record(id).fields.enumerated() {
      switch field.mark {
      case .implicit:
        switch field.name {
        case "name": values[index] = text(identity.name)
        case "label": values[index] = text(identity.label)
        default: values[index] = text(program.sources.location(identity.span))  // open: origin
        }
      case .parent:
        let wanted = unwrapped(field.type)
        let parent = identity.enclosing.last { program[$0].type == wanted }
        if let parent { values[index] = Expr(.global(parent), wanted, identity.span) }
      case .subject:
        if node.token(.forKeyword) != nil, let subject = node.expression(after: "for") {
          values[index] = checkExpression(subject, expected: field.type)
        }
      case .ordinary: break
      }
    }
    if node.token(.forKeyword) != nil, !record(id).fields.contains(where: { $0.mark == .subject }) {
      let subject = node.expression(after: "for")
      report(
        .unexpectedToken, "\(withArticle(record(id).name)) is not for anything",
        at: subject?.span ?? node.span,
        notes: ["no field of \(record(id).name) is its `subject`"], help: "leave out the `for`")
      _ = subject.map { checkExpression($0) }
    }
  }

  private func checkField(
    _ item: SyntaxNode, _ id: RecordID, _ values: inout [Expr?], _ given: inout GivenFields
  ) {
    guard let nameNode = item.first(.name) else { return }
    let fields = record(id).fields
    let name = nameNode.text
    let place = fields.indices.first { fields[$0].name == name && fields[$0].mark != .implicit }
    guard let index = place else {
      // Where the block could not be read to its end, this may belong to another one.
      if let block = item.parent?.parent, hasSyntaxMistake(block),
        nearest(name, among: fields.map(\.name)) == nil
      {
        return
      }
      reportUnknownMember(
        nameNode, of: withArticle(record(id).name),
        among: fields.filter { $0.mark != .implicit }.map(\.name),
        label: Label(record(id).span, "\(record(id).name) is declared here"))
      if let value = item.expression { _ = checkExpression(value) }
      return
    }
    if let earlier = given[index] {
      reportGivenTwice(name, at: nameNode.span, earlier: earlier)
    }
    given.note(index, at: nameNode.span)
    if let value = item.expression {
      values[index] = checkExpression(value, expected: fields[index].type)
    }
  }

  /// A block inside a block goes to the field of that name, or to the one that holds its type.
  private func checkNested(
    _ node: SyntaxNode, _ id: RecordID, _ values: inout [Expr?], _ given: inout GivenFields,
    enclosing: [GlobalID]
  ) {
    guard let kind = node.first(.name) else { return }
    guard let (index, element) = fieldForBlock(kind.text, in: id)
    else {
      reportNestedBlock(kind, id)
      return
    }
    let value: Expr
    if let global = globalOfNode[node.key], program[global].type != TypeTable.error {
      value = Expr(.global(global), intern(.record(element)), node.span)
    } else {
      value = nestedRecord(node, element, name: kind.text, enclosing: enclosing)
    }
    let field = record(id).fields[index]
    if case .list = type(unwrapped(field.type)) {
      var elements: [Element] = []
      if case .list(let present)? = values[index]?.kind { elements = present }
      values[index] = Expr(.list(elements + [.value(value)]), field.type, node.span)
      return
    }
    if let earlier = given[index] {
      report(
        .duplicateName, "`\(kind.text)` is given twice", at: kind.span,
        labels: [Label(earlier, "first given here")], help: "put both into one block")
    }
    given.note(index, at: kind.span)
    values[index] = value
  }

  func fieldForBlock(
    _ kind: String, in id: RecordID
  ) -> (index: Int, record: RecordID)? {
    let fields = record(id).fields
    let named = fields.indices.first { fields[$0].name == kind && fields[$0].mark == .ordinary }
    if let index = named, case .record(let element) = type(unwrapped(fields[index].type)) {
      return (index, element)
    }
    guard let wanted = keyword(kind) else { return nil }
    for index in fields.indices where fields[index].mark == .ordinary {
      switch type(unwrapped(fields[index].type)) {
      case .record(let element) where element == wanted: return (index, element)
      case .union(let elements) where elements.contains(wanted): return (index, wanted)
      case .list(let inner):
        if case .record(let element) = type(inner), element == wanted { return (index, element) }
        if case .union(let elements) = type(inner), elements.contains(wanted) {
          return (index, wanted)
        }
      default: continue  // open: no other field holds a block
      }
    }
    return nil
  }

  /// Kinds of blocks that have a field for blocks of the kind.
  private func holders(of kind: RecordID) -> [String] {
    if let parent = record(kind).fields.last(where: { $0.mark == .parent }) {
      return [withArticle(typeName(parent.type))]
    }
    return program.records.indices.compactMap { index in
      let owner = program.records[index]
      guard owner.isVocabulary else { return nil }
      let holds = owner.fields.contains { field in
        guard field.mark == .ordinary else { return false }
        return switch type(unwrapped(field.type)) {
        case .record(let element): element == kind
        case .list(let inner): inner == intern(.record(kind))
        default: false  // open: no other field holds a block
        }
      }
      return holds ? withArticle(owner.name) : nil
    }
  }

  private func reportNestedBlock(_ kind: SyntaxNode, _ id: RecordID) {
    // Where the block around it could not be read to its end, it may belong to another one.
    var around = kind.parent?.parent?.parent
    while let block = around, block.kind == .block {
      if hasSyntaxMistake(block) { return }
      around = block.parent?.parent
    }
    let blocks = record(id).fields.filter { field in
      if case .record = type(unwrapped(field.type)) { return field.mark == .ordinary }
      return false
    }.map(\.name)
    if let field = record(id).fields.first(where: { $0.name == kind.text }) {
      report(
        .typeMismatch, "`\(kind.text)` takes \(describe(field.type)), not a block", at: kind.span,
        labels: [Label(field.span, "declared here")], help: "write `\(kind.text) = …`")
    } else if let found = keyword(kind.text) {
      let holders = holders(of: found)
      report(
        .unknownBlock, "\(withArticle(record(id).name)) holds no `\(kind.text)` block",
        at: kind.span,
        labels: [Label(record(id).span, "\(record(id).name) is declared here")],
        help: holders.isEmpty
          ? "move it to the top of the file"
          : "move it into \(holders.joined(separator: " or "))")
    } else {
      reportUnknownBlock(kind, fields: blocks)
    }
  }

  private func nestedRecord(
    _ node: SyntaxNode, _ id: RecordID, name: String, enclosing: [GlobalID]
  ) -> Expr {
    let written = node.secondName?.text ?? name
    let identity = BlockIdentity(
      name: written, label: label(node, name: written), span: node.span, enclosing: enclosing)
    let fields = blockFields(id, node, identity, enclosing: enclosing)
    return Expr(.record(id, fields: fields), intern(.record(id)), node.span)
  }

  /// `k8gb { … }` where a value stands.
  func checkRecordExpression(_ node: SyntaxNode) -> Expr {
    guard let head = node.children.first(where: { $0.kind == .name || $0.kind == .nameExpr }) else {
      return broken(node.span)
    }
    let name = head.text
    let id: RecordID
    if case .record(let found) = symbol(name) {
      id = found
    } else if case .alias(let alias) = symbol(name), case .record(let found) = type(alias) {
      id = found
    } else if let found = keyword(name) {
      id = found
    } else {
      let body = node.first(.blockBody)
      reportUnknownBlock(head, isQuery: body?.span.start == head.span.end)
      return broken(node.span)
    }
    let identity = BlockIdentity(name: name, label: name, span: node.span, enclosing: [])
    let fields = blockFields(id, node, identity, enclosing: [])
    return Expr(.record(id, fields: fields), intern(.record(id)), node.span)
  }

  private func reportMissingFields(
    _ id: RecordID, _ values: [Expr?], _ node: SyntaxNode, _ identity: BlockIdentity
  ) {
    // Where something could not be read, it may have been what seems to be missing.
    if hasSyntaxMistake(node) { return }
    let fields = record(id).fields
    let missing = fields.indices.filter { index in
      values[index] == nil && !fields[index].hasDefault && !isOptional(fields[index].type)
        && fields[index].type != TypeTable.error && fields[index].mark != .implicit
    }.map { fields[$0] }
    if missing.isEmpty { return }
    let head = node.first(.name)?.span ?? node.children.first { _ in true }?.span ?? node.span
    let name = withArticle(record(id).name)
    // One block in the wrong place misses all its parents at once.
    // Inside another block, that block says that it does not belong there.
    if let parent = missing.last(where: { $0.mark == .parent }), identity.enclosing.isEmpty,
      !identity.isWithinUnknown
    {
      report(
        .missingField, "\(name) stands inside \(withArticle(typeName(parent.type)))", at: head,
        labels: [Label(parent.span, "its parent, declared here")],
        help: "move it into \(withArticle(typeName(parent.type))) block")
    }
    for field in missing where field.mark == .subject {
      report(
        .missingField, "this does not say what it is for", at: head,
        labels: [Label(field.span, "its subject, declared here")],
        help: "write `for` and the name of \(withArticle(typeName(field.type))) before the `{`")
    }
    // A name next to the missing one was meant for it.
    let known = Set(fields.map(\.name))
    let strange = writtenNames(node).filter { !known.contains($0) }
    let forgotten = missing.filter { field in
      field.mark == .ordinary && nearest(field.name, among: strange) == nil
    }
    if let field = forgotten.first, forgotten.count == 1 {
      report(
        .missingField, "the field `\(field.name)` is missing", at: head,
        caption: "\(name) needs it",
        labels: [Label(field.span, "declared here, without a default")],
        help: "add \(example(of: field)), \(describe(field.type))")
    } else if forgotten.count > 1 {
      let names = forgotten.map { "`\($0.name)`" }
      report(
        .missingField,
        "the fields \(names.dropLast().joined(separator: ", ")) and \(names.last ?? "") are missing",
        at: head, caption: "\(name) needs them",
        labels: [Label(record(id).span, "\(record(id).name) is declared here")],
        help: "add \(forgotten.map { example(of: $0) }.joined(separator: ", "))")
    }
  }

  /// The names of all fields and unnamed blocks that stand in a block.
  private func writtenNames(_ node: SyntaxNode) -> [String] {
    node.all(.blockBody).flatMap { $0.children.filter { !$0.isLeaf }.compactMap(\.name) }
  }

  /// How a field is given: as a block where its type is a record, else with `=`.
  private func example(of field: RecordField) -> String {
    if case .record = type(unwrapped(field.type)) {
      return "`\(field.name) { … }` or `\(field.name) = …`"
    }
    return "`\(field.name) = …`"
  }
}
