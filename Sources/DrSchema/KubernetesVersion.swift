// SPDX-License-Identifier: Apache-2.0

/// A minor version of Kubernetes that manifests are written for.
package struct KubernetesVersion: Hashable, Sendable, Comparable {
  /// 26 of 1.26.
  package let minor: Int

  /// What `dr` knows the API versions and fields of.
  package static let known = KubernetesVersion(minor: 20)...KubernetesVersion(minor: 37)

  package init(minor: Int) { self.minor = minor }

  /// From `1.26`, `v1.26` or `1.26.3`; `nil` for anything else.
  package init?(_ text: String) {
    let digits = text.hasPrefix("v") ? text.dropFirst() : Substring(text)
    let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), parts[0] == "1",
      parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
      let minor = Int(parts[1])
    else { return nil }
    self.minor = minor
  }

  /// As people write it: `1.26`.
  package var text: String { "1.\(minor)" }

  package static func < (a: KubernetesVersion, b: KubernetesVersion) -> Bool { a.minor < b.minor }
}
