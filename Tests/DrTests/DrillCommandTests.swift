// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A build without the network has no drills.
private var canDrill: Bool {
  (try? run(dr, ["--help"]).output.contains("drill")) ?? false
}

@Suite("dr drill", .enabled(if: canDrill))
struct DrillCommandTests {
  private static let kubeconfig = """
    apiVersion: v1
    kind: Config
    clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
    users: [{name: u, user: {token: x}}]
    contexts: [{name: c, context: {cluster: c, user: u}}]
    current-context: c
    """

  @Test(
    "a real drill that cannot begin says why and breaks nothing",
    arguments: [
      (["--set", "front_door=haproxy", "--injector", "/bin/true"], 2, "--load-url http://…"),
      (["--load-url", "http://127.0.0.1:1"], 1, "--injector PROGRAM"),
      (["--load-url", "http://127.0.0.1:1", "--mend"], 1, "--injector PROGRAM"),
    ])
  func refused(_ flags: [String], _ status: Int, _ words: String) throws {
    try inFolder { folder in
      let text = try String(
        contentsOfFile: "\(root)/examples/deepseek-cross-az/deepseek.dr", encoding: .utf8)
      // Chaos Mesh has no object for it.
      try text.replacingOccurrences(
        of: "chaos.zone_outage(az1)", with: "look_bad(deepseek, in: az1)"
      ).write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      try Self.kubeconfig.write(toFile: "\(folder)/config", atomically: true, encoding: .utf8)
      let outcome = try run(
        dr,
        [
          "drill", "\(folder)/a.dr", "az1_goes_dark", "--world", "real", "--anyway",
          "--kubeconfig", "\(folder)/config",
        ] + flags, environment: ["DR_STATE": "\(folder)/state"])
      #expect(Int(outcome.status) == status, "\(outcome.output)")
      #expect("\(outcome)".contains(words), "\(outcome)")
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/state/open-drill.json"))
    }
  }
}
