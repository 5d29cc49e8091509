// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema
import Testing

/// Which modules of the prelude a program is read with, where only those count that it names.
@Suite struct PreludeTests {
  private func modules(_ text: String, expression: String? = nil) -> [String] {
    var options = CheckOptions()
    options.prelude = .named(expression: expression)
    let checker = Checker(loader: MemoryLoader(), options: options)
    checker.check(path: "main.dr", bytes: Array(text.utf8))
    return checker.modules.map(\.path).sorted()
  }

  @Test("nothing is read that the program does not name")
  func nothing() {
    #expect(modules("let x = 1\nfn twice(n: Int) -> Int = n * 2\n") == ["main.dr"])
    #expect(modules("") == ["main.dr"])
  }

  @Test(
    "what is named anywhere is read",
    arguments: [
      "let x = len([1])", "let x = [1].len()", "let x = \"\\(len([1]))\"",
      "let x = [for i in 0..len([1]): i]", "fn f(t: Target) -> Int = 1", "let len = 1",
      // A text that could want a value is warned of.
      "let x = \"${len}\"",
    ])
  func core(_ text: String) {
    #expect(modules(text).contains("core"), "\(text)")
  }

  @Test("a runbook is read with what it names")
  func runbooks() {
    #expect(modules("runbook r(n: Int) { step \"s\" { n } }\n") == ["main.dr"])
    #expect(
      modules("runbook r(n: Int) { step \"s\" { n } }\n", expression: "[len([1])]")
        == ["core", "main.dr"])
    #expect(modules("runbook r(s: Service) {}\n").contains("service"))
  }

  @Test("what an expression or a module that is read names is read too")
  func indirect() {
    #expect(modules("let x = 1", expression: "len([x])") == ["core", "main.dr"])
    #expect(Set(modules("use kubernetes\n")).isSuperset(of: ["core", "service", "topology"]))
    let whole = check("").modules.map(\.path).sorted()
    #expect(whole.contains("policy"))
    // A policy is a record of the standard library whatever it names.
    #expect(modules("policy p { every = 1s }\n") == whole)
    #expect(modules("let x = 1\n" + String(repeating: "# long\n", count: 4_000)) == whole)
  }
}
