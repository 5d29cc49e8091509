// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An open file, closed exactly once.
package struct FileDescriptor: ~Copyable {
  package let rawValue: CInt
  package let path: String

  /// `flags` always with O_CLOEXEC.
  package static func open(
    _ path: String, _ flags: CInt, mode: mode_t = 0o600
  ) throws(FileFailure) -> FileDescriptor {
    let descriptor = retrying { Glibc.open(path, flags | O_CLOEXEC, mode) }
    guard descriptor >= 0 else {
      throw FileFailure(path, flags & O_CREAT == 0 ? "open" : "create", code: errno)
    }
    return FileDescriptor(rawValue: descriptor, path: path)
  }

  deinit { close(rawValue) }

  /// Writes all of it at the file's position.
  package func write(_ bytes: [UInt8]) throws(FileFailure) {
    var failure: CInt = 0
    bytes.withUnsafeBytes { buffer in
      var offset = 0
      while offset < buffer.count {
        let count = Glibc.write(
          rawValue, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
        if count > 0 {
          offset += count
        } else if count < 0, errno == EINTR {
          continue
        } else {
          failure = count == 0 ? EIO : errno
          return
        }
      }
    }
    if failure != 0 { throw FileFailure(path, "write", code: failure) }
  }

  /// The rest of the file from its position, up to a limit.
  package func readAll(limit: Int) throws(FileFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    var info = stat()
    if fstat(rawValue, &info) == 0 { bytes.reserveCapacity(min(limit, Int(info.st_size))) }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes { read(rawValue, $0.baseAddress, $0.count) }
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileFailure(path, "read", code: errno)
      }
      guard bytes.count + count <= limit else {
        throw FileFailure(path, "read", reason: "it is larger than \(limit) bytes")
      }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  /// Makes contents durable. A failure must not be tried again: the kernel may have dropped them.
  package func synchronize(dataOnly: Bool) throws(FileFailure) {
    let result = retrying { dataOnly ? fdatasync(rawValue) : fsync(rawValue) }
    if result != 0 { throw FileFailure(path, "write", code: errno) }
  }

  /// Makes the names in a directory durable.
  package static func synchronizeDirectory(_ path: String) throws(FileFailure) {
    let directory = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
    try directory.synchronize(dataOnly: false)
  }

  private static func retrying(_ body: () -> CInt) -> CInt {
    while true {
      let result = body()
      if result >= 0 || errno != EINTR { return result }
    }
  }

  private func retrying(_ body: () -> CInt) -> CInt { Self.retrying(body) }
}

/// A path's folder: `.` for a bare name.
package func directory(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// Bytes of a small file, such as a key or a configuration.
package func readSmallFile(
  _ path: String, limit: Int = 16 << 20
) throws(FileFailure) -> [UInt8] {
  let file = try FileDescriptor.open(path, O_RDONLY)
  return try file.readAll(limit: limit)
}

/// Makes a directory and those above it; names are durable.
package func makeDirectories(_ path: String, mode: UInt32 = 0o700) throws(FileFailure) {
  var info = stat()
  if stat(path, &info) == 0 {
    guard info.st_mode & S_IFMT == S_IFDIR else {
      throw FileFailure(path, "create", code: ENOTDIR)
    }
    return
  }
  let parent = directory(of: path)
  if parent != path { try makeDirectories(parent, mode: mode) }
  guard mkdir(path, mode_t(mode)) == 0 || errno == EEXIST else {
    throw FileFailure(path, "create", code: errno)
  }
  try FileDescriptor.synchronizeDirectory(parent)
}
