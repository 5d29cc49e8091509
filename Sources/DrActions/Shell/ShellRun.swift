// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Runs a program on the machine that runs the runbook. Its arguments are passed as they are: no
/// shell reads them.
///
/// Nobody can tell whether a program did what it was for when its end was not seen, so it runs at
/// most once; a person decides.
struct ShellRun: Act {
  static let name = "shell.run"
  /// Of each stream, kept in the journal.
  private static let outputMax = 64 << 10
  private let command: [String]
  private let status: Int64
  private let timeout: Int64
  private let environment: [HTTPRequest.Header]

  init(_ arguments: Arguments) throws(WorldFailure) {
    command = try arguments.command("command")
    status = try arguments.int("status", atLeast: 0)
    timeout = try arguments.int("timeout", atLeast: 1)
    environment =
      [.init("DR_KEY", arguments.call.key)]
      + (arguments.fence.map { [.init("DR_FENCE", $0)] } ?? [])
  }

  private var text: String { CommandText.quoted(command) }

  func observe() -> Flow<Observation> {
    .value(
      Observation(
        target: "this machine", changes: ["runs \(text)"], permissions: [], state: .null,
        result: ["status": .int(status), "output": "", "errors": ""]))
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    let request = ProcessRequest(
      command: command, environment: environment, timeoutNanoseconds: timeout)
    return .ask(.process(request)) { reply in
      switch reply.answer {
      case .exited(let status, let output, let errors):
        guard status == Int(self.status) else {
          let said = Self.text(errors).split(whereSeparator: \.isNewline).last
          return .failure(
            .refused(
              "\(text) ends with \(status), not \(self.status)"
                + (said.map { ": \($0.prefix(200))" } ?? "")))
        }
        return .value([
          "status": .int(Int64(status)), "output": .string(Self.text(output)),
          "errors": .string(Self.text(errors)),
        ])
      case .failure(.notSent(let message)), .failure(.refused(let message)):
        return .failure(.refused(message))
      case .failure(.lostAnswer(let message)): return .failure(.inDoubt(message))
      case .response, .text, .executed, .message:
        return .failure(.refused("what came is no end of a program"))
      }
    }
  }

  private static func text(_ bytes: [UInt8]) -> String {
    SecretText.mask(String(decoding: bytes.prefix(outputMax), as: UTF8.self))
  }

  func settle(_ observed: Observation) -> Flow<Settlement> { .value(.unknown) }
}
