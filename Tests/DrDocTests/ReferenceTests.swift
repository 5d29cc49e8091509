// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrDoc
import DrSema
import DrStdlib
import Foundation
import Testing

/// The embedded standard library, and no files.
private struct Library: ModuleLoader {
  var standardModules: [String] { StandardLibrary.modules }
  func standardModule(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
  func file(_ path: String) -> Result<[UInt8], LoadFailure> { .failure(.notFound) }
}

private let library = Reference(library: Library(), title: "Library")

private func reference(of text: String) -> Reference {
  let checker = Checker(loader: Library())
  checker.check(path: "shop.dr", bytes: Array(text.utf8))
  return Reference(checker, title: "shop.dr", ofStandardLibrary: false)
}

private let shop = reference(
  of: """
    ## A shop & its <zones>.

    use kubernetes

    ## How it is sold.
    ## With two lines. And a second sentence.
    type Offer declares offer {
      subject pool: Pool

      ## How long it holds.
      lasting: Duration = 5m where lasting > 0s else "an offer holds for a while"
      kinds: ["a" | "b"] = []
    }

    type Pool declares pool { size: Int where size > 0 }

    # What can be asked

    ## How many nodes there are.
    fn count_nodes(z: Zone) -> Int = len(nodes(in: z))

    fn _hidden() -> Int = 1

    let half = 5m / 2

    ## Opens the shop.
    runbook open(
      z: Zone
    ) {
      step "first" { for n in nodes(in: z) { step "inner \\(n)" { kube.cordon(n) } } }
    }

    pool small "the small one" { size = 1 }
    """)

private func entry(_ name: String, in reference: Reference = shop) throws -> String {
  let entries = reference.entries(of: name)
  try #require(!entries.isEmpty, "\(name)")
  let terminal = TerminalReference(reference, width: nil, colour: false)
  return entries.map(terminal.render).joined(separator: "\n")
}

@Suite struct ReferenceTests {
  @Test("a type is shown with its fields, defaults, constraints, units and documentation")
  func type() throws {
    #expect(
      try entry("Offer") == """
        type Offer declares offer
          shop.dr:7

          How it is sold. With two lines. And a second sentence.

          subject pool: Pool

          lasting: Duration = 5m where lasting > 0s
              How long it holds.
              else: an offer holds for a while
              units: ns us ms s m h d; 1h30m

          kinds: ["a" | "b"] = []

        """)
    #expect(try entry("offer") == entry("Offer"))
    #expect(try entry("shop.Offer") == entry("Offer"))
  }

  @Test("what is not written comes from the checker: effects, and types of values")
  func inferred() throws {
    #expect(try entry("count_nodes").hasPrefix("reads fn count_nodes(z: Zone) -> Int\n"))
    #expect(try entry("half").hasPrefix("let half: Duration\n"))
  }

  @Test("a signature is one line, and a runbook's steps are told")
  func runbook() throws {
    #expect(
      try entry("open") == """
        runbook open(z: Zone)
          shop.dr:27

          Opens the shop.

          1. first

        """)
  }

  @Test("names are found as code writes them, and nothing else is found")
  func lookup() throws {
    #expect(
      try entry("kube.scale", in: library).hasPrefix("acts fn kube.scale(s: Service, in zone"))
    #expect(try entry("Service.objective", in: library).hasPrefix("Service.objective: Objective\n"))
    #expect(try entry("kube", in: library) == entry("kubernetes", in: library))
    #expect(try entry("Duration").contains("units: ns us ms s m h d"))
    for name in ["_hidden", "scale", "kube.skale", "Service.", ".", "", "Offer.size"] {
      #expect(shop.entries(of: name).isEmpty, "\(name)")
    }
  }

  @Test("a line for each declaration, below the headings of the source")
  func overview() {
    let text = TerminalReference(shop, width: 60, colour: false).overview()
    #expect(text.contains("  Types\n    Offer  How it is sold.\n"))
    #expect(text.contains("  What can be asked\n    count_nodes  How many nodes there are.\n"))
    #expect(text.contains("    small        pool small \"the small one\"\n"))
    #expect(text.split(separator: "\n").allSatisfy { displayWidth($0) <= 60 })
  }

  @Test("everything in the standard library is documented")
  func complete() {
    let items = library.modules.flatMap(\.items)
    #expect(items.count > 90)
    for item in items where item.kind != .emit && !item.module.hasPrefix("emit_") {
      #expect(item.documentation != nil, "\(item.anchor) has no doc comment")
    }
  }
}

@Suite struct PageTests {
  private let html = HTMLReference(library).page()
  private let markdown = MarkdownReference(library).page()

  @Test("every declaration has a place of its own, and every link leads to one")
  func links() {
    let ids = html.matches(of: /id="([^"]*)"/).map { String($0.1) }
    #expect(Set(ids).count == ids.count)
    for item in library.modules.flatMap(\.items) { #expect(ids.contains(item.anchor)) }
    let targets = html.matches(of: /href="#([^"]*)"/).map { String($0.1) }
    #expect(targets.count > 300)
    #expect(Set(targets).subtracting(ids) == [])
  }

  @Test("a page takes nothing from elsewhere")
  func selfContained() {
    for word in ["http-equiv", "<link", "src=", "@import", ": url(", " fetch("] {
      #expect(!html.contains(word), "\(word)")
    }
  }

  @Test("what a program says is text, never markup")
  func escaping() {
    let page = HTMLReference(shop).page()
    #expect(page.contains("A shop &amp; its &lt;zones&gt;."))
    #expect(!page.contains("<zones>"))
    #expect(page.contains("pool small &quot;the small one&quot;"))
  }

  @Test("tags of a page match")
  func wellFormed() {
    var open: [String] = []
    let body = html.replacing(/<script>[\s\S]*<\/script>/, with: "")
    let void: Set = ["meta", "input", "!doctype"]
    for match in body.matches(of: /<(\/?)([a-z!0-9]+)[^>]*>/) {
      let name = String(match.2)
      if void.contains(name) { continue }
      if match.1.isEmpty {
        open.append(name)
      } else if open.popLast() != name {
        Issue.record("</\(name)> closes something else")
        return
      }
    }
    #expect(open == [])
  }

  @Test("links on the Markdown page lead to headings")
  func headings() {
    let slugs = markdown.matches(of: /\n#+ (.*)/).map { match in
      match.1.lowercased().replacing(" ", with: "-").filter {
        $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_"
      }
    }
    for match in markdown.matches(of: /\]\(#([^)]*)\)/) {
      #expect(slugs.contains(String(match.1)), "\(match.1)")
    }
  }

  @Test("tables keep their columns, whatever stands in them")
  func tables() {
    let page = MarkdownReference(shop).page()
    #expect(page.contains("| `kinds` | `[\"a\" \\| \"b\"]` | `[]` |  |\n"))
  }
}
