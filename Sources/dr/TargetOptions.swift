// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrEmit
import DrSchema

/// What manifests are compiled for.
struct TargetOptions: ParsableArguments {
  @Option(
    name: .customLong("target"),
    help: """
      The version of Kubernetes, kubernetes=1.26; default: that of the program's clusters. Or a word that begins \
      blocks, such as operator: what these give, and nothing else. May be repeated.
      """)
  var targets: [String] = []

  static var plain: TargetOptions {
    var options = TargetOptions()
    options.targets = []
    return options
  }

  /// The version that was named; `nil` where none was.
  func version() throws(Diagnostic) -> KubernetesVersion? {
    var version: KubernetesVersion?
    for target in targets where target.contains("=") {
      let parts = target.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, parts[0] == "kubernetes" else {
        throw Diagnostic(
          .unsupportedTarget, "\"\(target)\" is no target", help: "write --target kubernetes=1.26")
      }
      version = try Compiler.version(parts[1], at: nil)
    }
    return version
  }

  /// The kind of blocks that was named; `nil` where all are compiled.
  var kind: String? { targets.last { !$0.contains("=") } }
}
