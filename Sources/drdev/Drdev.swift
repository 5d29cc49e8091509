// SPDX-License-Identifier: Apache-2.0
//
// drdev: tools for those who work on `dr`; never shipped.

import Foundation

@main
struct Drdev {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    switch arguments.first {
    case "generate":
      try Generate.run(root: FileManager.default.currentDirectoryPath, write: true)
    case "tidy":
      let findings = try Tidy.findings(root: FileManager.default.currentDirectoryPath)
      for finding in findings { print(finding) }
      if !findings.isEmpty { exit(1) }
    default:  // open: any other word is wrong usage
      print("usage: drdev generate | tidy")
      exit(2)
    }
  }
}
