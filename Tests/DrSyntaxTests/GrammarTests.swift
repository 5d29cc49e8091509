// SPDX-License-Identifier: Apache-2.0

import Testing

/// Every production of docs/grammar.md, and what the grammar decides where two readings are
/// possible.
@Suite struct GrammarTests {
  @Test("use, module, input") func imports() {
    #expect(
      declaration("use a, \"./b.dr\" as b")
        == "(useDecl use (useItem a) , (useItem (stringExpr \" ./b.dr \") as b))")
    #expect(declaration("module m") == "(moduleDecl module m)")
    #expect(
      declaration("input n: Int = 1") == "(inputDecl input n : (namedType Int) = (literal 1))")
  }

  @Test("types") func types() {
    func type(_ text: String) -> String {
      String(declaration("type T = " + text).dropFirst("(typeDecl type T = ".count).dropLast())
    }
    #expect(type("Int") == "(namedType Int)")
    #expect(
      type("Pair<A, [B]>") == "(namedType Pair < (namedType A) , (listType [ (namedType B) ]) >)")
    #expect(type("[K: V?]") == "(mapType [ (namedType K) : (optionalType (namedType V) ?) ])")
    #expect(type("\"a\" | \"b\"") == "(choiceType (stringExpr \" a \") | (stringExpr \" b \"))")
    #expect(type("A | B?") == "(unionType (namedType A) | (optionalType (namedType B) ?))")
    #expect(type("\"a\" | B") == "(unionType (choiceType (stringExpr \" a \")) | (namedType B))")
    #expect(
      type("(A, B) -> C") == "(functionType ( (namedType A) , (namedType B) ) -> (namedType C))")
    #expect(type("() -> () -> C") == "(functionType ( ) -> (functionType ( ) -> (namedType C)))")
    #expect(type("(A | B)?") == "(optionalType ( (unionType (namedType A) | (namedType B)) ) ?)")
  }

  @Test("types with fields") func records() {
    #expect(
      declaration(
        "type P declares p {\n subject s: S; parent: Int = 1 where count > 0 else \"x\"\n}")
        == "(typeDecl type P declares p { (fieldDecl subject s : (namedType S)) ; "
        + "(fieldDecl parent : (namedType Int) = (literal 1) (constraint where "
        + "(binaryExpr (nameExpr count) > (literal 0)) else (stringExpr \" x \"))) })")
  }

  @Test("functions") func functions() {
    #expect(
      declaration("reads fn f<T>(in a: T, b: T = 1) -> T = native \"k.f\" apply")
        == "(fnDecl reads fn f (typeParameters < T >) (parameterList ( (parameter in a : "
        + "(namedType T)) , "
        + "(parameter b : (namedType T) = (literal 1)) )) -> (namedType T) = "
        + "(native native (stringExpr \" k.f \") apply))")
    #expect(
      declaration("fn f() { 1 }")
        == "(fnDecl fn f (parameterList ( )) (codeBlock { (exprStmt (literal 1)) }))")
    #expect(declaration("fn f() = 1") == "(fnDecl fn f (parameterList ( )) = (literal 1))")
  }

  @Test("blocks") func blocks() {
    #expect(
      declaration("a b \"c\" for d.e { }")
        == "(block a b (stringExpr \" c \") for (memberExpr (nameExpr d) . e) (blockBody { }))")
    #expect(declaration("a { }") == "(block a (blockBody { }))")
    #expect(declaration("a b") == "(block a b)")
    #expect(
      declaration("a { b = 1, c { }; d e\n f \"g\" { } }")
        == "(block a (blockBody { (fieldItem b = (literal 1)) , (block c (blockBody { })) ; "
        + "(block d e) "
        + "(block f (stringExpr \" g \") (blockBody { })) }))")
  }

  @Test("policies and drills") func policies() {
    #expect(
      declaration("policy p \"l\" for s { failback after 30m, ask \"x\", every = 5s }")
        == "(policyDecl policy p (stringExpr \" l \") for (nameExpr s) { (failback failback "
        + "(clause after (literal 30m)) , (clause ask (stringExpr \" x \"))) , (fieldItem every "
        + "= (literal 5s)) })"
    )
    #expect(
      declaration("policy p { on d when a < 1 { }; guard \"g\" { a } }")
        == "(policyDecl policy p { (detector on d when (binaryExpr (nameExpr a) < (literal 1)) "
        + "(codeBlock { })) ; "
        + "(guardClause guard (stringExpr \" g \") { (nameExpr a) }) })")
    #expect(
      declaration(
        "drill d for s { steady { a }; load b; fault c for 5m; abort { f }; expect e within 5m }")
        == "(drillDecl drill d for (nameExpr s) { (drillItem steady { (nameExpr a) }) ; "
        + "(drillItem load (nameExpr b)) ; "
        + "(drillItem fault (nameExpr c) for (literal 5m)) ; (drillItem abort { (nameExpr f) }) ; "
        + "(drillItem expect (nameExpr e) within (literal 5m)) })"
    )
  }

  @Test("rules") func rules() {
    #expect(
      declaration("rule DR1 no_zone error { report a.b, \"m\",\n help: c, at: d.e }")
        == "(ruleDecl rule DR1 no_zone error (codeBlock { (reportStmt report (memberExpr (nameExpr a) "
        + ". b) , (stringExpr \" m \") , (argument help : (nameExpr c)) , (argument at : "
        + "(memberExpr (nameExpr d) . e))) }))")
  }

  @Test("statements") func statements() {
    #expect(statement("let a: Int = 1") == "(letStmt let a : (namedType Int) = (literal 1))")
    #expect(statement("for x in xs { }") == "(forStmt for x in (nameExpr xs) (codeBlock { }))")
    #expect(statement("yield a") == "(yieldStmt yield (nameExpr a))")
    #expect(statement("assert a else b") == "(assertStmt assert (nameExpr a) else (nameExpr b))")
    #expect(statement("undo { a }") == "(undoStmt undo (codeBlock { (exprStmt (nameExpr a)) }))")
    #expect(statement("pause 5s") == "(pauseStmt pause (literal 5s))")
    #expect(statement("on failure e { }") == "(onFailureStmt on failure e (codeBlock { }))")
    #expect(statement("fail a") == "(failStmt fail (nameExpr a))")
    #expect(
      statement("require a\n else b") == "(requireStmt require (nameExpr a) else (nameExpr b))")
    #expect(
      statement("run a.b(c)")
        == "(runStmt run (callExpr (memberExpr (nameExpr a) . b) (argumentList ( (argument "
        + "(nameExpr c)) ))))"
    )
    #expect(
      statement("wait until a within 1m")
        == "(waitStmt wait until (nameExpr a) (clause within (literal 1m)))")
    #expect(statement("lock a for 1m") == "(lockStmt lock (nameExpr a) (clause for (literal 1m)))")
    #expect(
      statement("parallel limit n for x in xs { }")
        == "(parallelStmt parallel (clause limit (nameExpr n)) for x in (nameExpr xs) (codeBlock "
        + "{ }))"
    )
  }

  @Test("clauses follow each other with or without commas") func clauses() {
    #expect(
      statement("step \"a\" within 3m, retry 3 every 10s backoff 2.0 if b { }")
        == "(stepStmt step (stringExpr \" a \") (clause within (literal 3m)) , (clause retry "
        + "(literal 3)) "
        + "(clause every (literal 10s)) (clause backoff (literal 2.0)) (clause if (nameExpr b)) "
        + "(codeBlock { }))"
    )
    #expect(
      statement("step \"a\" retry every 1s { }").contains(
        "(clause retry) (clause every (literal 1s))"))
    #expect(
      statement("verify a else abort")
        == "(verifyStmt verify (nameExpr a) (clause else (nameExpr abort)))")
    #expect(
      statement("lock b,\nfor x in xs { }")
        == "(lockStmt lock (nameExpr b)) , (forStmt for x in (nameExpr xs) (codeBlock { }))")
  }

  @Test("a statement's word may name a value where nothing fits it") func wordsAsNames() {
    #expect(statement("step.next") == "(exprStmt (memberExpr (nameExpr step) . next))")
    #expect(
      statement("fail(a)")
        == "(exprStmt (callExpr (nameExpr fail) (argumentList ( (argument (nameExpr a)) ))))")
    #expect(statement("fail (a)") == "(failStmt fail (parenExpr ( (nameExpr a) )))")
    #expect(statement("run + lock") == "(exprStmt (binaryExpr (nameExpr run) + (nameExpr lock)))")
    #expect(statement("let step = wait") == "(letStmt let step = (nameExpr wait))")
  }

  @Test("operators bind from ?? to unary minus") func precedence() {
    #expect(
      expression("a ?? b or c and not d == e..f + g * -h.i")
        == "(binaryExpr (nameExpr a) ?? (binaryExpr (nameExpr b) or (binaryExpr (nameExpr c) and "
        + "(unaryExpr not (binaryExpr (nameExpr d) == (rangeExpr (nameExpr e) .. (binaryExpr "
        + "(nameExpr f) + "
        + "(binaryExpr (nameExpr g) * (unaryExpr - (memberExpr (nameExpr h) . i))))))))))")
    #expect(
      expression("a - b - c")
        == "(binaryExpr (binaryExpr (nameExpr a) - (nameExpr b)) - (nameExpr c))")
    #expect(expression("a not in b") == "(binaryExpr (nameExpr a) not in (nameExpr b))")
    #expect(
      expression("not a and b") == "(binaryExpr (unaryExpr not (nameExpr a)) and (nameExpr b))")
    #expect(
      expression("a?.b[1]") == "(indexExpr (optionalMemberExpr (nameExpr a) ?. b) [ (literal 1) ])")
  }

  @Test("lists, maps and objects") func collections() {
    #expect(expression("[1, ...a,]") == "(listExpr [ (literal 1) , (spread ... (nameExpr a)) , ])")
    #expect(expression("[]") == "(listExpr [ ])")
    #expect(expression("[:]") == "(mapExpr [ : ])")
    #expect(expression("[a: 0%]") == "(mapExpr [ (mapEntry (nameExpr a) : (literal 0%)) ])")
    #expect(
      expression("[for a in b if c: d]")
        == "(listComprehension [ for a in (nameExpr b) if (nameExpr c) : (nameExpr d) ])")
    #expect(
      expression("[for a in b: c: d]")
        == "(mapComprehension [ for a in (nameExpr b) : (nameExpr c) : (nameExpr d) ])")
    #expect(
      expression("{ a: 1, \"b\": 2\n ...c }")
        == "(objectExpr { (objectMember a : (literal 1)) , (objectMember (stringExpr \" b \") : "
        + "(literal 2)) "
        + "(spread ... (nameExpr c)) })")
    #expect(
      expression("k8gb { a = 1 }")
        == "(recordExpr k8gb (blockBody { (fieldItem a = (literal 1)) }))")
  }

  @Test("a brace after a name opens a record, but not in a head") func heads() {
    #expect(
      statement("if a { b }")
        == "(exprStmt (ifExpr if (nameExpr a) (codeBlock { (exprStmt (nameExpr b)) })))")
    #expect(
      statement("for x in f(a { }) { }").contains("(argument (recordExpr a (blockBody { })))"))
    #expect(
      statement("if (a { }) == b { }").contains("(parenExpr ( (recordExpr a (blockBody { })) ))"))
    #expect(statement("wait until f(x)\n{ }").hasSuffix("(exprStmt (objectExpr { }))"))
  }

  @Test("a brace after => or an arm's colon begins an object or code") func bodies() {
    #expect(expression("x => { }") == "(lambdaExpr (lambdaParameters x) => (objectExpr { }))")
    #expect(
      expression("() => { a: 1 }")
        == "(lambdaExpr (lambdaParameters ( )) => (objectExpr { (objectMember a : (literal 1)) }))")
    #expect(
      expression("(x, y) => { a }")
        == "(lambdaExpr (lambdaParameters ( x , y )) => (codeBlock { (exprStmt (nameExpr a)) }))")
    #expect(expression("x => { \"a\\(b)\": 1 }").contains("objectMember"))
    #expect(expression("x => { \"a\" }").contains("codeBlock"))
    #expect(
      expression("match x { 1: { a }\n T t: { a: 1 } }")
        == "(matchExpr match (nameExpr x) { (matchArm (pattern (literal 1)) : (codeBlock { "
        + "(exprStmt (nameExpr a)) })) "
        + "(matchArm (pattern T t) : (objectExpr { (objectMember a : (literal 1)) })) })")
  }

  @Test("a timeline follows a call on its line") func timelines() {
    #expect(
      expression("f(a) { at 1m: b }")
        == "(callExpr (nameExpr f) (argumentList ( (argument (nameExpr a)) )) (trailingBlock { "
        + "(timelineItem at (literal 1m) : (nameExpr b)) }))")
  }

  @Test("a newline ends an item, but not after an operator or before a dot") func newlines() {
    #expect(statement("a\n.b\n?.c\n?? d").hasPrefix("(exprStmt (binaryExpr (optionalMemberExpr"))
    #expect(statement("a\nand b\nor c").hasPrefix("(exprStmt (binaryExpr (binaryExpr"))
    #expect(statement("a +\nb") == "(exprStmt (binaryExpr (nameExpr a) + (nameExpr b)))")
    #expect(
      statement("a\n(b)") == "(exprStmt (nameExpr a)) (exprStmt (parenExpr ( (nameExpr b) )))")
    #expect(statement("a\n[b]") == "(exprStmt (nameExpr a)) (exprStmt (listExpr [ (nameExpr b) ]))")
    #expect(statement("f(a\n+ b\n, c)").contains("(binaryExpr (nameExpr a) + (nameExpr b))"))
    #expect(statement("if a { }\nelse { }").contains("else"))
    #expect(expression("{\n and: 1\n else: 2\n}").contains("(objectMember else : (literal 2))"))
  }

  @Test("letters of every script make names") func unicode() {
    #expect(
      declaration("服务 推理2 { 副本 = 2 }")
        == "(block 服务 推理2 (blockBody { (fieldItem 副本 = (literal 2)) }))")
    #expect(expression("_a1é") == "(nameExpr _a1é)")
  }
}
