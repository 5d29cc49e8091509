// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import drdev

/// What is proved contains what is simulated, whatever the topology, the policies, the loss and the
/// chance. With `DR_PROVE_CASES=10000` as many losses are tried; `DR_PROVE_SEED` begins elsewhere.
/// `drdev prove-cases` does the same in a release build.
@Suite("what is proved contains what is simulated")
struct RandomProofTests {
  @Test("of random topologies, policies and losses")
  func contains() throws {
    let environment = ProcessInfo.processInfo.environment
    var cases = ProveCases(seed: environment["DR_PROVE_SEED"].flatMap(UInt64.init) ?? 1)
    try cases.run(environment["DR_PROVE_CASES"].flatMap(Int.init) ?? 200)
    print(cases.summary)
    for complaint in cases.complaints { Issue.record("\(complaint)") }
    // A proof that knows nothing would contain everything.
    #expect((cases.tally["unknown"] ?? 0) * 4 < cases.tried)
  }

  private static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  private static let folder = root.appending(path: "Tests/Golden/prove-cases").path
  private static let programs =
    (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? []

  @Test("of what simulations once showed outside of its proof", arguments: programs)
  func regression(_ name: String) throws {
    let text = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
    var cases = ProveCases(seed: 1)
    #expect(try cases.replay(text, seeds: 1), "it names losses that it does not have")
    for complaint in cases.complaints { Issue.record("\(complaint)") }
  }
}
