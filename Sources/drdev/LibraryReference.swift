// SPDX-License-Identifier: Apache-2.0

import DrDoc
import DrSema
import Foundation

/// `docs/stdlib.md`, from the files of `stdlib` as they are now.
enum LibraryReference {
  private struct Loader: ModuleLoader {
    let standardModules: [String]
    let root: String
    func standardModule(_ path: String) -> [UInt8]? {
      FileManager.default.contents(atPath: "\(root)/stdlib/\(path).dr").map(Array.init)
    }
    func file(_ path: String) -> Result<[UInt8], LoadFailure> { .failure(.notFound) }
  }

  static func page(root: String) throws -> String {
    let loader = Loader(standardModules: try Generate.modules(root: root), root: root)
    let reference = Reference(library: loader, title: "The standard library")
    return MarkdownReference(reference).page(
      note: """
        Written by `swift run drdev generate` from the doc comments of [stdlib](../stdlib). `dr doc NAME` shows the same of one \
        name, and `dr doc --stdlib --html FILE` writes it as a page with search.
        """)
  }
}
