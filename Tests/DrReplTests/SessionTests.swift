// SPDX-License-Identifier: Apache-2.0

import DrRepl
import Testing

@Suite("A session")
struct SessionTests {
  @Test("gives values, and keeps the last one as `it`")
  func values() {
    let talk = Talk()
    #expect(talk.say("5m / 2") == "2m30s")
    #expect(talk.say("it * 2") == "5m")
    #expect(talk.say("it") == "5m")
    #expect(talk.say("[for i in 0..3: i * 2]") == "[0, 2, 4]")
    #expect(talk.say("len(it)") == "3")
    #expect(talk.say("\"a\\nb\"") == "\"a\\nb\"")
    #expect(talk.say("nil") == "nil")
    #expect(talk.say("") == "")
  }

  @Test("takes definitions, and a new one in the place of a former, which those that use it see")
  func definitions() {
    let talk = Talk()
    #expect(talk.say("let x = 2m") == "x = 2m")
    #expect(
      talk.say("fn twice(d: Duration) -> Duration = d * 2") == "(fn twice(d: Duration) -> Duration)"
    )
    #expect(talk.say("let y = twice(x)") == "y = 4m")
    #expect(talk.say("let x = 5m") == "(replaces the former `x`)\nx = 5m")
    #expect(talk.say("y") == "10m")
    #expect(talk.say("type Pair {\n  a: Int\n  b: Int = 2\n}") == "(type Pair)")
    #expect(talk.say("Pair { a = 1 }") == "Pair { a = 1, b = 2 }")
    #expect(talk.say("it.b") == "2")
  }

  @Test("a mistake is told with its place, and nothing is lost or changed")
  func mistakes() {
    let talk = Talk()
    talk.say("let x = 2m")
    #expect(talk.say("let x = 1 + 1s").contains("E0201"))
    #expect(talk.session.hasFailed)
    #expect(talk.say("let x = 1 / 0").contains("E0404"))
    #expect(talk.say("x") == "2m")
    #expect(!talk.session.hasFailed)
    for _ in 0..<2 {
      let said = talk.say("x + nowhere")
      #expect(said.contains("there is nothing called `nowhere` here"))
      #expect(said.contains(":1:5"))
    }
    #expect(talk.say("fn f(").contains("E0001"))
    #expect(talk.say("fn x(a: Int) -> Int = a").contains("(replaces the former `x`)"))
    #expect(talk.say("x(1)") == "1")
  }

  @Test("a definition that would break another one is refused, with the place of the other one")
  func broken() {
    let talk = Talk()
    talk.say("let x = 2m")
    talk.say("let y = x + 1s")
    let said = talk.say("let x = 3")
    #expect(said.contains("<2>:1:9"))
    #expect(talk.say("y") == "2m1s")
  }

  @Test("lists of records and objects are tables")
  func tables() {
    let talk = Talk()
    #expect(
      talk.say("[for i in 1..3: { name: \"n\\(i)\", size: i * 1Gi }]") == """
        name  size
        ────  ────
        n1    1Gi
        n2    2Gi
        """)
    talk.session.shownLimit = 1
    #expect(talk.say("[{ a: 1 }, { a: 2 }]").hasSuffix("… 1 more"))
    #expect(talk.say("[1, 2]") == "[1, … 1 more]")
  }

  @Test("results as JSON and YAML")
  func formats() {
    let talk = Talk(twoZones)
    talk.say(":fmt json")
    #expect(talk.say("{ a: 5m }") == "{\n  \"a\": \"5m\"\n}")
    #expect(talk.say("web.objective").contains("\"rto\": \"5m\""))
    #expect(talk.say("web").contains("\"image\": \"registry.example/web:v1\""))
    talk.say(":fmt yaml")
    #expect(talk.say("{ a: 5m }") == "a: 5m")
    #expect(talk.say(":fmt xml").contains("it is text, json or yaml"))
  }

  @Test("a text that a terminal would obey is shown harmless")
  func harmless() {
    let talk = Talk()
    #expect(!talk.say("\"\\u{1B}[2J\"").contains("\u{1B}"))
  }

  @Test("Ctrl-C stops an evaluation, and the session goes on")
  func interrupted() {
    let talk = Talk()
    talk.host.patience = 3
    #expect(talk.say("[for i in 0..1000000000: i]") == "!interrupted\n")
    talk.host.patience = .max
    #expect(talk.say("1 + 1") == "2")
  }

  @Test("a large result is refused by the limits, not by the machine that dr runs on")
  func limits() {
    let talk = Talk()
    talk.say("fn f(n: Int) -> Int = f(n + 1)")
    #expect(talk.say("f(0)").contains("E0403"))
  }

  @Test("a file is loaded, and what was typed goes before it, also when it is read again")
  func files() {
    let talk = Talk("let a = 1\n## Two.\nlet b = a + 1\n")
    #expect(talk.say("b") == "2")
    talk.say("let a = 10")
    #expect(talk.say("b") == "11")
    talk.host.files["main.dr"] = "let a = 1\nlet b = a + 5\n"
    #expect(talk.say(":reload") == "(main.dr: 2 definitions)")
    #expect(talk.say("b") == "15")
    talk.host.files["main.dr"] = "let a = \n"
    #expect(talk.say(":reload").contains("main.dr:"))
    #expect(talk.say("b") == "15")
    #expect(talk.say(":load nowhere.dr").contains("there is no file nowhere.dr"))
  }

  @Test("a mistake in a loaded file is told where the file has it")
  func places() {
    let talk = Talk("let a = 1\nlet b = a + 1\n")
    #expect(talk.say("let a = 1s").contains("main.dr:2:9"))
  }

  @Test("commands say what they know")
  func commands() {
    let talk = Talk(twoZones)
    #expect(talk.say(":type web.replicas * 2") == "Int")
    #expect(talk.say(":type pods(web, in: az1)") == "[Pod]   (reads the world)")
    #expect(talk.say(":type 1 + 1s").contains("E0201"))
    #expect(talk.say(":type").contains("`:type EXPR`"))
    #expect(talk.say(":doc web") == "web: Service\n  Generates answers.")
    #expect(talk.say(":doc pods").contains("reads fn pods(s: Service, in: Zone) -> [Pod]"))
    #expect(talk.say(":doc kube.scale").contains("acts fn scale"))
    #expect(talk.say(":doc service.replicas").contains("Replicas in all zones together."))
    #expect(talk.say(":doc serivce").contains("nothing called"))
    #expect(talk.say(":help").contains(":advance DURATION"))
    #expect(talk.say(":quti").contains("did you mean `:quit`?"))
    #expect(talk.say(":quit") == "(end)")
    #expect(talk.say(":list").contains("web: Service"))
  }

  @Test("a block that was typed gives its manifests")
  func emit() {
    let talk = Talk(twoZones)
    let before = talk.say(":emit web")
    #expect(before.contains("kind: Deployment"))
    #expect(before.contains("registry.example/web:v1"))
    talk.say(
      """
      service chat {
        on    = main
        image = "registry.example/chat:v2"
        needs { cpu = 1, memory = 1Gi }
        spread { over = [az1] }
        probe ready { get = "/" }
        objective { rto = 5m, rpo = 0s, availability = 99%, at_least = 1 }
      }
      """)
    let after = talk.say(":emit chat")
    #expect(after.contains("registry.example/chat:v2"))
    #expect(!after.contains("web:v1"))
    #expect(talk.say(":emit chta").contains("did you mean `chat`?"))
  }

  @Test("a block whose constraint does not hold is not taken")
  func constraints() {
    let talk = Talk()
    talk.say("type Probe declares check {\n  every: Duration where every >= 1s\n}")
    #expect(talk.say("check fast { every = 1ms }").contains("E0205"))
    #expect(talk.say("fast").contains("nothing called `fast`"))
    #expect(talk.say("check slow { every = 5s }") == "(slow: Probe)")
    #expect(talk.say("slow.every") == "5s")
  }
}

