// SPDX-License-Identifier: Apache-2.0
//
// DrStdlib: the standard modules that are embedded in the program.

import CStdlib

package enum StandardLibrary {
  /// Paths of all embedded modules, sorted: `core`, `emit/deployment`.
  package static let modules: [String] = (0..<dr_stdlib_count()).map { index in
    String(cString: dr_stdlib_modules()[index].path)
  }

  /// The text of a module; `nil` when there is none of that path.
  package static func module(_ path: String) -> [UInt8]? {
    guard let index = modules.firstIndex(of: path) else { return nil }
    let module = dr_stdlib_modules()[index]
    return Array(UnsafeBufferPointer(start: module.bytes, count: module.count))
  }

  /// All names by which other modules can come to what a module declares; `nil` where they are not listed.
  package static func names(ofModule path: String) -> Set<String>? {
    guard let index = modules.firstIndex(of: path), let names = dr_stdlib_modules()[index].names
    else { return nil }
    return Set(String(cString: names).split(separator: " ").map(String.init))
  }
}
