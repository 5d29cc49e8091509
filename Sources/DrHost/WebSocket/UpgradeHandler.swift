// SPDX-License-Identifier: Apache-2.0

import DrActions
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Reads the head of the answer to an upgrade, and lets what comes after it through to the handlers that the answer
/// calls for. It does so at once: the server may have said everything and closed in the very bytes of its answer.
final class UpgradeHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  /// An answer that is neither a refusal nor the upgrade that was asked for.
  struct NoWebSocket: Error {}

  private static let headMax = 64 << 10
  private let key: String
  /// Adds the handlers of a WebSocket, or else of an HTTP answer.
  private let answered: (any Channel, Bool) throws -> Void
  private var received = ByteBuffer()
  private var isRead = false

  init(key: String, answered: @escaping (any Channel, Bool) throws -> Void) {
    self.key = key
    self.answered = answered
  }

  /// The request that asks for it.
  static func request(
    _ path: String, _ headers: [HTTPRequest.Header], key: String
  ) throws -> [UInt8] {
    var text = "GET \(path) HTTP/1.1\r\n"
    for header in headers {
      guard header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
        throw HTTPParserError.invalidHeaderToken
      }
      text += "\(header.name): \(header.value)\r\n"
    }
    text += "connection: Upgrade\r\nupgrade: websocket\r\n"
    text += "sec-websocket-version: 13\r\nsec-websocket-key: \(key)\r\n\r\n"
    return Array(text.utf8)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isRead else {
      context.fireChannelRead(data)
      return
    }
    received.writeImmutableBuffer(unwrapInboundIn(data))
    let bytes = received.readableBytesView
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
      if bytes.count > Self.headMax { fail(context) }
      return
    }
    let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
    guard let head = Self.head(head) else { return fail(context) }
    let isUpgraded = head.status == .switchingProtocols
    if isUpgraded {
      guard head.headers["upgrade"].contains(where: { $0.lowercased() == "websocket" }),
        Self.isAccepted(head, key)
      else { return fail(context) }
      received.moveReaderIndex(to: end.upperBound)
    }
    isRead = true
    do {
      try answered(context.channel, isUpgraded)
    } catch {
      context.fireErrorCaught(error)
      return
    }
    let rest = received
    received = ByteBuffer()
    if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
  }

  private func fail(_ context: ChannelHandlerContext) {
    isRead = true
    context.fireErrorCaught(NoWebSocket())
  }

  private static func isAccepted(_ head: HTTPResponseHead, _ key: String) -> Bool {
    NIOWebSocketClientUpgrader(requestKey: key) { channel, _ in
      channel.eventLoop.makeSucceededVoidFuture()
    }.shouldAllowUpgrade(upgradeResponse: head)
  }

  private static func head(_ text: String) -> HTTPResponseHead? {
    let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
    let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3,
      let status = Int(words[1])
    else { return nil }
    var headers = HTTPHeaders()
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      headers.add(name: String(parts[0]), value: parts[1].filter { $0 != " " && $0 != "\t" })
    }
    return HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
  }
}
