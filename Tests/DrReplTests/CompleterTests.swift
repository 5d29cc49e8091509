// SPDX-License-Identifier: Apache-2.0

import DrRepl
import Testing

@Suite("Completion")
struct CompleterTests {
  private func complete(_ text: String, program: String = twoZones) -> (Int, [String]) {
    let talk = Talk(program)
    let files = { (path: String) in ["main.dr", "more/"].filter { $0.hasPrefix(path) } }
    let found = Completer(
      session: talk.session, text: text, cursor: text.utf8.count, files: files
    ).complete()
    return (found.start, found.candidates.map(\.text))
  }

  @Test(
    "offers what fits, and where",
    arguments: [
      ("we", 0, ["web", "weights"]),
      ("1 + web.repl", 8, ["replicas"]),
      ("web.objective.", 14, ["rto", "rpo", "availability", "at_least"]),
      ("web.zones[0].lab", 13, ["label"]),
      ("pods(web, in: az1)[0].re", 22, ["ready"]),
      ("kube.sca", 5, ["scale"]),
      ("kube.scale(web, repl", 16, ["replicas:"]),
      ("5", 0, ["5ms", "5s", "5Gi", "5%"]),
      ("let x = 5m", 8, ["5ms", "5m"]),
      ("servi", 0, ["service"]),
      ("service chat {\n  ima", 17, ["image"]),
      ("service chat {\n  needs { mem", 25, ["memory"]),
      ("service chat {\n  pro", 17, ["probe"]),
      ("service chat { needs { cpu = 1, g", 32, ["gpu"]),
      ("service chat { volume m { access = ", 35, ["\"one\"", "\"many\""]),
      ("service chat { on = ma", 20, ["main", "match"]),
      (":wo", 1, ["world"]),
      (":world si", 7, ["simulated"]),
      (":load ma", 6, ["main.dr"]),
      (":doc servic", 5, ["service"]),
      (":type web.repl", 10, ["replicas"]),
      (":fail az", 6, ["az1", "az2"]),
      (":emit we", 6, ["web"]),
      ("[for z in web.zo", 14, ["zones"]),
      ("\"a\".low", 4, ["lower"]),
    ])
  func offers(_ text: String, _ start: Int, _ expected: [String]) {
    let found = complete(text)
    #expect(found.0 == start)
    for word in expected { #expect(found.1.contains(word), "\(found.1)") }
  }

  @Test(
    "offers nothing else",
    arguments: [
      ("1 + web.repl", ["replicas"]), ("web.nothing", []), ("nowhere.x", []),
      ("kube.sca", ["scale", "scale_workload"]), (":world si", ["simulated"]),
      (":fail az", ["az1", "az2"]),
      ("\"some te", []),
    ])
  func offersOnly(_ text: String, _ expected: [String]) {
    #expect(complete(text).1 == expected)
  }

  @Test("leaves the session as it was")
  func traceless() {
    let talk = Talk(twoZones)
    for text in ["web.nothing.", "nowhere.", "web.objective."] {
      _ = Completer(session: talk.session, text: text, cursor: text.utf8.count, files: { _ in [] })
        .complete()
    }
    #expect(talk.say("nowhere").contains("there is nothing called `nowhere` here"))
    #expect(talk.say("web.replicas") == "2")
  }

  @Test("survives every beginning of a program")
  func everywhere() {
    let talk = Talk(twoZones)
    let text = "service 机房 \"a\\(1)\" { on = main, needs { cpu = f(1, [2]) } } [for z in x.y: z.q]"
    for count in 0...text.utf8.count {
      _ = Completer(session: talk.session, text: text, cursor: count, files: { _ in [] }).complete()
    }
  }
}
