// SPDX-License-Identifier: Apache-2.0

import DrSyntax
import Testing

/// A mistake must not hide what comes after it.
@Suite struct RecoveryTests {
  private func names(_ text: String) -> [String?] {
    tree(text).root.children.filter { !$0.isLeaf && $0.kind != .error }.map(\.name)
  }

  @Test(
    "declarations after a mistake are all there",
    arguments: [
      "let a = = 1", "let a = (1 + ", "let a = [1, 2", "let a = f(1,", "service x { port = }",
      "service x { port: 80 }", "service x {", "service x { needs {", "runbook r( { }",
      "runbook r() {\n  step \"x {\n  }\n}", "fn f(x: Int -> Int = 1", "type T { a }", "type T {",
      "let a = \"open", "let a = \"\\(x", "let a = `open", "let a = 1 }", "let a = 1 )", "}", "%",
      "- x",
      "policy p { on }", "drill d { steady }", "test { }", "use", "input", "let a = match x {",
      "let a = if x { 1", "let a = {", "let a = x => {", "emit e(", "let a = 30sec", "@@@",
    ])
  func survivors(_ broken: String) {
    let text =
      "let first = 1\n\(broken)\n\nlet second = 2\n\nservice third { port = 80 }\n\ntest "
      + "\"t\" { assert a }\n"
    let tree = tree(text)
    #expect(tree.diagnostics.count == 1, "\(describe(tree))")
    let names = names(text)
    #expect(names.first == "first")
    #expect(names.contains("second"), "\(outline(tree.root))")
    #expect(
      tree.root.all(.block).contains { $0.names.last?.text == "third" }, "\(outline(tree.root))")
    #expect(tree.root.first(.testDecl) != nil)
  }

  @Test(
    "fields after a mistake are all there",
    arguments: [
      "port: 80", "port =", "port 80", "= 80", "zones = [a b]", "zones = [a", "x = f(a", "x = (a",
      "- a", "deploy()", "let x = 1", "x = 1 2", "x = { a = 1 }", "x = \"open", "x == 1",
      "runbook r() { }",
      "x = 'a'", "x = a.", "x = 30sec", ")", "probe live = { a = 1 }", "5 = x", "\"a\" = 1",
    ])
  func fields(_ broken: String) {
    let text =
      "service web {\n  first = 1\n  \(broken)\n  second = 2\n  third { a = 1 }\n}\nlet z = 1\n"
    let tree = tree(text)
    #expect(tree.diagnostics.count == 1, "\(describe(tree))")
    let items = tree.root.first(.block)?.first(.blockBody)?.children.filter { !$0.isLeaf } ?? []
    let names = items.filter { $0.kind != .error }.map(\.name)
    #expect(names.contains("first") && names.contains("second"), "\(outline(tree.root))")
    #expect(names.contains("third"), "\(outline(tree.root))")
    #expect(tree.root.first(.letDecl)?.name == "z")
  }

  @Test(
    "statements after a mistake are all there",
    arguments: [
      "x = 1", "let = 1", "wait x", "step within 3m { }", "lock", "f(", "a.", "a b", "1 +",
      "service web { }",
      "if x = 1 { }", "for x { }", "let a = [1, 2", "step \"x\" within 3m", "a ? b", "fail \"open",
      "undo",
    ])
  func statements(_ broken: String) {
    let text =
      "runbook r() {\n  first()\n  \(broken)\n  let second = 2\n  step \"third\" { a }\n}\n"
      + "let z = 1\n"
    let tree = tree(text)
    if broken != "lock", broken != "undo" {
      #expect(tree.diagnostics.count == 1, "\(describe(tree))")
    }
    let code = tree.root.first(.runbookDecl)?.first(.codeBlock)
    #expect(code?.all(.letStmt).contains { $0.name == "second" } == true, "\(outline(tree.root))")
    #expect(code?.first(.stepStmt) != nil, "\(outline(tree.root))")
    #expect(tree.root.first(.letDecl)?.name == "z")
  }
}
