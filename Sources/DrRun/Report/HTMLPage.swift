// SPDX-License-Identifier: Apache-2.0

import DrBase

/// A page of HTML that stands by itself: no script, nothing from elsewhere, the same bytes for the same content. It reads on
/// a screen and on paper, in the light and in the dark.
package struct HTMLPage: Sendable {
  package enum Tone: String, Sendable {
    case good, bad, doubtful
  }

  /// Text, also of the window.
  package var title: String
  /// Text in smaller letters behind the title.
  package var subtitle = ""
  package var badge: (tone: Tone, text: String)?
  /// Under the title: names and values as text.
  package var facts: [(name: String, value: String)] = []
  /// Markup between the title and the facts.
  package var message = ""
  /// Markup.
  package var body: [String] = []
  /// Markup.
  package var foot = ""

  package init(title: String) { self.title = title }

  /// A heading (text) and rows of a table (markup); nothing where there are none.
  package static func section(_ heading: String, rows: [String], head: [String] = []) -> String {
    guard !rows.isEmpty else { return "" }
    let cells = head.map { "<th>\(XML.escaped($0))</th>" }.joined()
    let first = head.isEmpty ? "" : "<thead><tr>\(cells)</tr></thead>\n"
    return section(
      heading, "<table>\n\(first)<tbody>\n\(rows.joined(separator: "\n"))\n</tbody></table>")
  }

  package static func section(_ heading: String, _ markup: String) -> String {
    "<section>\n<h2>\(XML.escaped(heading))</h2>\n\(markup)\n</section>"
  }

  package static func message(_ text: String, _ tone: Tone? = nil) -> String {
    "<p class=\"message\(tone.map { " \($0.rawValue)" } ?? "")\">\(XML.escaped(text))</p>"
  }

  /// In thousandths, so that the text is the same on every machine: `12.5%`.
  package static func percent(_ part: Int64, of whole: Int64) -> String {
    let thousandths = min(max(part, 0) / max(whole / 1000, 1), 1000)
    return "\(thousandths / 10).\(thousandths % 10)%"
  }

  package var text: String {
    let items = facts.map { name, value in
      "<div><dt>\(XML.escaped(name))</dt><dd>\(XML.escaped(value))</dd></div>"
    }
    let mark = badge.map { badge in
      " <span class=\"badge \(badge.tone.rawValue)\">\(XML.escaped(badge.text))</span>"
    }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(XML.escaped(([title] + (subtitle.isEmpty ? [] : [subtitle])).joined(separator: " · ")))</title>
      <style>
      \(Self.style)
      </style>
      </head>
      <body>
      <header>
      <h1>\(XML.escaped(title)) <small>\(XML.escaped(subtitle))</small>\(mark ?? "")</h1>
      \(message)
      <dl>\(items.joined())</dl>
      </header>
      \(body.filter { !$0.isEmpty }.joined(separator: "\n"))
      <footer>
      \(foot)
      </footer>
      </body>
      </html>

      """
  }

  private static let style = """
    :root { color-scheme: light dark; --ink: #1f2328; --paper: #fff; --good: #1a7f37; --bad: #b42318; --doubtful: #9a6700; --act: #0969da; --line: #d8dee4; --dim: #57606a; --track: #f0f2f4; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --good: #3fb950; --bad: #f85149; --doubtful: #d29922; --act: #58a6ff; --line: #30363d; --dim: #9198a1; --track: #21262d; } }
    * { box-sizing: border-box; }
    body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 72em; margin: 2em auto; padding: 0 1.5em; }
    h1 { font-size: 1.6em; margin: 0 0 .4em; overflow-wrap: anywhere; } h1 small { font-weight: 400; color: var(--dim); }
    h2 { font-size: 1.1em; margin: 2em 0 .4em; } h3 { font-size: 1em; margin: 1.2em 0 .2em; font-weight: 500; }
    .badge { font-size: .6em; vertical-align: middle; padding: .25em .7em; border-radius: 1em; white-space: nowrap; }
    .badge.good, .badge.bad, .badge.doubtful { color: #fff; } .badge.good { background: #1a7f37; } .badge.bad { background: #b42318; } .badge.doubtful { background: #9a6700; }
    .message { margin: 0 0 .6em; } .good { color: var(--good); } .bad { color: var(--bad); } .doubtful { color: var(--doubtful); }
    dl { display: flex; flex-wrap: wrap; gap: .4em 2.4em; margin: 1em 0; }
    dt { color: var(--dim); font-size: .85em; } dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
    table { border-collapse: collapse; width: 100%; }
    th { text-align: left; font-weight: 500; color: var(--dim); font-size: .85em; white-space: nowrap; }
    th, td { padding: .3em .6em; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
    td.number { width: 1%; font-variant-numeric: tabular-nums; white-space: nowrap; } td.nowrap { white-space: nowrap; }
    td.bar { width: 30%; } .track { position: relative; height: 1em; margin-top: .25em; background: var(--track); border-radius: 3px; }
    .track span { position: absolute; top: 0; bottom: 0; border-radius: 3px; background: currentColor; } .track .act { color: var(--act); }
    tr.failure td { color: var(--bad); }
    code, pre { font: .88em ui-monospace, monospace; overflow-wrap: anywhere; } pre { background: var(--track); padding: .8em 1em; border-radius: 6px; white-space: pre-wrap; }
    small, em { color: var(--dim); }
    .evidence { margin: .3em 0 0; padding-left: 1.2em; } footer { margin-top: 3em; color: var(--dim); font-size: .85em; }
    footer ul { padding-left: 1.2em; } svg { width: 100%; height: auto; display: block; font: 11px system-ui, sans-serif; } svg text { fill: var(--ink); } svg text.dim { fill: var(--dim); }
    .legend { color: var(--dim); font-size: .85em; } .legend b { font-weight: 500; }
    @media print {
      :root { color-scheme: light; --ink: #1f2328; --paper: #fff; --good: #1a7f37; --bad: #b42318; --doubtful: #9a6700; --act: #0969da; --line: #d8dee4; --dim: #57606a; --track: #f0f2f4; }
      body { margin: 0; padding: 0; max-width: none; font-size: 10.5px; } tr, header, svg { break-inside: avoid; } h2, h3 { break-after: avoid; } thead { display: table-header-group; }
      .badge, .track, .track span, svg, pre { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
      @page { margin: 15mm; }
    }
    """
}
