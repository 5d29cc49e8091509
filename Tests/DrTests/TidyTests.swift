// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The repository, seen from this file.
let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path

/// How many seconds a test waits for what should come at once: on a machine that has much else to do, that may be minutes.
let patience = 600.0

/// What a command wrote and how it ended.
struct Outcome {
  let status: Int32
  let output: String
  let errors: String
}

/// Runs a program to its end.
func run(
  _ program: String, _ arguments: [String], environment: [String: String] = [:],
  in folder: String = root
)
  throws -> Outcome
{
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  process.currentDirectoryURL = URL(fileURLWithPath: folder)
  var variables = ProcessInfo.processInfo.environment
  variables["KUBECONFIG"] = nil
  variables["HOME"] = FileManager.default.temporaryDirectory.path
  for (name, value) in environment { variables[name] = value }
  process.environment = variables
  let output = Pipe()
  let errors = Pipe()
  process.standardOutput = output
  process.standardError = errors
  process.standardInput = FileHandle.nullDevice
  try process.run()
  let written = output.fileHandleForReading.readDataToEndOfFile()
  let complaints = errors.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return Outcome(
    status: process.terminationStatus, output: String(decoding: written, as: UTF8.self),
    errors: String(decoding: complaints, as: UTF8.self))
}

/// The program under test: `$DR_BINARY`, or the one that the package built.
let dr: String =
  ProcessInfo.processInfo.environment["DR_BINARY"] ?? "\(root)/.build/debug/dr"
let drdev = "\(root)/.build/debug/drdev"

@Suite("Our own sources")
struct TidyTests {
  @Test("keep the rules that no compiler checks")
  func tidy() throws {
    let outcome = try run(drdev, ["tidy"])
    #expect(outcome.output == "")
    #expect(outcome.status == 0)
  }
}
