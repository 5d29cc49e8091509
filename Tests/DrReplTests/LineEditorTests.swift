// SPDX-License-Identifier: Apache-2.0

import DrRepl
import Testing

/// Keys as a test writes them: bytes of a terminal.
func typed(_ bytes: String, history: [String] = []) -> (editor: LineEditor, orders: [EditorOrder]) {
  var editor = LineEditor(history: History(entries: history))
  var decoder = KeyDecoder()
  let keys = decoder.decode(bytes.utf8) + decoder.flush()
  let orders = keys.map { editor.handle($0) }
  return (editor, orders)
}

/// The text with `|` where the cursor is.
func shown(_ editor: LineEditor) -> String {
  var characters = Array(editor.text)
  characters.insert("|", at: editor.cursor)
  return String(characters)
}

@Suite("The line editor")
struct LineEditorTests {
  @Test(
    "keys give a line and a cursor",
    arguments: [
      ("abc", "abc|"),
      ("abc\u{1}x", "x|abc"),
      ("abc\u{1}\u{6}x", "ax|bc"),
      ("abc\u{2}\u{2}x", "ax|bc"),
      ("abc\u{1B}[D\u{1B}[Dx", "ax|bc"),
      ("abc\u{1B}[H\u{1B}[Fx", "abcx|"),
      ("abc\u{7F}\u{7F}", "a|"),
      ("abc\u{1}\u{4}", "|bc"),
      ("abc\u{1}\u{1B}[3~\u{1B}[3~", "|c"),
      ("\u{7F}", "|"),
      ("a b c\u{17}", "a b |"),
      ("kube.scale\u{17}", "|"),
      ("kube.scale\u{1B}\u{7F}", "kube.|"),
      ("one two\u{1B}b\u{1B}b\u{1B}d", "| two"),
      ("one two\u{1}\u{1B}f", "one| two"),
      ("one two\u{1B}[1;5D", "one |two"),
      ("abc def\u{1B}b\u{b}", "abc |"),
      ("abc def\u{1B}b\u{15}", "|def"),
      ("abc def\u{1B}b\u{b}\u{1}\u{19}", "def|abc "),
      ("a b c\u{17}\u{17}\u{19}", "a b c|"),
      ("abc\u{2}\u{2}\u{b}\u{19}\u{19}", "abcbc|"),
      ("ab\u{14}", "ba|"),
      ("abc\u{2}\u{14}", "acb|"),
      ("机房\u{2}x", "机x|房"),
      ("机房\u{7F}", "机|"),
      ("e\u{301}\u{7F}", "|"),
      ("👩‍👩‍👧x\u{2}\u{7F}", "|x"),
      ("abc\u{1F}", "|"),
      ("abc\u{17}\u{1F}", "abc|"),
      ("\u{1B}[200~a\r\nb\tc\u{7}\u{1B}[201~", "a\nb  c|"),
    ])
  func lines(_ keys: String, _ line: String) {
    #expect(shown(typed(keys).editor) == line)
  }

  @Test(
    "Enter hands a whole input in and asks for more of one that is not",
    arguments: [
      ("1 + 2", true), ("1 +", false), ("[1,", false), ("f(", false), ("let x =", false),
      ("service web {", false), ("\"\"\"", false), ("`a", false), ("\"abc", true), ("x.", false),
      ("fn f(a: Int) -> Int", false), ("fn f(a: Int) -> Int = a", true), ("}", true), ("", true),
      (":load (", true), ("{ a: 1 }", true), ("\"\\(1 +", true), ("a and", false),
      ("match x { 1: 2 }", true), ("use kubernetes,", false), ("# nothing", true),
    ])
  func enter(_ text: String, _ isWhole: Bool) {
    var editor = LineEditor()
    _ = editor.handle(.paste(text))
    let order = editor.handle(.enter)
    #expect(order == (isWhole ? .submit(text) : .draw))
  }

