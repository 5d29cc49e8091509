// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix

/// A small HTTP/1.1 server: whole requests in, whole answers out, one at a time on a connection.
///
/// Whoever can reach it can cost it no more than its limits say: connections, bytes, and time. What a
/// request may not ask is refused before its body is read.
package final class HTTPServer: Sendable {
  package struct Request: Sendable {
    package let method: String
    /// Without the query.
    package let path: String
    /// What follows `?`, as sent; empty without one.
    package let query: String
    /// Of the header `Authorization`.
    package let authorization: String?
    package let body: [UInt8]
  }

  package struct Response: Sendable {
    package let status: Int
    package let contentType: String
    package let body: String
    /// Besides those of the body and the connection.
    package let headers: [(name: String, value: String)]

    package init(
      _ status: Int, _ body: String, contentType: String = "text/plain; charset=utf-8",
      headers: [(name: String, value: String)] = []
    ) {
      self.status = status
      self.body = body
      self.contentType = contentType
      self.headers = headers
    }
  }

  package struct Limits: Sendable {
    /// At once. One more takes the place of that which has waited longest for a request.
    package var connections = 256
    /// Of the head of a request, in bytes, and its fields.
    package var headBytes = 16 << 10
    package var headFields = 64
    /// Of the body of a request.
    package var bodyBytes = 1 << 20
    /// Of all bodies that are read or answered at a time.
    package var allBodyBytes = 8 << 20
    /// How long a request may take to arrive, and its answer to be taken.
    package var transferNanoseconds: Int64 = 30_000_000_000
    /// How long a connection is kept between two requests.
    package var idleNanoseconds: Int64 = 60_000_000_000
    /// How long a peer that was refused may go on sending, so that it can read why.
    package var lingerNanoseconds: Int64 = 2_000_000_000

    package init() {}
  }

  package typealias Handler = @Sendable (Request) async -> Response
  /// What a request is refused with that need not be read to its end; its body is empty.
  package typealias Screen = @Sendable (Request) -> Response?

  /// Why it cannot listen.
  package struct Failure: Error {
    package let message: String
  }

  private let channel: any Channel
  private let table: ConnectionTable
  package let port: Int

  /// Listens from now on. Port 0 takes a free one.
  package init(
    host: String, port: Int, limits: Limits = Limits(), screen: @escaping Screen = { _ in nil },
    handler: @escaping Handler
  ) async throws(Failure) {
    NameLookup.prepare()
    let table = ConnectionTable(limits)
    let bootstrap = ServerBootstrap(group: EventLoops.group)
      // Who finds it full waits a second for the next try of TCP.
      .serverChannelOption(.backlog, value: 512)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      // A process that has no descriptor left goes on when it has one again.
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
        }
      }
      // Who has sent all that they want to may still read.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          var decoder = NIOHTTPDecoderLimitConfiguration()
          decoder.maxHeaderFieldSize = limits.headBytes
          decoder.maxHeaderListSize = limits.headBytes
          decoder.maxHeaderFieldCount = limits.headFields
          let pipeline = channel.pipeline.syncOperations
          try pipeline.configureHTTPServerPipeline(
            withErrorHandling: false, withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: decoder)
          try pipeline.addHandler(HTTPServerConnection(table, screen, handler))
        }
      }
    do {
      channel = try await bootstrap.bind(host: host, port: port).get()
    } catch {
      throw Failure(message: "cannot listen on \(host):\(port): \(TransportText.reason(error))")
    }
    self.table = table
    self.port = channel.localAddress?.port ?? port
  }

  /// Connections and bytes of bodies that are held.
  package var load: (connections: Int, bodyBytes: Int) { table.load }

  /// Listens no more, and closes all connections.
  package func stop() async {
    try? await channel.close()
    table.closeAll()
  }
}
