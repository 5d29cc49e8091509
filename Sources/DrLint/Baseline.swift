// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

/// The findings that a project had when it began to use `dr lint`, so that only new ones are told. Kept
/// as JSON, sorted, so that it reads well in a review.
package struct Baseline: Sendable {
  private struct Entry {
    let fingerprint: String
    let rule: String
    let file: String
    let message: String
  }

  private let entries: [Entry]
  private let fingerprints: Set<String>

  package init(_ findings: [LintFinding]) {
    entries = findings.map {
      Entry(
        fingerprint: $0.fingerprint, rule: $0.diagnostic.shownCode, file: $0.file,
        message: $0.diagnostic.message)
    }
    .sorted { ($0.file, $0.rule, $0.fingerprint) < ($1.file, $1.rule, $1.fingerprint) }
    fingerprints = Set(entries.map(\.fingerprint))
  }

  /// Reads what `text` writes.
  package init(_ bytes: [UInt8]) throws(DataError) {
    let document = try JSON.parse(bytes)
    guard document["version"]?.intValue == 1, let findings = document["findings"]?.arrayValue else {
      throw DataError(
        message: "this is no baseline of `dr lint`: write it with --write-baseline", line: 1,
        column: 1)
    }
    entries = findings.compactMap { finding in
      finding["fingerprint"]?.stringValue.map {
        Entry(
          fingerprint: $0, rule: finding["rule"]?.stringValue ?? "",
          file: finding["file"]?.stringValue ?? "", message: finding["message"]?.stringValue ?? "")
      }
    }
    fingerprints = Set(entries.map(\.fingerprint))
  }

  /// Whether a finding was there already.
  package func holds(_ finding: LintFinding) -> Bool { holds(finding.fingerprint) }

  /// The same of its fingerprint.
  package func holds(_ fingerprint: String) -> Bool { fingerprints.contains(fingerprint) }

  /// How many of its findings are none any more.
  package func gone(in findings: [LintFinding]) -> Int {
    let found = Set(findings.map(\.fingerprint))
    return fingerprints.count { !found.contains($0) }
  }

  package var count: Int { entries.count }

  package var text: String {
    let findings = entries.map { entry -> Document in
      [
        "rule": .string(entry.rule), "file": .string(entry.file),
        "message": .string(entry.message), "fingerprint": .string(entry.fingerprint),
      ]
    }
    let document: Document = ["version": 1, "findings": .array(findings)]
    return JSON.write(document, pretty: true) + "\n"
  }
}