  @Test("a new line is indented by the brackets that are open, and a closing one goes back")
  func indentation() {
    #expect(
      shown(typed("service web {\rneeds {\rcpu = 4\r}\r").editor)
        == "service web {\n  needs {\n    cpu = 4\n  }\n  |")
    #expect(typed("service web {\r}\r").orders.last == .submit("service web {\n}"))
  }

  @Test("two empty lines hand in what never gets whole")
  func givingUp() {
    #expect(typed("[1\r\u{15}\r\u{15}\r").orders.last == .submit("[1\n\n"))
  }

  @Test("Alt-Enter breaks a line that could be handed in")
  func brokenLine() {
    #expect(shown(typed("1\u{1B}\r2").editor) == "1\n2|")
  }

  @Test("Ctrl-C drops, Ctrl-D ends an empty input only")
  func leaving() {
    #expect(typed("abc\u{3}").orders.last == .drop)
    #expect(typed("\u{4}").orders.last == .end)
    #expect(typed("abc\u{4}").orders.last == .draw)
  }

  @Test("up and down go through what begins like what was typed, and back to it")
  func history() {
    let past = ["let a = 1", "2 + 2", "let b = 2"]
    #expect(shown(typed("\u{1B}[A", history: past).editor) == "let b = 2|")
    #expect(shown(typed("\u{1B}[A\u{1B}[A", history: past).editor) == "2 + 2|")
    #expect(shown(typed("let\u{1B}[A\u{1B}[A", history: past).editor) == "let a = 1|")
    #expect(shown(typed("let\u{1B}[A\u{1B}[A\u{1B}[B\u{1B}[B", history: past).editor) == "let|")
    #expect(typed("nothing\u{1B}[A", history: past).orders.last == .bell)
    #expect(shown(typed("\u{10}\u{10}\u{E}", history: past).editor) == "let b = 2|")
  }

  @Test("up and down move within several lines")
  func withinLines() {
    let keys = "\u{1B}[200~abc\nde\nfgh\u{1B}[201~"
    #expect(shown(typed(keys + "\u{1B}[A").editor) == "abc\nde|\nfgh")
    #expect(shown(typed(keys + "\u{1B}[A\u{1B}[A").editor) == "ab|c\nde\nfgh")
    #expect(shown(typed(keys + "\u{1B}[A\u{1B}[A\u{1B}[B").editor) == "abc\nde|\nfgh")
    #expect(shown(typed(keys + "\u{1}\u{15}x").editor) == "abc\nde\nx|fgh")
  }

  @Test("Ctrl-R finds the newest entry with a text, then older ones; Ctrl-C goes back")
  func search() {
    let past = ["pods(a)", "nodes(b)", "pods(c)"]
    #expect(shown(typed("\u{12}pods", history: past).editor) == "|pods(c)")
    #expect(shown(typed("\u{12}pods\u{12}", history: past).editor) == "|pods(a)")
    #expect(shown(typed("\u{12}es(b\u{5}!", history: past).editor) == "nodes(b)!|")
    #expect(shown(typed("mine\u{12}pods\u{3}", history: past).editor) == "mine|")
    #expect(typed("\u{12}pods\r", history: past).orders.last == .submit("pods(c)"))
    #expect(shown(typed("\u{12}podsx", history: past).editor) == "|pods(c)")
  }

  @Test("Tab puts in the only candidate, or what several begin with, and then goes through them")
  func completion() {
    var editor = typed("x + dee").editor
    let answer1 = editor.handle(.tab)
    #expect(answer1 == .complete(text: "x + dee", cursor: 7))
    _ = editor.offer([Candidate("deepseek", suffix: " ")], start: 4)
    #expect(shown(editor) == "x + deepseek |")
    editor = typed("re").editor
    _ = editor.offer([Candidate("reached"), Candidate("reaching")], start: 0)
    #expect(shown(editor) == "reach|")
    _ = editor.handle(.tab)
    #expect(shown(editor) == "reached|")
    _ = editor.handle(.tab)
    #expect(shown(editor) == "reaching|")
    _ = editor.handle(.backTab)
    #expect(shown(editor) == "reached|")
    let answer2 = editor.handle(.enter)
    #expect(answer2 == .draw)
    let answer3 = editor.handle(.enter)
    #expect(answer3 == .submit("reached"))
    let answer4 = editor.offer([], start: 0)
    #expect(answer4 == .bell)
  }

  @Test("random keys never put the cursor outside of the text, and every screen fits")
  func random() {
    let keys =
      Array(
        "a机 {}(\"\u{1}\u{5}\u{2}\u{6}\u{4}\u{b}\u{15}\u{17}\u{19}\u{14}\u{12}\u{1F}\u{7F}\t\r"
      )
      .map { String($0) } + ["\u{1B}[A", "\u{1B}[B", "\u{1B}b", "\u{1B}f", "\u{1B}d", "\u{1B}\r"]
    for seed in UInt64(1)...60 {
      var random = Numbers(seed: seed)
      var editor = LineEditor(history: History(entries: ["one", "two {\n}", "机房"]))
      var decoder = KeyDecoder()
      for _ in 0..<120 {
        for key in decoder.decode(keys[Int(random.next()) % keys.count].utf8) {
          if case .submit = editor.handle(key) { editor.reset() }
        }
        #expect((0...editor.text.count).contains(editor.cursor), "seed \(seed)")
        let width = 10 + Int(random.next() % 30)
        let screen = ScreenLayout(width: width, height: 6).screen(editor, prompt: "dr> ")
        #expect(screen.rows.count <= 6)
        #expect((0..<screen.rows.count).contains(screen.cursorRow), "seed \(seed)")
        #expect((0..<width).contains(screen.cursorColumn), "seed \(seed)")
      }
    }
  }
}

@Suite("History")
struct HistoryTests {
  @Test("survives its file, line breaks and backslashes included")
  func file() {
    let history = History(entries: ["a\\n", "b\nc", "机房"])
    #expect(History(bytes: history.bytes) == history)
  }

  @Test("does not take what is empty, repeated or begins with a space")
  func taken() {
    var history = History()
    let answer5 = history.add("a")
    #expect(answer5)
    let answer6 = history.add("a")
    #expect(!answer6)
    let answer7 = history.add(" b")
    #expect(!answer7)
    let answer8 = history.add("")
    #expect(!answer8)
    #expect(history.entries == ["a"])
  }

  @Test(
    "writes nothing that looks like a secret",
    arguments: [
      ("let password = \"hunter2\"", true), ("let api_key = \"x\"", true),
      ("let h = { authorization: \"Bearer x\" }", true), ("secret(\"deepseek/registry\")", false),
      ("generate(p, prompt: \"hi\", max_tokens: 1)", false), ("let token = 5", false),
    ])
  func secrets(_ text: String, _ isSecret: Bool) {
    #expect(History.mayHoldSecret(text) == isSecret)
    #expect(History(entries: [text]).bytes.isEmpty == isSecret)
  }
}
