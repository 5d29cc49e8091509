// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrFormat
import DrRun
import DrSystem

/// A plan in a file, to be run only while it still holds: the same program, the same arguments, and
/// a world in which the same would be done.
struct SavedPlan {
  private static let format = "dr-plan/1"

  let launch: Launch
  let programDigest: String
  /// Of the `dr` that made it: another one may say the same in other words.
  let version: String
  let plan: Document
  let lines: [String]

  init(_ launch: Launch, programDigest: String, _ plan: DrRun.Plan) {
    self.launch = launch
    self.programDigest = programDigest
    version = Version.text
    self.plan = plan.document
    lines = plan.lines
  }

  /// Throws what is wrong with the file.
  init(reading path: String) throws {
    let bytes: [UInt8]
    switch readFile(path) {
    case .success(let read): bytes = read
    case .failure(let failure):
      throw ValidationError("the plan \(path) cannot be read: \(failure.reason)")
    }
    let document: Document
    do throws(DataError) {
      document = try JSON.parse(bytes)
    } catch {
      throw ValidationError(
        "\(path) is no plan, or only a part of one: \(error.message), at line \(error.line), "
          + "column \(error.column); plan again")
    }
    let format = document["format"]?.stringValue
    if let format, format != Self.format, format.hasPrefix("dr-plan/") {
      throw ValidationError(
        "\(path) is of the format \(format.prefix(40)), which this dr does not read; plan again with it"
      )
    }
    guard format == Self.format, let launch = document["launch"].flatMap(Launch.init),
      let programDigest = document["program"]?.stringValue, let plan = document["plan"],
      let version = document["version"]?.stringValue, let lines = document["lines"]?.arrayValue
    else { throw ValidationError("\(path) is no plan that `dr plan -o` wrote") }
    self.launch = launch
    self.programDigest = programDigest
    self.version = version
    self.plan = plan
    self.lines = lines.compactMap(\.stringValue)
  }

  /// Why it ends before the runbook does; `nil` where it is whole.
  var incomplete: String? { plan["incomplete"]?.stringValue }

  func write(to path: String) throws(FileFailure) {
    let document: Document = [
      "format": .string(Self.format), "version": .string(version), "launch": launch.document,
      "program": .string(programDigest), "plan": plan,
      "lines": .array(lines.map(Document.string)),
    ]
    try AtomicFile.write(Array((JSON.write(document, pretty: true) + "\n").utf8), to: path)
  }

  /// Why it does not hold any more, with what has changed; `nil` where it still does.
  func difference(from now: SavedPlan) -> String? {
    guard version == now.version else {
      return "it was planned by dr \(version), and this is dr \(now.version)\n"
    }
    guard programDigest == now.programDigest else {
      return "the program has changed since it was planned\n"
    }
    if let (was, here) = launch.moved(to: now.launch.places) {
      return "it was planned for another cluster\n  planned: \(was.text)\n  now:     \(here.text)\n"
    }
    guard plan != now.plan else { return nil }
    let changes = unifiedDiff(
      old: lines.map { $0 + "\n" }.joined(), new: now.lines.map { $0 + "\n" }.joined(),
      name: "plan")
    return "the world has changed since it was planned\n\(changes)"
  }
}
