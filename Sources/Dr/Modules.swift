// SPDX-License-Identifier: Apache-2.0

import DrSema
import DrStdlib
import DrSystem

/// Where the files come from that a program names in `use "./file.dr"`.
///
/// A path is given from the root of the program, with `/` between its parts and without `.` and `..`;
/// a program cannot name anything above the root. What a loader gives for one path must not change
/// while a program is loaded.
public protocol FileLoader: Sendable {
  /// The UTF-8 text of a file.
  func file(at path: String) throws(LoadError) -> [UInt8]
}

/// Why a loader has no file for a program.
public enum LoadError: Error, Sendable, Hashable {
  /// There is no such file.
  case notFound
  /// A link leads to a place that the program may not read.
  case outsideRoot
  /// In a few words, such as "permission denied".
  case unreadable(String)
}

/// For programs that may use no files at all.
public struct NoFiles: FileLoader {
  /// A loader without files.
  public init() {}

  /// Throws ``LoadError/notFound``.
  public func file(at path: String) throws(LoadError) -> [UInt8] { throw .notFound }
}

/// Files that are held in memory, by their paths from the program's root.
public struct MemoryFiles: FileLoader, ExpressibleByDictionaryLiteral {
  /// The text of each file.
  public var files: [String: String]

  /// Files by their paths.
  public init(_ files: [String: String]) { self.files = files }

  /// Of two files of one path, the last.
  public init(dictionaryLiteral elements: (String, String)...) {
    files = Dictionary(elements) { _, last in last }
  }

  /// The text of that path.
  public func file(at path: String) throws(LoadError) -> [UInt8] {
    guard let text = files[path] else { throw .notFound }
    return Array(text.utf8)
  }
}

/// The files below one folder. Links that lead out of it are refused.
public struct FolderFiles: FileLoader {
  /// The folder, as it was given.
  public let root: String

  /// The files below a folder.
  public init(root: String) { self.root = root }

  /// The text of the file at that path from the folder.
  public func file(at path: String) throws(LoadError) -> [UInt8] {
    guard let root = realPath(root) else { throw .unreadable("there is no folder \(root)") }
    let loader = ProjectLoader(root: root, embedded: EmbeddedModules(), libraryFolder: nil)
    switch loader.file(path) {
    case .success(let bytes): return bytes
    case .failure(.notFound): throw .notFound
    case .failure(.outsideRoot): throw .outsideRoot
    case .failure(.unreadable(let reason)): throw .unreadable(reason)
    }
  }
}

struct EmbeddedModules: StandardModules {
  var paths: [String] { StandardLibrary.modules }
  func module(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
}

/// What the checker asks for modules: the host's own first, then the standard library.
struct EngineModules: ModuleLoader {
  let files: any FileLoader
  let modules: [String: String]

  var standardModules: [String] {
    (StandardLibrary.modules + modules.keys.filter { !StandardLibrary.modules.contains($0) })
      .sorted()
  }

  func standardModule(_ path: String) -> [UInt8]? {
    modules[path].map { Array($0.utf8) } ?? StandardLibrary.module(path)
  }

  func displayName(ofStandardModule path: String) -> String {
    modules[path] == nil ? "stdlib/\(path).dr" : "<\(path)>"
  }

  func file(_ path: String) -> Result<[UInt8], LoadFailure> {
    do throws(LoadError) {
      return .success(try files.file(at: path))
    } catch {
      switch error {
      case .notFound: return .failure(.notFound)
      case .outsideRoot: return .failure(.outsideRoot)
      case .unreadable(let reason): return .failure(.unreadable(reason))
      }
    }
  }
}
