// SPDX-License-Identifier: Apache-2.0

import DrBase

/// A reference as a terminal shows it.
package struct TerminalReference {
  private let reference: Reference
  /// Columns; `nil` where nothing has to fit.
  private let width: Int?
  private let colour: Bool

  package init(_ reference: Reference, width: Int?, colour: Bool) {
    self.reference = reference
    self.width = width
    self.colour = colour
  }

  /// The modules, and a line for each declaration.
  package func overview() -> String {
    reference.modules.map(overview).joined(separator: "\n")
  }

  package func render(_ entry: DocEntry) -> String {
    switch entry {
    case .module(let module): overview(module)
    case .item(let item): render(item)
    case .field(let field, let item):
      bold("\(item.name).\(field.signature)") + "\n" + details(of: field, indent: 2)
        + paragraph("a field of \(item.signature)", indent: 2)
    case .builtIn(let type): render(type)
    }
  }

  // MARK: Modules

  private func overview(_ module: DocModule) -> String {
    let isCalled = module.name != module.path && module.path.hasSuffix(".dr") == false
    var text = bold(module.path) + (isCalled ? ", in code `\(module.name)`" : "") + "\n"
    if let documentation = module.documentation { text += markdown(documentation, indent: 2) }
    for (title, items) in module.groups {
      text += "\n  " + bold(title) + "\n"
      let longest = min(items.map(\.name.count).max() ?? 0, 28)
      for item in items {
        let name = item.name + String(repeating: " ", count: max(0, longest - item.name.count))
        text += clipped("    \(name)  \(item.summary)") + "\n"
      }
    }
    return text
  }

  // MARK: Declarations

  private func render(_ item: DocItem) -> String {
    var text = bold(item.qualifiedSignature) + "\n" + dim("  \(item.place)") + "\n"
    if let documentation = item.documentation { text += "\n" + markdown(documentation, indent: 2) }
    for field in item.fields {
      text += "\n  " + bold(field.signature) + "\n" + details(of: field, indent: 6)
    }
    if !item.steps.isEmpty {
      text += "\n" + item.steps.enumerated().map { "  \($0.offset + 1). \($0.element)\n" }.joined()
    }
    let functions = item.kind == .type ? reference.functions(on: item) : []
    if !functions.isEmpty {
      text += "\n  " + bold("Functions") + "\n"
      for function in functions { text += "    " + function.qualifiedSignature + "\n" }
    }
    return text
  }

  private func details(of field: DocField, indent: Int) -> String {
    var text = field.documentation.map { markdown($0, indent: indent) } ?? ""
    if let message = field.message { text += paragraph("else: \(message)", indent: indent) }
    let name = field.type.filter { $0.isLetter }
    if let type = BuiltInType.all.first(where: { $0.name == name }), !type.units.isEmpty {
      text += paragraph("units: \(type.units); \(type.example)", indent: indent)
    }
    return text
  }

  private func render(_ type: BuiltInType) -> String {
    var text = bold("type \(type.name)") + "\n" + dim("  of the language") + "\n\n"
    text += paragraph(type.summary, indent: 2)
    if !type.units.isEmpty { text += paragraph("units: \(type.units)", indent: 2) }
    return text + paragraph("such as: \(type.example)", indent: 2)
  }

  // MARK: Text

  private func markdown(_ text: String, indent: Int) -> String {
    let page = Page.render(text, width: width.map { max($0 - indent, 20) }, colour: colour)
    let pad = String(repeating: " ", count: indent)
    return page.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      .map { $0.isEmpty ? "\n" : pad + $0 + "\n" }.joined()
  }

  private func paragraph(_ text: String, indent: Int) -> String {
    let pad = String(repeating: " ", count: indent)
    return wrapped(text, width: width.map { max($0 - indent, 20) }).map { pad + $0 + "\n" }.joined()
  }

  private func clipped(_ line: String) -> String {
    guard let width, displayWidth(line) > width else { return line }
    return line.prefix(max(width - 1, 0)) + "…"
  }

  private func bold(_ text: String) -> String { colour ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
  private func dim(_ text: String) -> String { colour ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
}

extension DocItem {
  /// As it is called: an act by its module's name.
  var qualifiedSignature: String {
    guard signature.hasPrefix("acts fn ") else { return signature }
    return "acts fn \(module)." + signature.dropFirst("acts fn ".count)
  }
}
