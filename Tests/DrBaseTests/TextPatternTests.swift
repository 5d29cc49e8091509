// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DrBase

@Suite struct TextPatternTests {
  @Test(
    "texts that match",
    arguments: [
      ("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "az1-web"), ("b+", "aabbcc"), ("^$|^a$", ""),
      ("^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?)$", "1h30m"),
      ("^([0-9]{1,5}(h|m|s|ms)){1,4}$", "1h30m5s10ms"), ("^a{3}$", "aaa"), ("^a{2,}$", "aaaa"),
      ("^https?://.+$", "http://x"), ("^[^*]*\\.json$", "a.json"), ("^(?i)(abort|warn)?$", "WaRn"),
      ("^\\d+(\\.\\d+)?$", "1.25"), ("^[[:alpha:]]+$", "Zone"), ("^[+\\-]$", "-"), ("^é.$", "éü"),
      ("^2\\d{3}(?::2\\d{3}|$)", "2026"), ("\\bweb\\b", "the web."), ("^[]a]$", "]"),
      ("^a\\x2fb$", "a/b"), ("^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$", "x-`y"), ("", "anything"),
      ("a**", "b"),
    ])
  func matching(pattern: String, text: String) throws {
    #expect(try #require(TextPattern(pattern)).matches(text))
  }

  @Test(
    "texts that do not",
    arguments: [
      ("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "az1-"), ("^[a-z]+$", "aZ"), ("^a{3}$", "aaaa"),
      ("^([0-9]{1,5}(h|m|s|ms)){1,4}$", "1h1h1h1h1h"), ("^https?://.+$", "ftp://x"), ("^.$", "\n"),
      ("\\bweb\\b", "cobweb"), ("^[^a-c]$", "b"), ("^(a|b)$", "ab"), ("^\\S+$", "a b"),
    ])
  func notMatching(pattern: String, text: String) throws {
    #expect(try !#require(TextPattern(pattern)).matches(text))
  }

  @Test(
    "what is no pattern, or of a kind that RE2 has not",
    arguments: ["(", "a)", "[a", "*a", "a{2,1}", "(?=a)", "(a)\\1", "[z-a]", "a{100000}", "\\q"])
  func noPattern(_ source: String) { #expect(TextPattern(source) == nil) }

  @Test("patterns that make others explode take time in proportion to the text")
  func explosion() throws {
    let pattern = try #require(TextPattern("^(a+)+$"))
    #expect(!pattern.matches(String(repeating: "a", count: 20_000) + "b"))
    #expect(TextPattern("((((a{100}){100}){100}){100})") == nil)
    #expect(TextPattern(String(repeating: "(", count: 100_000)) == nil)
  }
}
