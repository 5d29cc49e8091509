// SPDX-License-Identifier: Apache-2.0

import DrActions
import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import DrHost
@testable import DrSystem

struct UnixSocketTests {
  /// Answers a command line, or hangs, or says nothing.
  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let command = String(buffer: unwrapInboundIn(data))
      if command == "hang\n" { return }
      let loop = NIOLoopBound(context, eventLoop: context.eventLoop)
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "you said \(command)")))
        .whenComplete { _ in loop.value.close(promise: nil) }
    }
  }

  @Test("sends one command and reads until the server closes")
  func asks() async throws {
    let folder = try TestFolder()
    let path = "\(folder.path)/s.sock"
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Handler())
        }
      }
      .bind(unixDomainSocketPath: path).get()
    #expect(
      await UnixSocket.ask(path, "show stat", timeoutNanoseconds: 60_000_000_000)
        == .text("you said show stat\n"))
    #expect(
      await UnixSocket.ask(path, "hang", timeoutNanoseconds: 2_000_000_000)
        == .failure(.lostAnswer("\(path): no answer within the time allowed")))
    try await server.close()
  }

  @Test("tells what was not sent")
  func fails() async throws {
    let folder = try TestFolder()
    let missing = "\(folder.path)/none.sock"
    #expect(
      await UnixSocket.ask(missing, "x", timeoutNanoseconds: 60_000_000_000)
        == .failure(
          .notSent(
            "\(missing): there is no such socket: it is made by who listens on it, which may not run"
          )))
    // A socket that nobody listens on any more.
    let left = "\(folder.path)/left.sock"
    let server = try await ServerBootstrap(group: EventLoops.group).bind(unixDomainSocketPath: left)
      .get()
    #expect(rename(left, left + "~") == 0)
    try await server.close()
    #expect(
      await UnixSocket.ask(left + "~", "x", timeoutNanoseconds: 60_000_000_000)
        == .failure(
          .notSent("\(left)~: nobody listens on the socket: who made it does not run any more")))
    let long = "/tmp/\(String(repeating: "x", count: 120))"
    #expect(
      await UnixSocket.ask(long, "x", timeoutNanoseconds: 60_000_000_000)
        == .failure(.refused("\(long): the path is too long for a socket")))
  }
}
