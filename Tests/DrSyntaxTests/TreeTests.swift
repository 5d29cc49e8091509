// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax
import Testing

@Suite struct TreeTests {
  @Test("children come in source order, leaves included") func children() {
    let tree = tree("let a: Int = 1 + b # c\n")
    #expect(
      outline(tree.root)
        == "(file (letDecl let a : (namedType Int) = (binaryExpr (literal 1) + (nameExpr b))))")
    let declaration = tree.root.first(.letDecl)
    #expect(declaration?.name == "a")
    #expect(declaration?.type?.name == "Int")
    #expect(declaration?.expression?.text == "1 + b")
    #expect(declaration?.token(.letKeyword)?.text == "let")
    #expect(declaration?.parent == tree.root)
    #expect(tree.root.parent == nil)
  }

  @Test("every child knows its parent", arguments: Sample.all) func parents(_ sample: Sample) {
    let tree = sample.tree
    func walk(_ node: SyntaxNode) {
      for child in node.children {
        #expect(child.parent == node)
        walk(child)
      }
    }
    walk(tree.root)
  }

  @Test("finds the leaf at an offset", arguments: Sample.clean) func offsets(_ sample: Sample) {
    let tree = sample.tree
    for offset in 0...UInt32(sample.bytes.count) {
      let node = tree.node(at: offset)
      if node.isLeaf { #expect(node.span.start <= offset && offset < node.span.end) }
    }
    for token in 0..<tree.tokenCount {
      #expect(tree.node(at: tree.tokenSpan(token).start) == tree.leaf(token))
    }
  }

  @Test("words of the grammar are no names") func words() {
    let root = tree("policy p { on lost(z in zones) when a lasting 5s { } }").root
    let detector = root.first(.policyDecl)?.first(.detector)
    #expect(detector?.name == "lost")
    #expect(detector?.names.map(\.text) == ["lost", "z"])
    #expect(detector?.expression(after: "when")?.text == "a")
    #expect(detector?.expression(after: "lasting")?.text == "5s")
    #expect(detector?.expression(after: "in")?.text == "zones")
    #expect(detector?.word("when")?.tokenKind == .word)
  }

  @Test("a reserved word may name a field, a label or a member") func reserved() {
    #expect(
      expression("a.for(in: b)")
        == "(callExpr (memberExpr (nameExpr a) . for) (argumentList ( (argument in : (nameExpr "
        + "b)) )))"
    )
    let root = tree("a b { for = 1 }").root
    let field = root.first(.block)?.first(.blockBody)?.first(.fieldItem)
    #expect(field?.name == "for")
  }

  @Test("documentation is what stands directly before") func documentation() {
    let tree = tree(
      """
      #!/usr/bin/env dr
      ## The file.

      ## Not of a: a blank line follows.

      ## One.
      ## Two.
      let a = 1 ## not of b
      let b = 2
      # plain
      ## Of r.
      runbook r() {
        ## Of the statement.
        fail "x"
      }
      runbook s() {
        ## Inside.
        fail "x"
      }
      """)
    let declarations = tree.root.children.filter { !$0.isLeaf }
    #expect(tree.root.documentation == "The file.")
    #expect(declarations.map(\.documentation) == ["One.\nTwo.", nil, "Of r.", "Inside."])
    let statement = declarations[2].first(.codeBlock)?.first(.failStmt)
    #expect(statement?.documentation == "Of the statement.")
  }

  @Test("nothing is missing in a missing piece but its text") func missing() {
    let tree = tree("let = 1")
    let declaration = tree.root.first(.letDecl)
    #expect(declaration?.name == nil)
    #expect(declaration?.first(.missing)?.span == Span(FileID(0), 3, 3))
  }

  @Test("one expression alone") func expressions() {
    func root(_ text: String) -> SyntaxTree {
      parseExpression(SourceFile(id: FileID(0), name: "<expression>", bytes: Array(text.utf8)))
    }
    #expect(
      outline(root("1 + 1").root) == "(file (exprStmt (binaryExpr (literal 1) + (literal 1))))")
    #expect(
      outline(root("a\n + b").root) == "(file (exprStmt (binaryExpr (nameExpr a) + (nameExpr b))))")
    #expect(root("1 1").diagnostics.count == 1)
    #expect(root("").diagnostics.count == 1)
    checkLossless(root("1 1 } )"))
  }
}
