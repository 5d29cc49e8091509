// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// An HTTP server on loopback that answers every GET at once and counts, so that what is measured is
/// the client. One thread; connections are kept.
///
/// `/flaky/N` answers 503 N times and then 200; `/large` answers 1 GiB.
final class BenchServer: Sendable {
  /// What it saw since it was last asked.
  struct Counts {
    var requests = 0
    /// Connections that were made.
    var connections = 0
    /// The most that were open at once.
    var openMax = 0
    /// Milliseconds from the first request for `/flaky` to the last.
    var flakyTime = 0.0
    private var flakyCount = 0
    private var flakyStart = ContinuousClock.now

    /// Counts a request; gives the status that it is answered with.
    mutating func take(failures: Int?) -> String {
      requests += 1
      guard let failures else { return "200 OK" }
      if flakyCount == 0 { flakyStart = .now }
      flakyTime = flakyStart.duration(to: .now) / .milliseconds(1)
      flakyCount += 1
      return flakyCount > failures ? "200 OK" : "503 Service Unavailable"
    }
  }

  let port: UInt16
  private let counts = Mutex(Counts())

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 1024) == 0
          && getsockname(listener, $0, &length) == 0
      }
    }
    guard isBound else { throw BenchError(text: "no server on loopback: errno \(errno)") }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in serve(listener) }
  }

  /// Requests since `takeCounts`.
  var requestCount: Int { counts.withLock { $0.requests } }

  /// What it saw since the last call.
  func takeCounts() -> Counts {
    counts.withLock { counts in
      defer { counts = Counts() }
      return counts
    }
  }

  // MARK: The thread

  private func serve(_ listener: Int32) {
    var entries = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
    var begun: [Int32: [UInt8]] = [:]
    var bytes = [UInt8](repeating: 0, count: 4096)
    while poll(&entries, nfds_t(entries.count), -1) > 0 || errno == EINTR {
      for entry in entries.dropFirst() where entry.revents != 0 {
        let got = read(entry.fd, &bytes, bytes.count)
        guard got > 0 else {
          close(entry.fd)
          begun[entry.fd] = nil
          entries.removeAll { $0.fd == entry.fd }
          continue
        }
        begun[entry.fd] = answer((begun[entry.fd] ?? []) + bytes.prefix(got), on: entry.fd)
      }
      guard entries[0].revents != 0 else { continue }
      let client = accept(listener, nil, nil)
      guard client >= 0 else { continue }
      var on: Int32 = 1
      setsockopt(
        client, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
      entries.append(pollfd(fd: client, events: Int16(POLLIN), revents: 0))
      counts.withLock {
        $0.connections += 1
        $0.openMax = max($0.openMax, entries.count - 1)
      }
    }
  }

  /// Answers what is whole of some requests; gives what is left.
  private func answer(_ text: [UInt8], on client: Int32) -> [UInt8] {
    var text = text[...]
    while let end = text.firstRange(of: Self.endOfHead) {
      if text.starts(with: Self.large) {
        sendMuch(to: client)
        return []
      }
      let status = counts.withLock { $0.take(failures: Self.failures(text[..<end.lowerBound])) }
      text = text[end.upperBound...]
      let answer = Array("HTTP/1.1 \(status)\(Self.rest)".utf8)
      _ = send(client, answer, answer.count, Int32(MSG_NOSIGNAL))
    }
    return Array(text)
  }

  /// A gibibyte and the end of the connection, or less where the client has enough.
  private func sendMuch(to client: Int32) {
    let head = Array("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n".utf8)
    let block = [UInt8](repeating: 0x61, count: 1 << 20)
    var isWanted = send(client, head, head.count, Int32(MSG_NOSIGNAL)) > 0
    for _ in 0..<1024 where isWanted {
      var sent = 0
      while isWanted, sent < block.count {
        let count = block[sent...].withUnsafeBytes {
          send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        isWanted = count > 0
        sent += max(0, count)
      }
    }
    shutdown(client, Int32(SHUT_RDWR))
  }

  private static let large = Array("GET /large ".utf8)
  private static let endOfHead = Array("\r\n\r\n".utf8)
  private static let rest =
    "\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\nok\n"

  /// N of `GET /flaky/N`.
  private static func failures(_ request: ArraySlice<UInt8>) -> Int? {
    let start = Array("GET /flaky/".utf8)
    guard request.starts(with: start) else { return nil }
    return Int(
      String(decoding: request.dropFirst(start.count).prefix { $0 != 0x20 }, as: UTF8.self))
  }
}
