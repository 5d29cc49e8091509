// SPDX-License-Identifier: Apache-2.0

import DrActions
import Foundation
import Testing

struct PermissionTests {
  /// What any account may do: asking whether the server is ready, and about itself.
  private let free: Set<String> = ["kube.reachable", "kube.allowed"]
  /// Granted with the `lock` statement, and what no API server is asked for.
  private let areas = ["kube.", "gslb.", "route."]

  @Test("stdlib/rights.dr says what each action needs of the API server")
  func table() throws {
    let root = URL(filePath: #filePath).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "stdlib/rights.dr"), encoding: .utf8)
    let named = Set(
      text.split(separator: "\n").compactMap { line -> String? in
        let line = line.drop { $0 == " " }
        guard line.hasPrefix("\""), let end = line.dropFirst().firstIndex(of: "\"") else {
          return nil
        }
        return String(line[line.index(after: line.startIndex)..<end])
      }.filter { name in areas.contains(where: name.hasPrefix) })
    let wanted = Set(
      Drivers.names.filter { name in
        areas.contains(where: name.hasPrefix) && !free.contains(name)
      })
    #expect(named == wanted)
    #expect(wanted.count >= 14)
  }
}
