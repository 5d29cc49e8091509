// SPDX-License-Identifier: Apache-2.0

import DrData
import Testing

struct YAMLReaderTests {
  @Test(
    "reads plain scalars by the core schema",
    arguments: [
      ("null", .null), ("~", .null), ("", .null), ("true", true), ("FALSE", false), ("yes", "yes"),
      ("on", "on"), ("1", 1), ("-17", -17), ("+5", 5), ("0o17", 15), ("0x1F", 31), ("0", 0),
      ("1.5", .float(1.5)), (".5", .float(0.5)), ("1.", .float(1)), ("1e3", .float(1000)),
      ("-.inf", .float(-.infinity)), ("1_000", "1_000"), ("12:30", "12:30"), ("0b1", "0b1"),
      ("0xfg", "0xfg"), ("1.2.3", "1.2.3"), ("4Gi", "4Gi"), ("2026-11-23", "2026-11-23"),
      ("9223372036854775807", .int(.max)),
      ("9223372036854775808", .float(9_223_372_036_854_775_808)),
    ] as [(String, Document)])
  func scalars(text: String, document: Document) throws {
    #expect(try YAML.parse(Array("a: \(text)\n".utf8)) == [["a": document]])
  }

  @Test(
    "reads structure, quotes, tags, anchors and streams",
    arguments: [
      ("", []), ("---\n", [.null]), ("a: 1\n---\nb: 2\n", [["a": 1], ["b": 2]]),
      ("a: 1\n...\n---\n- x\n", [["a": 1], ["x"]]),
      ("{a: [1, 'x'], \"b\": \"\\u00e9\"}", [["a": [1, "x"], "b": "é"]]),
      ("'1'", ["1"]), ("! 1", ["1"]), ("!!str 1", ["1"]), ("!!int 1", [1]),
      ("!!float 1", [.float(1)]),
      ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", [["a": "x\ny\n", "b": "x y"]]),
      ("a: &x {b: 1}\nc: *x\n", [["a": ["b": 1], "c": ["b": 1]]]),
      ("- &k key\n- *k : 1\n", [["key", ["key": 1]]]),
      ("8080: a\ntrue: b\n", [["8080": "a", "true": "b"]]),
    ] as [(String, [Document])])
  func structure(text: String, documents: [Document]) throws {
    #expect(try YAML.parse(Array(text.utf8)) == documents)
  }

  @Test(
    "refuses with place and sentence",
    arguments: [
      ("a: 1\nb: 2\na: 3\n", 3, 1, "the member `a` is given twice"),
      ("a:\n\tb: 1\n", 2, 1, "a tab indents this line; YAML takes spaces only"),
      ("a: b: c\n", 1, 5, "`:` is not allowed here; put the text in quotes or begin a new line"),
      ("a: [1, 2\nb: 3\n", 2, 2, "`,` or `]` is missing"),
      (
        "a: 1\n b: 2\n", 2, 3, "`:` is not allowed here; put the text in quotes or begin a new line"
      ),
      (
        "clusters:\n- name: a\n  cluster\n  server: x\n", 3, 3,
        "`:` is missing after a member's name"
      ),
      ("a: *x\n", 1, 4, "nothing is named `&x` before this alias"),
      ("a: &x [*x]\n", 1, 8, "the alias `*x` stands inside what it names"),
      ("a: !foo 1\n", 1, 4, "the tag `!foo` does not fit this value"),
      ("a: !!int x\n", 1, 4, "the tag `tag:yaml.org,2002:int` does not fit this value"),
      ("<<: {a: 1}\n", 1, 1, "merge keys are not read; write the members out"),
      ("[a]: 1\n", 1, 1, "the name of a member must be a scalar"),
      (
        "mode: 0644\n", 1, 7,
        "YAML 1.1 and 1.2 read `0644` as different numbers; write quotes, or 0o for octal"
      ),
      ("a: 'x\n", 2, 1, "the text ends inside a quoted string"),
      ("a: @x\n", 1, 4, "a value cannot begin with this character; put it in quotes"),
      ("a: \u{1}\n", 1, 4, "a control character stands here"),
    ])
  func refuses(text: String, line: Int, column: Int, message: String) {
    #expect(throws: DataError(message: message, line: line, column: column)) {
      try YAML.parse(Array(text.utf8))
    }
  }

  @Test("refuses bytes that are not UTF-8, at their place")
  func invalidUTF8() {
    #expect(throws: DataError(message: "the text is not valid UTF-8", line: 2, column: 4)) {
      try YAML.parse(Array("a: 1\nb: ".utf8) + [0xff, 0x0a])
    }
  }

  @Test("a few lines of aliases cannot expand without bound")
  func laughs() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...12 {
      let names = repeatElement("*a\(level - 1)", count: 9).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(names)]\n"
    }
    #expect(throws: DataError.self) { try YAML.parse(Array(text.utf8)) }
    var long = "a: &a \(String(repeating: "x", count: 100_000))\nb:\n"
    for _ in 0..<1000 { long += "- *a\n" }
    #expect(throws: DataError.self) { try YAML.parse(Array(long.utf8)) }
  }

  @Test("bounds depth")
  func deep() {
    let text = String(repeating: "[", count: 100_000)
    #expect(throws: DataError.self) { try YAML.parse(Array(text.utf8)) }
  }
}

