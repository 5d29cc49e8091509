// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrEmit
import DrSchema

/// What manifests are compiled for.
struct TargetOptions: ParsableArguments {
  @Option(
    help: "The version of Kubernetes: kubernetes=1.26. Default: that of the program's clusters.")
  var target: String?

  /// The version that was named; `nil` where none was.
  func version() throws(Diagnostic) -> KubernetesVersion? {
    guard let target else { return nil }
    let parts = target.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, parts[0] == "kubernetes" else {
      throw Diagnostic(
        .unsupportedTarget, "\"\(target)\" is no target", help: "write --target kubernetes=1.26")
    }
    return try Compiler.version(parts[1], at: nil)
  }
}
