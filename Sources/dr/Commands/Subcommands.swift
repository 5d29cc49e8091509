// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

extension Dr {
  /// In the order of `dr --help`.
  static var subcommands: [any ParsableCommand.Type] {
    [
      Check.self, Lint.self, Format.self, Eval.self, Repl.self, Compile.self, Import.self,
      GraphCommand.self, Test.self, Simulate.self, Prove.self,
    ] + worldCommands + [Explain.self, Doc.self]
  }

  #if DR_OFFLINE
    private static var worldCommands: [any ParsableCommand.Type] { [] }
  #else
    /// Those that talk to clusters.
    private static var worldCommands: [any ParsableCommand.Type] {
      [
        Diff.self, Apply.self, Drill.self, Plan.self, Run.self, Watch.self, Resume.self,
        Approve.self,
        Runs.self,
      ]
    }
  #endif
}
