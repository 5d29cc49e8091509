// SPDX-License-Identifier: Apache-2.0

import Glibc

package enum Pipe {
  /// A pipe that programs started later do not inherit; `nil` where there are no descriptors left.
  package static func make() -> (reading: CInt, writing: CInt)? {
    var ends: [CInt] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }
}