@Suite("A session and its world")
struct WorldTests {
  @Test("without a world, reads say how to attach one")
  func none() {
    let said = Talk(twoZones).say("ready(web, in: az1)")
    #expect(said.contains(":world simulated"))
    #expect(said.contains("<1>:1:1"))
  }

  @Test("a simulated world is read, loses a zone and gets it back as time passes")
  func simulated() {
    let talk = Talk(twoZones)
    talk.say(":world simulated")
    #expect(talk.session.prompt == "dr sim 0s> ")
    #expect(talk.say("[for z in web.zones: ready(web, in: z)]") == "[1, 1]")
    talk.say(":fail az1")
    talk.say(":advance 1m")
    #expect(talk.session.prompt == "dr sim 1m0s> ")
    #expect(talk.say("ready(web, in: az1)") == "0")
    talk.say(":restore az1")
    talk.say(":advance 10m")
    #expect(talk.say("ready(web, in: az1)") == "1")
    talk.say(":world none")
    #expect(talk.session.prompt == "dr> ")
  }

  @Test("a simulated world brings the module that it needs")
  func module() {
    let talk = Talk(twoZones.replacing("use kubernetes, ", with: "use "))
    #expect(talk.say(":world simulated").hasPrefix("(use kubernetes)\n(a simulated world: "))
    #expect(talk.say("ready(web, in: az1)") == "1")
  }

