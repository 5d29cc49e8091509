// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What a run may do to the world and look at, by areas (`kube`) or single functions (`kube.scale`).
struct Grants: Equatable {
  /// Nil where everything is but what must be named.
  var allowed: [String]?
  var denied: [String] = []

  /// Areas that a run is not granted unless it is given them by name.
  private static let offByDefault = ["shell"]

  /// Why a function of that name may not be called; nil where it may.
  func refusal(of native: String) -> String? {
    if let entry = denied.first(where: { covers($0, native) }) { return "--deny \(entry)" }
    let allowed = allowed ?? []
    if allowed.contains(where: { covers($0, native) }) { return nil }
    if let area = Self.offByDefault.first(where: { covers($0, native) }) {
      return "off unless given --allow \(area)"
    }
    // Allowing what is off by default takes nothing else away.
    let others = allowed.filter { entry in !Self.offByDefault.contains { covers($0, entry) } }
    return others.isEmpty ? nil : "not among --allow \(others.joined(separator: " --allow "))"
  }

  private func covers(_ entry: String, _ native: String) -> Bool {
    native == entry || native.hasPrefix(entry + ".")
  }
}

struct GrantOptions: ParsableArguments {
  @Option(
    name: .customLong("allow"),
    help:
      "Grant only these: an area such as kube or http, or a function such as kube.scale. shell, which is off otherwise, is granted in addition. May be repeated."
  )
  var allowed: [String] = []

  @Option(name: .customLong("deny"), help: "Grant all but these. May be repeated.")
  var denied: [String] = []

  var grants: Grants { Grants(allowed: allowed.isEmpty ? nil : allowed, denied: denied) }
}
