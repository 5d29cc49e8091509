// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOPosix

@testable import DrSystem

/// A connection that sends what no client should. It waits on threads of its own: those of tasks are the server's too.
final class RawClient: Sendable {
  private let socket: CInt
  private static let threads: NIOThreadPool = {
    let threads = NIOThreadPool(numberOfThreads: 64)
    threads.start()
    return threads
  }()

  init(port: Int) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw FileFailure("127.0.0.1:\(port)", "connect to", code: errno) }
    // A server that never closes is a failed test, not one that hangs.
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(
      socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(
      socket, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(socket) }

  /// Whether all of it was taken: false where the peer has closed.
  @discardableResult
  func send(_ text: String) async throws -> Bool { try await send(Array(text.utf8)) }

  @discardableResult
  func send(_ bytes: [UInt8]) async throws -> Bool {
    try await Self.threads.runIfActive { self.write(bytes) }
  }

  private func write(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Says that nothing more will be sent.
  func finish() { shutdown(socket, Int32(SHUT_WR)) }

  /// What comes until the peer closes; `nil` where it does not close within a minute.
  func rest() async throws -> String? {
    var bytes: [UInt8] = []
    while let part = try await read() {
      if part.isEmpty { return String(decoding: bytes, as: UTF8.self) }
      bytes += part
    }
    return nil
  }

  /// What comes until it holds these words.
  func read(until words: String) async throws -> String {
    var text = ""
    while !text.contains(words), let part = try await read(), !part.isEmpty {
      text += String(decoding: part, as: UTF8.self)
    }
    return text
  }

  /// Empty at the end, `nil` after a minute of silence. A connection that was reset has ended, too.
  private func read() async throws -> [UInt8]? {
    try await Self.threads.runIfActive { self.receive() }
  }

  private func receive() -> [UInt8]? {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = chunk.withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) }
    guard count >= 0 else { return errno == ECONNRESET ? [] : nil }
    return Array(chunk[..<count])
  }
}
