// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What a run may do to the world and look at, by areas (`kube`) or single functions (`kube.scale`).
struct Grants: Equatable {
  /// Nil where everything is.
  var allowed: [String]?
  var denied: [String] = []

  /// Why a function of that name may not be called; nil where it may.
  func refusal(of native: String) -> String? {
    if let entry = denied.first(where: { covers($0, native) }) { return "--deny \(entry)" }
    guard let allowed, !allowed.contains(where: { covers($0, native) }) else { return nil }
    return "not among --allow \(allowed.joined(separator: " --allow "))"
  }

  private func covers(_ entry: String, _ native: String) -> Bool {
    native == entry || native.hasPrefix(entry + ".")
  }
}

struct GrantOptions: ParsableArguments {
  @Option(
    name: .customLong("allow"),
    help:
      "Grant only these: an area such as kube or http, or a function such as kube.scale. May be repeated."
  )
  var allowed: [String] = []

  @Option(name: .customLong("deny"), help: "Grant all but these. May be repeated.")
  var denied: [String] = []

  var grants: Grants { Grants(allowed: allowed.isEmpty ? nil : allowed, denied: denied) }
}
