// SPDX-License-Identifier: Apache-2.0

import DrData

/// One life of a run: who begins it or goes on with it, where, and with what.
package struct Life: Sendable, Equatable {
  /// A person, or the policy that started the run.
  package let by: String
  /// Name of the machine.
  package let machine: String
  /// Version of the tool.
  package let version: String
  /// Path of the program on that machine.
  package let file: String
  /// Where the program's clusters are, and as whom they are asked.
  package let clusters: [ClusterPlace]

  package init(
    by: String, machine: String, version: String, file: String, clusters: [ClusterPlace]
  ) {
    self.by = by
    self.machine = machine
    self.version = version
    self.file = file
    self.clusters = clusters
  }

  /// `alice on host1`
  package var who: String { "\(by) on \(machine)" }

  package var members: DocumentObject {
    DocumentObject([
      ("by", .string(by)), ("machine", .string(machine)), ("dr", .string(version)),
      ("file", .string(file)), ("clusters", .array(clusters.map(\.document))),
    ])
  }
}
