// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What `dr test` tells of the lines that tests reach.
struct CoverageOptions: ParsableArguments {
  @Flag(help: "Tell which lines of the programs the tests reach.")
  var coverage = false

  @Option(help: "Write the lines that tests reach into this file, as lcov does.")
  var lcov: String?

  @Option(help: "With --coverage: exit with 1 where tests reach less of the lines: --min 80%.")
  var min: Share?

  var isAsked: Bool { coverage || lcov != nil || min != nil }

  /// A share of a whole: `80%`, `99.5%`, `80`.
  struct Share: ExpressibleByArgument {
    /// Hundredths of a percent.
    let basisPoints: Int
    let text: String

    init?(argument: String) {
      let number = argument.hasSuffix("%") ? String(argument.dropLast()) : argument
      let parts = number.split(separator: ".", omittingEmptySubsequences: false)
      guard (1...2).contains(parts.count), let whole = Int(parts[0]), (0...100).contains(whole),
        number.allSatisfy({ $0.isNumber || $0 == "." })
      else { return nil }
      var points = whole * 100
      if parts.count == 2 {
        let digits = parts[1]
        guard (1...2).contains(digits.count), let rest = Int(digits) else { return nil }
        points += digits.count == 1 ? rest * 10 : rest
      }
      guard points <= 10_000 else { return nil }
      basisPoints = points
      text = number + "%"
    }
  }
}
