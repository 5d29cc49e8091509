// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax
import Testing

@Suite struct LiteralTests {
  private func value(_ text: String) -> LiteralValue? {
    let root = tree("let a = " + text).root
    return root.first(.letDecl)?.first(.literal)?.literalValue()
  }

  private func string(_ text: String) -> String? {
    tree("let a = " + text).root.first(.letDecl)?.first(.stringExpr)?.stringText()
  }

  @Test("reads numbers exactly") func numbers() {
    #expect(value("0") == .int(0))
    #expect(value("1_000") == .int(1000))
    #expect(value("9223372036854775807") == .int(.max))
    #expect(value("9223372036854775808") == nil)
    #expect(value("0.5") == .float(0.5))
    #expect(value("1_0.2_5") == .float(10.25))
    #expect(value("true") == .bool(true))
    #expect(value("false") == .bool(false))
    #expect(value("nil") == .nilValue)
  }

  @Test("reads quantities exactly") func quantities() {
    #expect(value("250ms") == .duration(nanoseconds: 250_000_000))
    #expect(value("1h30m") == .duration(nanoseconds: 5_400_000_000_000))
    #expect(value("1d2h3m4s5ms6us7ns") == .duration(nanoseconds: 93_784_005_006_007))
    #expect(value("0.1s") == .duration(nanoseconds: 100_000_000))
    #expect(value("1m0.5s") == .duration(nanoseconds: 60_500_000_000))
    #expect(value("7d") == .duration(nanoseconds: 604_800_000_000_000))
    #expect(value("16Gi") == .bytes(17_179_869_184))
    #expect(value("100GB") == .bytes(100_000_000_000))
    #expect(value("1.5KB") == .bytes(1500))
    #expect(value("512Mi") == .bytes(536_870_912))
    #expect(value("1Ti") == .bytes(1_099_511_627_776))
    #expect(value("3B") == .bytes(3))
    #expect(value("70%") == .percent(nanos: 700_000_000))
    #expect(value("99.95%") == .percent(nanos: 999_500_000))
    #expect(value("99.9999999%") == .percent(nanos: 999_999_999))
    #expect(value("50rps") == .rate(microsPerSecond: 50_000_000))
    #expect(value("0.5rps") == .rate(microsPerSecond: 500_000))
    #expect(value("2GB/s") == .throughput(bytesPerSecond: 2_000_000_000))
    #expect(value("1.5Mi/s") == .throughput(bytesPerSecond: 1_572_864))
  }

  @Test("a broken quantity has no value") func broken() {
    for text in ["30sec", "1.5B", "30m1h", "300000d300000h", "1.26.3", "0x10", "1e9", "4GiB"] {
      #expect(value(text) == nil, "\(text)")
      #expect(!tree("let a = " + text).diagnostics.isEmpty, "\(text)")
    }
  }

  @Test("a slash after a size divides unless an s alone follows") func division() {
    #expect(expression("2GB / s") == "(binaryExpr (literal 2GB) / (nameExpr s))")
    #expect(expression("2GB/size") == "(binaryExpr (literal 2GB) / (nameExpr size))")
    #expect(expression("2GB/s") == "(literal 2GB/s)")
    #expect(expression("5s/s") == "(binaryExpr (literal 5s) / (nameExpr s))")
  }

  @Test("decodes escapes") func escapes() {
    #expect(string(#""a\n\t\r\"\\\0b""#) == "a\n\t\r\"\\\0b")
    #expect(string(#""\u{1F600}\u{e9}""#) == "😀é")
    #expect(string(#""""#) == "")
    #expect(string(#""推理""#) == "推理")
  }

  @Test("a raw string is what it is") func raw() {
    #expect(string("`a\\n\"\\(b)`") == "a\\n\"\\(b)")
    #expect(string("`a\nb`") == "a\nb")
    #expect(string("``") == "")
  }

  @Test("removes the margin of several lines") func multiline() {
    #expect(string("\"\"\"\n    a\n      b\n\n    c\n    \"\"\"") == "a\n  b\n\nc")
    #expect(string("\"\"\"\r\n  a\r\n  b\r\n  \"\"\"") == "a\nb")
    #expect(string("\"\"\"\n  \"\"\"") == "")
    #expect(string("\"\"\"\n  a\n\n  \"\"\"") == "a\n")
    #expect(string("\"\"\"a\"\"\"") == "a")
    #expect(string("\"\"\"\n  a \"b\" \\n\\\n c\n  \"\"\"") == "a \"b\" \n\n c")
  }

  @Test("decodes the text around interpolations") func interpolations() {
    let tree = tree("let a = \"\"\"\n  x\n  \\(a)\n  y \\(b)\n  \"\"\"")
    let node = tree.root.first(.letDecl)?.first(.stringExpr)
    #expect(node?.stringText() == nil)
    #expect(node?.all(.stringSegment).map { $0.stringText() } == ["x\n", "\ny ", ""])
    let plain = self.segments(#""a\n\(b)c\(d)""#)
    #expect(plain == ["a\n", "c"])
  }

  private func segments(_ text: String) -> [String?] {
    let node = tree("let a = " + text).root.first(.letDecl)?.first(.stringExpr)
    return node?.all(.stringSegment).map { $0.stringText() } ?? []
  }
}