struct YAMLWriterTests {
  @Test(
    "quotes what some reader would take for something else",
    arguments: [
      "", " ", " a", "a ", "yes", "No", "ON", "off", "y", "null", "~", "true", "1", "-1", "1.5",
      "1e3", "0x1f", "0o17", "012", "1_000", "12:30", "2026-11-23", "=", "<<", ".inf", "-", "- a",
      "? a", "a:", "a: b", "a #b", "#a", "&a", "*a", "!a", "|", "%a", "@a", "'a'", "\"a\"", "{a}",
      "[a]", "10.0.0.1", "--port=8080", "\u{85}", "a\u{2028}b", "\u{a0}",
    ])
  func quoted(text: String) throws {
    #expect(YAML.write([.string(text)]).first == "\"")
    #expect(try YAML.parse(Array(YAML.write([.string(text)]).utf8)) == [.string(text)])
  }

  @Test(
    "leaves what everybody reads as a string",
    arguments: [
      "a", "500m", "4Gi", "30s", "10.0.0.0/8", "/healthz", "nginx:1.27", "a#b", "a,b", "it's", "日本",
      "apps/v1", "v1.26", "a b", "_x", "node-1",
    ])
  func plain(text: String) {
    #expect(YAML.write([.string(text)]) == text + "\n")
  }

  @Test("writes block style with members in order, and --- between documents")
  func layout() {
    let documents: [Document] = [
      [
        "kind": "Deployment", "replicas": 3, "on": true, "empty": [], "none": [:], "nil": .null,
        "list": ["a", ["b": 1, "c": ["d"]], [1, 2], "x\ny\n"],
        "script": "#!/bin/sh\n\necho 1", "ratio": .float(0.5), "big": .float(1e20),
      ],
      "x",
    ]
    #expect(
      YAML.write(documents) == """
        kind: Deployment
        replicas: 3
        "on": true
        empty: []
        none: {}
        nil: null
        list:
        - a
        - b: 1
          c:
          - d
        - - 1
          - 2
        - |
          x
          y
        script: |-
          #!/bin/sh

          echo 1
        ratio: 0.5
        big: 1.0e+20
        ---
        x

        """)
  }

  @Test("reads back what it writes, in every place a value can stand")
  func roundTrip() throws {
    for text in Samples.strings {
      let value = Document.string(text)
      var object = DocumentObject([("a", [value, [value]])])
      object[text] = ["n": value]
      let documents: [Document] = [value, [value, [value], [[value]]], .object(object), value]
      #expect(try YAML.parse(Array(YAML.write(documents).utf8)) == documents)
    }
    var samples = Samples(seed: 3)
    for _ in 0..<300 {
      let documents = (0..<samples.below(4)).map { _ in samples.document(depth: 4) }
      #expect(try YAML.parse(Array(YAML.write(documents).utf8)) == documents)
    }
  }

  @Test("a name longer than readers look ahead comes back")
  func longName() throws {
    let document = Document.object(
      DocumentObject([(String(repeating: "k", count: 2000), ["a": 1])]))
    #expect(try YAML.parse(Array(YAML.write([document]).utf8)) == [document])
  }

  @Test("no deletion, change or doubling of a byte makes the reader trap")
  func damaged() {
    var samples = Samples(seed: 5)
    for _ in 0..<300 {
      var bytes = Array(YAML.write([samples.document(depth: 3)]).utf8)
      guard !bytes.isEmpty else { continue }
      let place = samples.below(bytes.count)
      switch samples.below(3) {
      case 0: bytes.remove(at: place)
      case 1: bytes[place] = UInt8(samples.below(256))
      default: bytes.insert(bytes[place], at: place)
      }
      _ = try? YAML.parse(bytes)
    }
  }
}
