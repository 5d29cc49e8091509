// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// HAProxy's runtime API (management guide, section 9.3, "Unix Socket commands").
struct HAProxySocket {
  let path: String
  let backend: String

  init(_ arguments: Arguments) throws(WorldFailure) {
    path = try arguments.text("socket")
    backend = try arguments.text("backend")
    guard Self.isName(backend) else {
      throw arguments.mismatch("backend", "the name of a backend")
    }
  }

  /// Names end at white space, and `;` would begin another command.
  static func isName(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
          UInt8(ascii: "."), UInt8(ascii: ":"):
          true
        case _: false
        }
      }
  }

  /// A command that only reads; repeated once where the answer was lost.
  func ask(_ command: String, attempt: Int = 1) -> Flow<String> {
    .ask(.socket(path: path, command: command)) { reply in
      switch reply.answer {
      case .text(let text): return .value(text)
      case .response, .exited, .executed, .message:
        return .failure(.refused("an HTTP response came for a socket command"))
      case .failure(.refused(let message)): return .failure(.refused(message))
      case .failure(let failure):
        guard attempt < 2 else { return .failure(.unreachable(failure.message)) }
        return .sleep(nanoseconds: 200 * Unit.millisecond) {
          ask(command, attempt: attempt + 1)
        }
      }
    }
  }

  /// A command that changes something and answers with nothing unless it is refused.
  func order(_ command: String) -> Flow<Void> {
    .ask(.socket(path: path, command: command)) { reply in
      switch reply.answer {
      case .text(let text):
        let lines = text.split(whereSeparator: \.isNewline)
        guard let complaint = lines.first else { return .value(()) }
        let help =
          complaint.contains("ermission denied") ? "; its socket must be of `level admin`" : ""
        return .failure(.refused("HAProxy at \(path) refuses `\(command)`: \(complaint)\(help)"))
      case .response, .exited, .executed, .message:
        return .failure(.refused("an HTTP response came for a socket command"))
      case .failure(.refused(let message)): return .failure(.refused(message))
      case .failure(.notSent(let message)): return .failure(.unreachable(message))
      case .failure(.lostAnswer(let message)): return .failure(.inDoubt(message))
      }
    }
  }

  /// The backend's servers.
  func servers() -> Flow<[HAProxyServer]> {
    ask("show servers state \(backend)").then { text in
      guard let servers = HAProxyServer.parse(text, backend: backend) else {
        let complaint = text.split(whereSeparator: \.isNewline).first ?? "no answer"
        return .failure(.refused("HAProxy at \(path), backend \(backend): \(complaint)"))
      }
      return .value(servers)
    }
  }
}
