// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Connections to one server, and the exchanges that wait for one. It lives on the event loop.
final class HTTPConnectionPool {
  private let loop: any EventLoop
  private let route: Route
  private let limit: Int
  private let idle: TimeAmount
  /// All that are open or being opened.
  private var channels: [ObjectIdentifier: any Channel] = [:]
  /// The one used last comes last, and is used first.
  private var resting: [HTTPConnection] = []
  private var waiting = CircularBuffer<HTTPExchange>()
  private var opening = 0
  private var open = 0
  private var isShut = false

  init(_ route: Route, _ options: HTTPTransport.Options, on loop: any EventLoop) {
    self.loop = loop
    self.route = route
    limit = options.connectionsPerHost
    idle = .seconds(options.idleSeconds)
  }

  /// Whether nothing goes on, and nothing is kept.
  var isEmpty: Bool { open + opening == 0 && waiting.isEmpty }

  func begin(_ exchange: HTTPExchange, overNewConnection: Bool = false) {
    if isShut { return exchange.end(HTTPFailure.givenUp) }
    if !overNewConnection, let connection = resting.popLast() { return connection.begin(exchange) }
    waiting.append(exchange)
    exchange.wait(on: loop) { [weak self, weak exchange] _ in
      self?.waiting.removeAll { $0 === exchange }
    }
    openMore()
  }

  /// It can take the next exchange.
  func takeBack(_ connection: HTTPConnection) {
    if isShut { return connection.close() }
    if let next = waiting.popFirst() { return connection.begin(next) }
    resting.append(connection)
    connection.rest(until: .now() + idle)
  }

  func closed(_ connection: HTTPConnection) {
    open -= 1
    resting.removeAll { $0 === connection }
    openMore()
  }

  /// Closes all, and ends what waits.
  func shutdown() {
    isShut = true
    for channel in channels.values { channel.close(promise: nil) }
    for exchange in waiting { exchange.end(HTTPFailure.givenUp) }
    waiting = []
  }

  private func openMore() {
    while waiting.count > opening, open + opening < limit, !isShut { openOne() }
  }

  private func openOne() {
    opening += 1
    let opened = NIOLoopBound(
      { [weak self] (channel: any Channel) in self?.adopt(channel) }, eventLoop: loop)
    route.open(on: loop) { opened.value($0) }.assumeIsolated().whenComplete { [self] result in
      opening -= 1
      do {
        let channel = try result.get()
        do {
          let connection = try HTTPConnection(channel, pool: self)
          open += 1
          takeBack(connection)
        } catch {
          channel.close(promise: nil)
          throw error
        }
      } catch {
        waiting.popFirst()?.end(error)
        openMore()
      }
    }
  }

  private func adopt(_ channel: any Channel) {
    channels[ObjectIdentifier(channel)] = channel
    channel.closeFuture.assumeIsolated().whenComplete { [weak self] _ in
      self?.channels[ObjectIdentifier(channel)] = nil
    }
    if isShut { channel.close(promise: nil) }
  }
}
