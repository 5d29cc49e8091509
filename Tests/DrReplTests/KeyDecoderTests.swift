// SPDX-License-Identifier: Apache-2.0

import DrRepl
import Testing

@Suite("Bytes of a terminal become keys")
struct KeyDecoderTests {
  private static let table: [(String, [Key])] = [
    ("abc", [.text("abc")]),
    ("机房é", [.text("机房é")]),
    ("\u{1}\u{5}\u{b}", [.control("a"), .control("e"), .control("k")]),
    ("\r", [.enter]), ("\n", [.enter]), ("\t", [.tab]), ("\u{7F}", [.backspace]),
    ("\u{8}", [.backspace]), ("\u{1F}", [.control("_")]),
    ("\u{1B}[A\u{1B}[B\u{1B}[C\u{1B}[D", [.up, .down, .right, .left]),
    ("\u{1B}OA\u{1B}OH\u{1B}OF", [.up, .home, .end]),
    (
      "\u{1B}[H\u{1B}[F\u{1B}[1~\u{1B}[4~\u{1B}[7~\u{1B}[8~",
      [.home, .end, .home, .end, .home, .end]
    ),
    ("\u{1B}[3~", [.delete]), ("\u{1B}[5~\u{1B}[6~", [.pageUp, .pageDown]),
    ("\u{1B}[1;5C\u{1B}[1;5D\u{1B}[1;3C", [.wordRight, .wordLeft, .wordRight]),
    ("\u{1B}[1;2C", [.right]),
    ("\u{1B}[Z", [.backTab]),
    ("\u{1B}b\u{1B}f\u{1B}d", [.alt("b"), .alt("f"), .alt("d")]),
    ("\u{1B}\u{7F}", [.altBackspace]), ("\u{1B}\r", [.altEnter]),
    ("\u{1B}[200~a\nb\u{1B}[A\u{1B}[201~c", [.paste("a\nb\u{1B}[A"), .text("c")]),
    ("\u{1B}[200~\u{1B}[201~", [.paste("")]),
    ("\u{1B}[?25h\u{1B}[99~x", [.text("x")]),
  ]

  @Test("in one piece", arguments: table)
  func whole(_ bytes: String, _ keys: [Key]) {
    var decoder = KeyDecoder()
    let answer1 = decoder.decode(bytes.utf8)
    #expect(answer1 == keys)
    #expect(!decoder.isWaiting)
  }

  @Test("split anywhere", arguments: table)
  func split(_ bytes: String, _ keys: [Key]) {
    let all = Array(bytes.utf8)
    for cut in 0...all.count {
      var decoder = KeyDecoder()
      let found = decoder.decode(all[..<cut]) + decoder.decode(all[cut...])
      #expect(Self.joined(found) == keys, "cut at \(cut)")
    }
  }

  @Test("byte by byte", arguments: table)
  func single(_ bytes: String, _ keys: [Key]) {
    var decoder = KeyDecoder()
    let found = bytes.utf8.flatMap { decoder.decode([$0]) }
    #expect(Self.joined(found) == keys)
  }

  private static func joined(_ keys: [Key]) -> [Key] {
    keys.reduce(into: []) { result, key in
      if case .text(let text) = key, case .text(let before)? = result.last {
        result[result.count - 1] = .text(before + text)
      } else {
        result.append(key)
      }
    }
  }

  @Test("an Escape alone is one once nothing follows")
  func escape() {
    var decoder = KeyDecoder()
    let answer2 = decoder.decode([0x1B])
    #expect(answer2.isEmpty)
    #expect(decoder.isWaiting)
    let answer3 = decoder.flush()
    #expect(answer3 == [.escape])
    let answer4 = decoder.decode([0x1B, UInt8(ascii: "[")])
    #expect(answer4.isEmpty)
    let answer5 = decoder.flush()
    #expect(answer5.isEmpty)
    let answer6 = decoder.decode([UInt8(ascii: "A")])
    #expect(answer6 == [.text("A")])
  }

  @Test("bytes that are not UTF-8 become replacement characters and hold nothing up")
  func invalid() {
    var decoder = KeyDecoder()
    let answer7 = decoder.decode([0xFF, UInt8(ascii: "a")])
    #expect(answer7 == [.text("\u{FFFD}a")])
    let answer8 = decoder.decode([0xE6, UInt8(ascii: "a")])
    #expect(answer8 == [.text("\u{FFFD}a")])
    let answer9 = decoder.decode([0xE6])
    #expect(answer9.isEmpty)
    let answer10 = decoder.flush()
    #expect(answer10 == [.text("\u{FFFD}")])
  }

  @Test("any bytes at all, in any pieces, end without a crash and leave a decoder that works")
  func random() {
    for seed in UInt64(1)...200 {
      var random = Numbers(seed: seed)
      var decoder = KeyDecoder()
      for _ in 0..<20 {
        let likely: [UInt8] = [0x1B, 0x5B, 0x7E, 0x32, 0x30, 0x3B, 0xE6, 0x9C, 0xBA, 0x41]
        let bytes = (0..<Int(random.next() % 9)).map { _ in
          random.next() % 2 == 0 ? likely[Int(random.next() % 10)] : UInt8(random.next() % 256)
        }
        _ = decoder.decode(bytes)
      }
      _ = decoder.flush()
      _ = decoder.decode("\u{1B}[201~".utf8)
      _ = decoder.flush()
      let answer11 = decoder.decode("x".utf8)
      #expect(answer11 == [.text("x")], "seed \(seed)")
    }
  }
}

/// Numbers that follow from a seed (a linear congruential generator).
struct Numbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
