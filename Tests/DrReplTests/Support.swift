// SPDX-License-Identifier: Apache-2.0

import DrRepl
import DrRun
import DrSema
import DrStdlib

/// The embedded standard library and files in memory.
struct MemoryLoader: ModuleLoader {
  var files: [String: String] = [:]

  var standardModules: [String] { StandardLibrary.modules }
  func standardModule(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
  func file(_ path: String) -> Result<[UInt8], LoadFailure> {
    files[path].map { .success(Array($0.utf8)) } ?? .failure(.notFound)
  }
}

final class TestHost: SessionHost {
  var files: [String: String] = [:]
  /// How often `isInterrupted` says no before it says yes.
  var patience = Int.max
  var realWorldProblem: String?

  var loader: any ModuleLoader { MemoryLoader(files: files) }

  func load(_ path: String) throws(UnreadableFile) -> LoadedFile {
    guard let text = files[path] else { throw UnreadableFile("there is no file \(path)") }
    return LoadedFile(display: path, path: path, bytes: Array(text.utf8), loader: loader)
  }

  func isInterrupted() -> Bool {
    patience -= 1
    return patience < 0
  }

  func attachRealWorld() -> String? { realWorldProblem }
}

/// A conversation: what each input makes the session say, results as they are, notes in `()`,
/// errors in `!`.
struct Talk {
  let host = TestHost()
  let session: Session
  var answers: [Bool] = []

  init(_ program: String? = nil) {
    if let program { host.files["main.dr"] = program }
    session = Session(host: host)
    if program != nil {
      session.load("main.dr")
      _ = session.takeOutputs()
    }
  }

  @discardableResult
  func say(_ text: String, confirm: Bool = false) -> String {
    var request = session.submit(text)
    var lines: [String] = []
    while true {
      lines += session.takeOutputs().map { output in
        switch output {
        case .result(let text): text
        case .note(let text): "(\(text))"
        case .error(let text): "!\(text)"
        }
      }
      switch request {
      case .confirmation(let question):
        lines.append("?\(question)")
        request = session.confirm(confirm)
      case .call(let call, _):
        request = session.answer(.failure(.unreachable("\(call.name) finds nobody")))
      case .input: return lines.joined(separator: "\n")
      case .end: return (lines + ["(end)"]).joined(separator: "\n")
      }
    }
  }
}

/// Two zones and a service.
let twoZones = """
  use kubernetes, inference, traffic

  cluster main "main-cluster" {
    kubernetes = "1.30"
    control_plane { managed = true }
    region north {
      zone az1 { nodes gpu { count = 2, cpu = 16, memory = 64Gi, gpu = 1 } }
      zone az2 { nodes gpu { count = 2, cpu = 16, memory = 64Gi, gpu = 1 } }
    }
  }

  ## Generates answers.
  service web {
    on       = main
    image    = "registry.example/web:v1"
    needs { cpu = 4, memory = 16Gi, gpu = 1 }
    spread { over = [az1, az2] }
    probe ready { get = "/readyz" }
    objective { rto = 5m, rpo = 0s, availability = 99.9%, at_least = 1 }
  }

  """
