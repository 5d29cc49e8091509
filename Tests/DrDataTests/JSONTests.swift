// SPDX-License-Identifier: Apache-2.0

import DrData
import Testing

struct JSONTests {
  @Test(
    "reads every kind of value",
    arguments: [
      ("null", .null), ("true", .bool(true)), (" false ", .bool(false)), ("0", .int(0)),
      ("-0", .int(0)), ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
      ("9223372036854775808", .float(9_223_372_036_854_775_808)), ("1.5", .float(1.5)),
      ("1e2", .float(100)), ("-2.5E-1", .float(-0.25)), ("\"\"", ""), ("[]", []),
      ("{}", .object(DocumentObject())), ("[1, [2], {\"a\":3}]", [1, [2], ["a": 3]]),
      ("{\"b\": 1,\n \"a\" : null}", ["b": 1, "a": .null]),
      ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\u{8}\u{c}\n\r\t"),
      ("\"\\u00e9\\uD83D\\uDE00\\u0000é😀\"", "é😀\0é😀"),
    ] as [(String, Document)])
  func reads(text: String, document: Document) throws {
    #expect(try JSON.parse(Array(text.utf8)) == document)
  }

  @Test(
    "refuses what is not JSON, with place and sentence",
    arguments: [
      ("", 1, 1, "the text ends where a value should be"),
      ("{\n  \"a\": 1,\n  \"a\": 2\n}", 3, 3, "the member `a` is given twice"),
      ("[1,]", 1, 4, "`]` does not begin a value"),
      ("[1 2]", 1, 4, "`,` or `]` is missing after an element"),
      ("{\"a\" 1}", 1, 6, "`:` is missing after the name of a member"),
      ("{a: 1}", 1, 2, "the name of a member should be here, in double quotes"),
      ("{\"a\":1,}", 1, 8, "the name of a member should be here, in double quotes"),
      ("012", 1, 1, "a number has a leading zero"),
      ("-", 1, 2, "a digit should be here"), ("1.", 1, 3, "a digit should be here"),
      ("1e", 1, 3, "a digit should be here"), ("+1", 1, 1, "`+` does not begin a value"),
      ("1e999", 1, 1, "the number is too large"),
      ("nul", 1, 1, "only true, false and null are written without quotes"),
      ("NaN", 1, 1, "`N` does not begin a value"),
      ("1 2", 1, 3, "there is more text after the value"),
      ("\"ab", 1, 1, "a string is not closed"),
      ("\"a\nb\"", 1, 3, "a control character stands in a string; write it as an escape"),
      ("\"\\x\"", 1, 2, "`\\x` is no escape"),
      ("\"\\ud800\"", 1, 2, "a surrogate stands alone"),
      ("\"\\udc00\\ud800\"", 1, 2, "a surrogate stands alone"),
      ("\"\\u12g4\"", 1, 6, "four hexadecimal digits should be here"),
      ("\u{feff}1", 1, 1, "the text begins with a byte order mark"),
      ("[\"é\", x]", 1, 7, "`x` does not begin a value"),
    ])
  func refuses(text: String, line: Int, column: Int, message: String) {
    #expect(throws: DataError(message: message, line: line, column: column)) {
      try JSON.parse(Array(text.utf8))
    }
  }

  @Test("refuses bytes that are not UTF-8")
  func invalidUTF8() {
    for bytes: [UInt8] in [
      [0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80],
    ] {
      #expect(throws: DataError.self) { try JSON.parse(bytes) }
    }
  }

  @Test("bounds depth, size and count")
  func bounds() throws {
    var limits = DataLimits()
    limits.depth = 3
    limits.nodes = 5
    limits.bytes = 20
    #expect(try JSON.parse(Array("[[[]]]".utf8), limits: limits) == [[[]]])
    for text in ["[[[[]]]]", "[1,2,3,4,5]", "[                     ]"] {
      #expect(throws: DataError.self) { try JSON.parse(Array(text.utf8), limits: limits) }
    }
    let deep = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
    #expect(throws: DataError.self) { try JSON.parse(deep) }
  }

  @Test("writes compact and pretty text")
  func writes() {
    let document: Document = [
      "b": [1, .float(1.5), .float(1e20), .null, true], "a": ["x": []],
      "q\"\\": "\n\t\u{1}\u{1f}é😀", "n": .float(.nan),
    ]
    #expect(
      JSON.write(document)
        == #"{"b":[1,1.5,1.0e+20,null,true],"a":{"x":[]},"q\"\\":"\n\t\u0001\u001fé😀","n":null}"#)
    #expect(
      JSON.write(["b": [1, [:]], "a": [:]], pretty: true)
        == "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": {}\n}")
  }

  @Test("reads back what it writes")
  func roundTrip() throws {
    var samples = Samples(seed: 7)
    for _ in 0..<300 {
      let document = samples.document(depth: 4)
      for pretty in [false, true] {
        let text = JSON.write(document, pretty: pretty)
        #expect(try JSON.parse(Array(text.utf8)) == document)
      }
    }
  }

  @Test("no deletion, change or doubling of a byte makes the reader trap")
  func damaged() {
    var samples = Samples(seed: 11)
    for _ in 0..<200 {
      var bytes = Array(JSON.write(samples.document(depth: 3)).utf8)
      guard !bytes.isEmpty else { continue }
      let place = samples.below(bytes.count)
      switch samples.below(3) {
      case 0: bytes.remove(at: place)
      case 1: bytes[place] = UInt8(samples.below(256))
      default: bytes.insert(bytes[place], at: place)
      }
      _ = try? JSON.parse(bytes)
    }
  }
}
