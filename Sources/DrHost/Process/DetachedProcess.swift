// SPDX-License-Identifier: Apache-2.0

import CSpawn
import DrSystem
import Glibc

/// This program again, in a session of its own: it outlives the terminal and whoever started it.
package struct DetachedProcess {
  package let pid: pid_t

  /// `POSIX_SPAWN_SETSID` of glibc's <spawn.h>, which Swift does not import.
  private static let setSession: Int16 = 0x80

  /// Starts it with these arguments; what it writes goes to a file. Its input is empty.
  package static func start(
    _ arguments: [String], output: String
  ) throws(FileFailure) -> DetachedProcess {
    guard let program = realPath("/proc/self/exe") else {
      throw FileFailure("/proc/self/exe", "read", code: errno)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // Whoever waits for the end of what this process holds open must not wait for the run.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, setSession)
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, program, &actions, &attributes, &words, environ)
    guard code == 0 else { throw FileFailure(program, "start", code: code) }
    return DetachedProcess(pid: pid)
  }

  /// Its exit status as a shell reports it, once it has ended.
  package var status: CInt? {
    var status: CInt = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }
}
