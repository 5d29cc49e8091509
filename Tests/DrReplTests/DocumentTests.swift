// SPDX-License-Identifier: Apache-2.0

import DrRepl
import Foundation
import Testing

/// The sessions of `docs/repl.md`: the lines after a prompt are typed, those after `...` go on with
/// the line before, `yes` answers a question, and the others are what the session says. Of a
/// diagnostic only the first line is shown.
@Suite("The sessions of docs/repl.md")
struct DocumentTests {
  static let path = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/repl.md")

  @Test("go as they are written")
  func sessions() throws {
    let text = try String(contentsOf: Self.path, encoding: .utf8)
    let parts = text.components(separatedBy: "```repl\n")
    #expect(parts.count > 5)
    var written = parts[0]
    for part in parts.dropFirst() {
      let (session, rest) = try split(part)
      written += "```repl\n" + run(session) + "```" + rest
    }
    if ProcessInfo.processInfo.environment["DR_BLESS"] == "1" {
      try Data(written.utf8).write(to: Self.path)
    }
    #expect(written == text, "DR_BLESS=1 swift test rewrites docs/repl.md")
  }

  private func split(_ part: String) throws -> (session: String, rest: String) {
    let end = try #require(part.range(of: "\n```"))
    return (String(part[..<end.lowerBound]), String(part[end.upperBound...]))
  }

  /// The session anew, with what is said now.
  private func run(_ text: String) -> String {
    let talk = Talk()
    talk.host.files["web.dr"] = twoZones
    var inputs: [(text: String, isConfirmed: Bool)] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("dr"), let prompt = line.firstRange(of: "> ") {
        inputs.append((String(line[prompt.upperBound...]), false))
      } else if line.hasPrefix("... "), !inputs.isEmpty {
        inputs[inputs.count - 1].text += "\n" + line.dropFirst(4)
      } else if line == "yes", !inputs.isEmpty {
        inputs[inputs.count - 1].isConfirmed = true
      }
    }
    var written = ""
    for input in inputs {
      written += talk.session.prompt + input.text.replacing("\n", with: "\n... ") + "\n"
      written += said(talk, input.text, input.isConfirmed)
    }
    return written
  }

  private func said(_ talk: Talk, _ text: String, _ isConfirmed: Bool) -> String {
    var request = talk.session.submit(text)
    var said = ""
    while true {
      for output in talk.session.takeOutputs() {
        switch output {
        case .result(let text), .note(let text): said += text + "\n"
        case .error(let text): said += text.prefix { $0 != "\n" } + "\n"
        }
      }
      switch request {
      case .confirmation(let question):
        said += question + "\n" + (isConfirmed ? "yes\n" : "no\n")
        request = talk.session.confirm(isConfirmed)
      case .call(let call, _):
        request = talk.session.answer(.failure(.unreachable("\(call.name) finds nobody")))
      case .input, .end: return said
      }
    }
  }
}