  @Test("what was read and named stays as it was read; blocks in it are today's")
  func kept() {
    let talk = Talk(twoZones)
    talk.say(":world simulated")
    #expect(talk.say("let before = pods(web, in: az1)").contains("true"))
    talk.say("pods(web, in: az1)[0]")
    talk.say(":fail az1")
    talk.say(":advance 2m")
    #expect(talk.say("pods(web, in: az1)[0].ready") == "false")
    #expect(talk.say("before[0].ready") == "true")
    #expect(talk.say("before[0].service.replicas") == "2")
    #expect(talk.say("before[0].service == web") == "true")
    #expect(
      talk.say("let before = ready(web, in: az1)") == "(replaces the former `before`)\nbefore = 0")
  }

  @Test("an act asks first, and does nothing without a yes")
  func acts() {
    let talk = Talk(twoZones)
    talk.say(":world simulated")
    let refused = talk.say("kube.scale(web, in: az1, replicas: 2)", confirm: false)
    #expect(refused.contains("this changes the world: kube.scale"))
    #expect(refused.contains("replicas 1 → 2"))
    #expect(refused.contains("(nothing was changed)"))
    #expect(talk.say("desired(web, in: az1)") == "1")
    #expect(talk.say("kube.scale(web, in: az1, replicas: 2)", confirm: true).hasSuffix("\n1"))
    #expect(talk.say("desired(web, in: az1)") == "2")
    talk.session.approvesAll = true
    #expect(!talk.say("kube.scale(web, in: az1, replicas: 1)").contains("?"))
    #expect(talk.say("desired(web, in: az1)") == "1")
  }

  @Test("the real world is asked through the host, and its failures are told")
  func real() {
    let talk = Talk(twoZones)
    talk.host.realWorldProblem = "there is no kubeconfig"
    #expect(talk.say(":world real").contains("there is no kubeconfig"))
    talk.host.realWorldProblem = nil
    talk.say(":world real")
    #expect(talk.session.prompt == "dr real> ")
    let said = talk.say("ready(web, in: az1)")
    #expect(said.contains("E0601"))
    #expect(said.contains("kube.pods finds nobody"))
  }

  @Test(
    "what only a simulated world can do says so",
    arguments: [":advance 30s", ":fail az1", ":restore az1"])
  func needsSimulation(_ command: String) {
    #expect(Talk(twoZones).say(command).contains(":world simulated"))
  }

  @Test("wrong arguments of the simulation are told")
  func wrong() {
    let talk = Talk(twoZones)
    #expect(Talk().say(":world simulated").contains("a `cluster` is missing"))
    talk.say(":world simulated")
    #expect(talk.say(":advance 5").contains("takes a duration"))
    #expect(talk.say(":fail web").contains("takes a zone"))
    #expect(talk.say(":world mars").contains("simulated, real or none"))
  }
}
