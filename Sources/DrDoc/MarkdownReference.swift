// SPDX-License-Identifier: Apache-2.0

import DrBase

/// A reference in Markdown.
package struct MarkdownReference {
  private let reference: Reference

  package init(_ reference: Reference) { self.reference = reference }

  /// All modules on one page, with a table of contents. `note` stands below the title.
  package func page(note: String = "") -> String {
    var text = "# \(reference.title)\n\n"
    if !note.isEmpty { text += note + "\n\n" }
    for module in reference.modules {
      let summary = module.summary.isEmpty ? "" : ": \(module.summary)"
      text += "- [\(module.path)](#\(Self.slug(module.path)))\(summary)\n"
    }
    text += "- [types of the language](#types-of-the-language)\n"
    for module in reference.modules { text += "\n" + render(module, level: 2) }
    return text + "\n" + builtIn(level: 2)
  }

  /// A file for each module, and an index.
  package func files() -> [(path: String, text: String)] {
    var index = "# \(reference.title)\n\n"
    var files: [(path: String, text: String)] = []
    for module in reference.modules {
      let path = "\(module.path.replacing("/", with: "-").replacing(".dr", with: "")).md"
      let summary = module.summary.isEmpty ? "" : ": \(module.summary)"
      index += "- [\(module.path)](\(path))\(summary)\n"
      files.append((path, render(module, level: 1)))
    }
    index += "- [types of the language](types.md)\n"
    return [("README.md", index)] + files + [("types.md", builtIn(level: 1))]
  }

  // MARK: Parts

  private func render(_ module: DocModule, level: Int) -> String {
    var text = heading(level) + module.path + "\n"
    if let documentation = module.documentation { text += "\n" + body(documentation, level) }
    if module.items.contains(where: { $0.signature.hasPrefix("acts fn ") }) {
      text += "\nActs are called `\(module.name).…(…)`.\n"
    }
    let groups = module.groups
    for (title, items) in groups {
      if groups.count > 1 { text += "\n\(heading(level + 1))\(title)\n" }
      for item in items { text += "\n" + render(item, level: level + (groups.count > 1 ? 2 : 1)) }
    }
    return text
  }

  private func render(_ item: DocItem, level: Int) -> String {
    var text = "\(heading(level))\(item.title)\n\n```dr\n\(item.qualifiedSignature)\n```\n"
    if let documentation = item.documentation { text += "\n" + body(documentation, level) }
    if !item.fields.isEmpty {
      text += "\n| field | type | default | |\n| --- | --- | --- | --- |\n"
      for field in item.fields { text += row(field) }
    }
    if !item.steps.isEmpty {
      text += "\n" + item.steps.enumerated().map { "\($0.offset + 1). \($0.element)\n" }.joined()
    }
    let functions = item.kind == .type ? reference.functions(on: item) : []
    if !functions.isEmpty {
      let names = functions.map { "`\($0.name)`" }.joined(separator: ", ")
      text += "\nFunctions on it: \(names).\n"
    }
    return text
  }

  private func row(_ field: DocField) -> String {
    var remarks: [String] = []
    if let mark = field.mark {
      remarks.append(mark == "parent" ? "The block around it." : "What stands after `for`.")
    }
    if let documentation = field.documentation {
      remarks.append(documentation.replacing("\n", with: " "))
    }
    if let constraint = field.constraint { remarks.append("Where `\(constraint)`.") }
    let cells = [
      "`\(field.name)`", "`\(field.type)`", field.defaultValue.map { "`\($0)`" } ?? "",
      remarks.joined(separator: " "),
    ]
    return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
  }

  private func builtIn(level: Int) -> String {
    var text = heading(level) + "types of the language\n\n"
    text += "| type | what it is | units | example |\n| --- | --- | --- | --- |\n"
    for type in BuiltInType.all {
      let units = type.units.isEmpty ? "" : "`\(type.units)`"
      text += "| `\(type.name)` | \(type.summary) | \(units) | `\(type.example)` |\n"
    }
    return text
  }

  /// Documentation below a heading: its own headings go deeper.
  private func body(_ text: String, _ level: Int) -> String {
    var isCode = false
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if line.hasPrefix("```") { isCode.toggle() }
      guard !isCode, line.hasPrefix("#") else { return line + "\n" }
      return "**\(line.drop { $0 == "#" || $0 == " " })**\n"
    }.joined()
  }

  private func heading(_ level: Int) -> String {
    String(repeating: "#", count: min(level, 6)) + " "
  }

  /// How GitHub calls a heading in links.
  private static func slug(_ title: String) -> String {
    String(
      title.lowercased().compactMap { character -> Character? in
        if character == " " { return "-" }
        return character.isLetter || character.isNumber || character == "-" || character == "_"
          ? character : nil
      })
  }
}
