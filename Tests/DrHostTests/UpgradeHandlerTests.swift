// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrBase
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Synchronization
import Testing

@testable import DrHost

/// Answers to upgrades, with what comes right after them.
@Suite("Upgrades to WebSockets") struct UpgradeHandlerTests {
  /// The example of RFC 6455, 1.3.
  private let key = "dGhlIHNhbXBsZSBub25jZQ=="
  private let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

  /// What comes of these bytes, in pieces of those sizes, and then the end.
  private func run(_ bytes: [UInt8], _ random: inout SeededRandom) throws -> Reply.Execution? {
    let channel = EmbeddedChannel()
    let answer = channel.eventLoop.makePromise(of: Reply.Answer.self)
    let found = Mutex<Reply.Answer?>(nil)
    answer.futureResult.whenSuccess { answer in found.withLock { $0 = answer } }
    let handler = UpgradeHandler(key: key) { channel, isUpgraded in
      guard isUpgraded else { return }
      try channel.pipeline.syncOperations.addHandlers([
        ByteToMessageHandler(WebSocketFrameDecoder()), ExecHandler(answer),
      ])
    }
    try channel.pipeline.syncOperations.addHandler(handler)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = min(rest.count, 1 + Int(random.below(200)))
      _ = try? channel.writeInbound(ByteBuffer(bytes: rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    answer.fail(ChannelError.eof)
    _ = try? channel.finish(acceptAlreadyClosed: true)
    if case .executed(let execution)? = found.withLock({ $0 }) { return execution }
    return nil
  }

  private func frame(_ channel: UInt8, _ text: String) -> [UInt8] {
    let payload = [channel] + Array(text.utf8)
    return [0x82, UInt8(payload.count)] + payload
  }

  @Test("however its bytes are cut, nothing that came after the answer is lost", arguments: 1...50)
  func pieces(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Accept: \(accept)\r\n\r\n"
    let execution = try run(
      Array(head.utf8) + frame(1, "out") + frame(2, "err") + frame(3, "{}") + [0x88, 0], &random)
    #expect(execution?.output == Array("out".utf8), "seed \(seed)")
    #expect(execution?.errors == Array("err".utf8), "seed \(seed)")
    #expect(execution?.status == Array("{}".utf8), "seed \(seed)")
  }

  @Test("another key's answer, and what is no answer, are no upgrade")
  func wrong() throws {
    var random = SeededRandom(seed: 1)
    for head in [
      "HTTP/1.1 101 x\r\nupgrade: websocket\r\nsec-websocket-accept: x\r\n\r\n",
      "HTTP/1.1 101 x\r\nsec-websocket-accept: \(accept)\r\n\r\n", "SSH-2.0\r\n\r\n",
      "HTTP/1.1 101 x\r\nno header\r\n\r\n",
    ] {
      #expect(try run(Array(head.utf8) + frame(3, "{}"), &random) == nil)
    }
  }

  @Test("no header begins another line")
  func headers() throws {
    let request = try UpgradeHandler.request("/x", [.init("a", "b")], key: key)
    #expect(String(decoding: request, as: UTF8.self).hasPrefix("GET /x HTTP/1.1\r\na: b\r\n"))
    #expect(throws: (any Error).self) {
      _ = try UpgradeHandler.request("/x", [.init("a", "b\r\nc: d")], key: key)
    }
  }
}
