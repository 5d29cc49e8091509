// SPDX-License-Identifier: Apache-2.0

import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Compares text with `Tests/Golden/run/<name>.txt`; `DR_BLESS=1` writes the file instead.
func expectGolden(_ name: String, _ text: String, file: String = #filePath) {
  let folder = file.split(separator: "/").dropLast(2).joined(separator: "/")
  let path = "/\(folder)/Golden/run/\(name).txt"
  if getenv("DR_BLESS") != nil {
    guard let stream = fopen(path, "w") else {
      Issue.record("cannot write \(path)")
      return
    }
    fputs(text + "\n", stream)
    fclose(stream)
    return
  }
  #expect(read(path) == text + "\n", "differs from \(name).txt; DR_BLESS=1 rewrites it")
}

/// Whether there is time for what takes minutes: `DR_NIGHTLY=1`.
var isNightly: Bool { getenv("DR_NIGHTLY") != nil }

private func read(_ path: String) -> String {
  guard let stream = fopen(path, "r") else { return "(no such file)" }
  defer { fclose(stream) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&buffer, 1, buffer.count, stream)
    if count == 0 { return String(decoding: bytes, as: UTF8.self) }
    bytes += buffer.prefix(count)
  }
}
