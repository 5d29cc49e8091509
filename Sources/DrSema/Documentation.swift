// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// What is known of one name: how it is declared and what its `##` comment says.
package struct Explanation: Sendable, Equatable {
  /// `reads fn pods(s: Service, in: Zone) -> [Pod]`
  package let signature: String
  package let documentation: String?
  package let span: Span
  /// Of a type: its fields, as they are declared.
  package var fields: [Field] = []

  /// A field of a type.
  package struct Field: Sendable, Equatable {
    package let name: String
    /// With its default and its constraint: `Duration = 10s where every >= 1s`.
    package let type: String
    package let documentation: String?
  }
}

extension Checker {
  /// What a name stands for: a function, a type, a block keyword, a value, `module.function`,
  /// `Type.field` or `block.field`. A keyword that is also a value's name gives both.
  package func explanations(of path: String) -> [Explanation] {
    asking {
      let parts = path.split(separator: ".").map(String.init)
      if parts.count == 2 { return member(parts[1], of: parts[0]).map { [$0] } ?? [] }
      guard parts.count == 1 else { return [] }
      var result: [Explanation] = []
      if let symbol = symbol(path) { result.append(explain(symbol)) }
      if let function = functionSymbol(path).map({ explain(.function($0)) }),
        !result.contains(function)
      {
        result.append(function)
      }
      if let record = keyword(path).map({ explain(.record($0)) }), !result.contains(record) {
        result.append(record)
      }
      return result
    }
  }

  private func member(_ name: String, of owner: String) -> Explanation? {
    if let index = moduleIndex(owner) { return scopes[index].symbols[name].map(explain) }
    var id = keyword(owner)
    if case .record(let named)? = symbol(owner) { id = named }
    if case .global(let global)? = symbol(owner),
      case .record(let named) = type(program[global].type)
    {
      id = named
    }
    guard let id, let field = record(id).fields.first(where: { $0.name == name }) else {
      return nil
    }
    return Explanation(
      signature: "\(record(id).name).\(name): \(declaredType(of: field, in: id))",
      documentation: field.documentation, span: field.span)
  }

  private func declaredType(of field: RecordField, in id: RecordID) -> String {
    let node = typeWork.first { $0.record == id }?.node.all(.fieldDecl)
      .first { $0.name == field.name }
    let written = { (node: SyntaxNode) in
      node.text.split { $0 == " " || $0.isNewline }.joined(separator: " ")
    }
    let value = node?.token(.equal) != nil ? node?.expression.map { " = " + written($0) } : nil
    let constraint = node?.first(.constraint)?.expression.map { " where " + written($0) }
    return typeName(field.type) + (value ?? "") + (constraint ?? "")
  }

  private func explain(_ symbol: Symbol) -> Explanation {
    switch symbol {
    case .function(let id):
      return Explanation(
        signature: fullSignature(id), documentation: program[id].documentation,
        span: program[id].span)
    case .record(let id):
      let record = record(id)
      let keyword = record.keyword.map { " declares \($0)" } ?? ""
      let fields = record.fields.filter { $0.mark != .implicit }.map {
        Explanation.Field(
          name: $0.name, type: declaredType(of: $0, in: id), documentation: $0.documentation)
      }
      return Explanation(
        signature: "type \(record.name)\(keyword)", documentation: record.documentation,
        span: record.span, fields: fields)
    case .alias(let id):
      return Explanation(signature: "type = \(typeName(id))", documentation: nil, span: noSpan)
    case .global(let id):
      return Explanation(
        signature: "\(program[id].name): \(typeName(program[id].type))",
        documentation: program[id].documentation, span: program[id].span)
    }
  }

  private var noSpan: Span { Span(FileID(0), 0, 0) }
}
