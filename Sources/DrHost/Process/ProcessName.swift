// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What this process calls itself where it holds a Lease.
package enum ProcessName {
  /// Of this machine.
  package static let host: String = {
    var buffer = [CChar](repeating: 0, count: 256)
    gethostname(&buffer, buffer.count - 1)
    return String(
      decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }()

  /// `host_pid_x7k2`: of this life only, so that no later process is taken for it.
  package static let unique: String = {
    let letters = Array("abcdefghijkmnpqrstuvwxyz23456789")
    let suffix = String((0..<4).map { _ in letters[Int.random(in: 0..<letters.count)] })
    return "\(host)_\(getpid())_\(suffix)"
  }()
}
