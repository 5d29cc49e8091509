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

  /// Makes a socket that nobody listens on, as one is left by who ran before. Nobody ever did: a child of another test
  /// that has not begun its program yet would go on listening for a moment.
  private func leave(_ path: String) -> Bool {
    let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
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
    let left = "\(folder.path)/left.sock"
    #expect(leave(left))
    #expect(
      await UnixSocket.ask(left, "x", timeoutNanoseconds: 60_000_000_000)
        == .failure(
          .notSent("\(left): nobody listens on the socket: who made it does not run any more")))
    let long = "/tmp/\(String(repeating: "x", count: 120))"
    #expect(
      await UnixSocket.ask(long, "x", timeoutNanoseconds: 60_000_000_000)
        == .failure(.refused("\(long): the path is too long for a socket")))
  }
}
