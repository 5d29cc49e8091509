// SPDX-License-Identifier: Apache-2.0

import DrBase

/// A reference as one page of HTML that needs nothing else: style and search are part of it, and it
/// reads as well without its script and on paper.
package struct HTMLReference {
  private let reference: Reference
  private let types: [String: DocItem]

  package init(_ reference: Reference) {
    self.reference = reference
    types = reference.types
  }

  package func page() -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(escaped(reference.title))</title>
    <style>
    \(Self.style)</style>
    </head>
    <body>
    <nav>
    <a class="title" href="#top">\(escaped(reference.title))</a>
    <input id="search" type="search" placeholder="Search  /" aria-label="Search" autocomplete="off" spellcheck="false">
    <ol id="results" hidden></ol>
    <div id="contents">
    \(contents())</div>
    </nav>
    <main id="top">
    <h1>\(escaped(reference.title))</h1>
    \(reference.modules.map(section).joined())\(builtIn())</main>
    <script>
    \(Self.script)</script>
    </body>
    </html>

    """
  }

  // MARK: Contents

  /// The modules with what they declare; those of one folder (`emit`, `lint`) below its name.
  private func contents() -> String {
    var text = ""
    var folders: [String] = []
    for module in reference.modules {
      guard let slash = module.path.firstIndex(of: "/") else {
        let heading = "<a href=\"#\(anchor(module))\">\(escaped(module.path))</a>"
        text += details(heading, module.items.map { ($0.anchor, $0.name) })
        continue
      }
      let folder = String(module.path[..<slash])
      guard !folders.contains(folder) else { continue }
      folders.append(folder)
      let inside = reference.modules.filter { $0.path.hasPrefix(folder + "/") }
      text += details(escaped(folder), inside.flatMap(\.items).map { ($0.anchor, $0.title) })
    }
    return text + "<p><a href=\"#types\">types of the language</a></p>\n"
  }

  private func details(_ heading: String, _ links: [(anchor: String, name: String)]) -> String {
    let items = links.map {
      "<li><a href=\"#\(escaped($0.anchor))\">\(escaped($0.name))</a></li>\n"
    }
    return "<details><summary>\(heading)</summary>\n<ul>\n\(items.joined())</ul></details>\n"
  }

  private func anchor(_ module: DocModule) -> String { escaped("module-\(module.path)") }

  // MARK: Modules

  private func section(_ module: DocModule) -> String {
    var text = "<section id=\"\(anchor(module))\">\n<h2><a href=\"#\(anchor(module))\">"
    text += "\(escaped(module.path))</a></h2>\n"
    text += module.documentation.map(markdown) ?? ""
    if module.items.contains(where: { $0.signature.hasPrefix("acts fn ") }) {
      text += "<p>Acts are called <code>\(escaped(module.name)).…(…)</code>.</p>\n"
    }
    let groups = module.groups
    for (title, items) in groups {
      if groups.count > 1 { text += "<h3 class=\"part\">\(escaped(title))</h3>\n" }
      text += items.map(article).joined()
    }
    return text + "</section>\n"
  }

  private func article(_ item: DocItem) -> String {
    let id = escaped(item.anchor)
    var text = """
      <article id="\(id)" data-name="\(escaped(item.title))" data-kind="\(item.kind.rawValue)" \
      data-more="\(escaped("\(item.word ?? "") \(item.summary)"))">
      <h3><a href="#\(id)">\(escaped(item.name))</a> <small>\(item.kind.rawValue)</small></h3>
      <pre class="signature"><code>\(linked(item.qualifiedSignature))</code></pre>

      """
    text += item.documentation.map(markdown) ?? ""
    if !item.fields.isEmpty {
      text += "<dl>\n" + item.fields.map { self.field($0, of: item) }.joined() + "</dl>\n"
    }
    if !item.steps.isEmpty {
      text += "<ol>\n" + item.steps.map { "<li>\(escaped($0))</li>\n" }.joined() + "</ol>\n"
    }
    let functions = item.kind == .type ? reference.functions(on: item) : []
    if !functions.isEmpty {
      let links = functions.map {
        "<a href=\"#\(escaped($0.anchor))\"><code>\(escaped($0.name))</code></a>"
      }
      text += "<p class=\"on\">Functions on it: \(links.joined(separator: ", "))</p>\n"
    }
    return text + "</article>\n"
  }

  private func field(_ field: DocField, of item: DocItem) -> String {
    let id = escaped("\(item.anchor).\(field.name)")
    var text = "<dt id=\"\(id)\"><a href=\"#\(id)\"><code>\(escaped(field.name))</code></a>"
    text += "<code>: \(linked(field.type))</code>"
    if let value = field.defaultValue { text += " <code>= \(escaped(value))</code>" }
    if let mark = field.mark { text += " <small>\(mark)</small>" }
    text += "</dt>\n<dd>" + (field.documentation.map(markdown) ?? "")
    if let constraint = field.constraint {
      text += "<p class=\"constraint\">where <code>\(escaped(constraint))</code>"
      if let message = field.message { text += ": \(escaped(message))" }
      text += "</p>"
    }
    return text + "</dd>\n"
  }

  private func builtIn() -> String {
    let rows = BuiltInType.all.map { type in
      let units = type.units.isEmpty ? "" : "<code>\(escaped(type.units))</code>"
      return """
        <tr id="type-\(type.name)"><td><code>\(type.name)</code></td><td>\(escaped(type.summary))</td>\
        <td>\(units)</td><td><code>\(escaped(type.example))</code></td></tr>

        """
    }.joined()
    return """
      <section id="types">
      <h2><a href="#types">types of the language</a></h2>
      <div class="wide"><table>
      <tr><th>type</th><th>what it is</th><th>units</th><th>example</th></tr>
      \(rows)</table></div>
      </section>

      """
  }

  // MARK: Text

  private func markdown(_ text: String) -> String {
    var html = ""
    var isList = false
    for block in Page.blocks(of: text) {
      var isItem = false
      if case .item = block { isItem = true }
      if isItem != isList { html += isItem ? "<ul>\n" : "</ul>\n" }
      isList = isItem
      switch block {
      case .heading(let title): html += "<h4>\(inline(title))</h4>\n"
      case .paragraph(let text): html += "<p>\(inline(text))</p>\n"
      case .item(let text): html += "<li>\(inline(text))</li>\n"
      case .code(_, let text): html += "<pre><code>\(escaped(text))</code></pre>\n"
      case .comment: continue
      }
    }
    return html + (isList ? "</ul>\n" : "")
  }

  /// A text in which `code` stands in backticks.
  private func inline(_ text: String) -> String {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    guard parts.count % 2 == 1 else { return escaped(text) }
    return parts.enumerated().map { index, part in
      index % 2 == 0 ? escaped(part) : "<code>\(escaped(part))</code>"
    }.joined()
  }

  /// Code in which names of types lead to them.
  private func linked(_ code: String) -> String {
    var html = ""
    var rest = Substring(code)
    while let first = rest.first {
      guard first.isLetter || first == "_" else {
        html += escaped(String(first))
        rest.removeFirst()
        continue
      }
      let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
      rest = rest[word.endIndex...]
      let name = String(word)
      if let item = types[name] {
        html += "<a href=\"#\(escaped(item.anchor))\">\(escaped(name))</a>"
      } else if BuiltInType.all.contains(where: { $0.name == name }) {
        html += "<a class=\"built-in\" href=\"#type-\(name)\">\(name)</a>"
      } else {
        html += escaped(name)
      }
    }
    return html
  }

  private func escaped(_ text: some StringProtocol) -> String {
    var html = ""
    for character in text {
      switch character {
      case "&": html += "&amp;"
      case "<": html += "&lt;"
      case ">": html += "&gt;"
      case "\"": html += "&quot;"
      default: html.append(character)  // open: all others stand for themselves
      }
    }
    return html
  }
}
