// SPDX-License-Identifier: Apache-2.0

import DrSema
import Glibc

/// Modules from disk: the standard library beside the program, and files below a project's root.
package struct ProjectLoader: ModuleLoader {
  /// Absolute path of the folder that a program may read.
  package let root: String
  private let embedded: any StandardModules
  /// Folder with a standard library that replaces the embedded one; `nil` where there is none.
  private let libraryFolder: String?

  package init(root: String, embedded: any StandardModules, libraryFolder: String?) {
    self.root = root
    self.embedded = embedded
    self.libraryFolder = libraryFolder
  }

  /// Where a library on disk replaces the embedded one, its backends, rules and analysis count too, so
  /// that one can be added without building anything.
  package var standardModules: [String] {
    guard let libraryFolder else { return embedded.paths }
    let found = ["analysis", "emit", "lint"].flatMap { area in
      (OutputFolder.entries("\(libraryFolder)/\(area)") ?? [])
        .filter { $0.hasSuffix(".dr") && !$0.hasPrefix(".") }
        .map { "\(area)/\($0.dropLast(3))" }
    }
    return Set(embedded.paths).union(found).sorted()
  }

  package func standardModule(_ path: String) -> [UInt8]? {
    if let libraryFolder, case .success(let bytes) = readFile("\(libraryFolder)/\(path).dr") {
      return bytes
    }
    return embedded.module(path)
  }

  package func names(ofStandardModule path: String) -> Set<String>? {
    libraryFolder == nil ? embedded.names(ofModule: path) : nil
  }

  package func file(_ path: String) -> Result<[UInt8], LoadFailure> {
    let full = root == "/" ? "/\(path)" : "\(root)/\(path)"
    guard let real = realPath(full) else {
      return .failure(errno == ENOENT ? .notFound : .unreadable(String(cString: strerror(errno))))
    }
    // A link may point anywhere; what it points at must lie below the root too.
    let prefix = root == "/" ? "/" : root + "/"
    guard real.hasPrefix(prefix) else { return .failure(.outsideRoot) }
    return readFile(real)
  }
}

extension ProjectLoader {
  package func displayName(_ path: String) -> String {
    WorkingFolder.relative(root == "/" ? "/\(path)" : "\(root)/\(path)")
  }
}

/// The standard modules that come with the program.
package protocol StandardModules: Sendable {
  /// Sorted.
  var paths: [String] { get }
  func module(_ path: String) -> [UInt8]?
  /// All names by which other modules can come to what a module declares; `nil` where they are not listed.
  func names(ofModule path: String) -> Set<String>?
}

extension StandardModules {
  package func names(ofModule path: String) -> Set<String>? { nil }
}

/// The absolute path without links; `nil` with `errno` set when there is no such file.
package func realPath(_ path: String) -> String? {
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}

/// The absolute path: without links where there is such a file, else as written, seen from the folder that one stands in.
/// A file that is not there keeps its name, so that whoever needs it says that it is missing.
package func absolutePath(_ path: String) -> String {
  if let real = realPath(path) { return real }
  guard !path.hasPrefix("/"), let here = realPath(".") else { return path }
  return here == "/" ? "/\(path)" : "\(here)/\(path)"
}

/// All bytes of a file. A pipe or device is read only where it is named as one (`/dev/stdin`, or what a shell makes of
/// `<(…)`): any other would be waited for without end.
package func readFile(_ path: String) -> Result<[UInt8], LoadFailure> {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else {
    return .failure(errno == ENOENT ? .notFound : .unreadable(String(cString: strerror(errno))))
  }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else {
    return .failure(.unreadable(String(cString: strerror(errno))))
  }
  switch status.st_mode & S_IFMT {
  case S_IFREG: break
  case S_IFDIR: return .failure(.unreadable("it is a folder"))
  default:  // open: pipes, sockets and devices
    guard path.hasPrefix("/dev/") else {
      return .failure(.unreadable("it is a pipe or device"))
    }
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
  }
  return readAll(descriptor, sizeHint: min(Int(status.st_size), largestFile))
}

/// Bytes; more than any source file or manifest may have, so that `/dev/zero` ends too.
private let largestFile = 256 << 20

/// Everything from a descriptor to its end.
package func readAll(_ descriptor: Int32, sizeHint: Int = 0) -> Result<[UInt8], LoadFailure> {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(sizeHint)
  // A small file is read at once, into little memory: pages that are touched cost more than reading.
  var buffer = [UInt8](repeating: 0, count: sizeHint > 0 ? min(1 << 16, sizeHint + 1) : 1 << 16)
  while true {
    let count = read(descriptor, &buffer, buffer.count)
    if count == 0 { return .success(bytes) }
    if count < 0 {
      if errno == EINTR { continue }
      return .failure(.unreadable(String(cString: strerror(errno))))
    }
    bytes += buffer[..<count]
    guard bytes.count <= largestFile else {
      return .failure(.unreadable("it has more than 256 MiB"))
    }
  }
}
