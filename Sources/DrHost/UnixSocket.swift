// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrSystem
import Glibc
import NIOPosix

/// One command on a Unix domain socket whose server answers with text and closes.
package enum UnixSocket {
  private static let limit = 64 << 20

  /// Runs on a thread of its own, so that a peer that hangs blocks nobody else.
  package static func ask(
    _ path: String, _ command: String, timeoutNanoseconds: Int64
  ) async -> Reply.Answer {
    let deadline = WallClock.monotonicNanoseconds() + timeoutNanoseconds
    let permit = Permit.current
    do {
      return try await NIOThreadPool.singleton.runIfActive {
        exchange(path, command, deadline, permit)
      }
    } catch {
      return .failure(.notSent("\(path): given up"))
    }
  }

  private static func exchange(
    _ path: String, _ command: String, _ deadline: Int64, _ permit: Permit?
  ) -> Reply.Answer {
    let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_NONBLOCK | O_CLOEXEC, 0)
    guard socket >= 0 else { return .failure(.notSent("\(path): \(systemText(errno))")) }
    defer { close(socket) }
    if let failure = connect(socket, path, deadline) { return .failure(failure) }
    if permit?.allows() == false { return .failure(.notSent("\(path): given up")) }
    if let failure = send(socket, path, Array(command.utf8) + [0x0a], deadline) {
      return .failure(failure)
    }
    return receive(socket, path, deadline)
  }

  private static func connect(
    _ socket: CInt, _ path: String, _ deadline: Int64
  ) -> TransportFailure? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
      return .refused("\(path): the path is too long for a socket")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    while true {
      let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      if result == 0 || errno == EISCONN { return nil }
      switch errno {
      case EINTR: continue
      // A Unix socket whose queue is full says so at once; try again until the deadline.
      case EAGAIN where WallClock.monotonicNanoseconds() < deadline: usleep(20_000)
      case EACCES, EPERM:
        return .refused(
          "\(path): permission denied: this user may not write to the socket, see its `mode`, `user` and `group`"
        )
      case ENOENT:
        return .notSent(
          "\(path): there is no such socket: it is made by who listens on it, which may not run")
      case ECONNREFUSED:
        return .notSent("\(path): nobody listens on the socket: who made it does not run any more")
      case let code: return .notSent("\(path): \(systemText(code))")
      }
    }
  }

  private static func send(
    _ socket: CInt, _ path: String, _ bytes: [UInt8], _ deadline: Int64
  ) -> TransportFailure? {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.send(
          socket, buffer.baseAddress?.advanced(by: offset), buffer.count - offset,
          Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        offset += count
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        guard wait(socket, Int16(POLLOUT), deadline) else { return timedOut(path) }
      case let code: return .lostAnswer("\(path): \(systemText(code))")
      }
    }
    return nil
  }

  private static func receive(_ socket: CInt, _ path: String, _ deadline: Int64) -> Reply.Answer {
    var answer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) }
      if count == 0 { return .text(String(decoding: answer, as: UTF8.self)) }
      if count > 0 {
        guard answer.count + count <= limit else {
          return .failure(.lostAnswer("\(path): the answer is larger than \(limit >> 20) MiB"))
        }
        answer.append(contentsOf: chunk[..<count])
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        guard wait(socket, Int16(POLLIN), deadline) else { return .failure(timedOut(path)) }
      case let code: return .failure(.lostAnswer("\(path): \(systemText(code))"))
      }
    }
  }

  private static func timedOut(_ path: String) -> TransportFailure {
    .lostAnswer("\(path): no answer within the time allowed")
  }

  /// Whether the socket is ready for `events` before the deadline.
  private static func wait(_ socket: CInt, _ events: Int16, _ deadline: Int64) -> Bool {
    while true {
      let left = deadline - WallClock.monotonicNanoseconds()
      guard left > 0 else { return false }
      var entry = pollfd(fd: socket, events: events, revents: 0)
      let milliseconds = CInt(min(left / 1_000_000 + 1, 60_000))
      if poll(&entry, 1, milliseconds) > 0 { return true }
    }
  }
}
