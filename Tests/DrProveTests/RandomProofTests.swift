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
    #expect((cases.tally["unknown"] ?? 0) * 5 < cases.tried)
  }
}
