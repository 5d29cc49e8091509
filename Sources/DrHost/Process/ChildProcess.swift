// SPDX-License-Identifier: Apache-2.0

import DrSystem
import Glibc
import NIOPosix
import Synchronization

/// A program run to its end without a shell, for what it prints.
struct ChildProcess: Sendable {
  /// A name that is looked up in PATH, or a path.
  var program: String
  var arguments: [String] = []
  /// Added to the environment of this process.
  var environment: [(name: String, value: String)] = []
  var timeoutNanoseconds: Int64 = 60_000_000_000
  /// Whether signals of the terminal do not reach it, and it is ended with all that it started.
  var hasOwnGroup = false

  struct Output: Sendable {
    /// As a shell reports it: the exit code, or 128 and the signal.
    let status: CInt
    let output: [UInt8]
    let errors: [UInt8]
  }

  enum Failure: Error, Sendable, Equatable {
    case notStarted(String)
    case timedOut
    case tooMuchOutput
  }

  /// Bytes of either stream.
  private static let limit = 1 << 20
  private static let spawning = Mutex(())

  /// Runs on a thread of its own.
  func run() async -> Result<Output, Failure> {
    do {
      return try await NIOThreadPool.singleton.runIfActive { runBlocking() }
    } catch {
      return .failure(.notStarted("given up"))
    }
  }

  private func runBlocking() -> Result<Output, Failure> {
    // One at a time, so that no child inherits another's pipes before they are marked.
    let started = Self.spawning.withLock { _ in start() }
    guard let (spawned, output, errors) = started else {
      return .failure(.notStarted(systemText(errno)))
    }
    defer {
      close(output)
      close(errors)
    }
    switch spawned {
    case .failure(let failure): return .failure(failure)
    case .success(let child):
      let gathered = gather(output, errors)
      if case .failure = gathered { kill(hasOwnGroup ? -child : child, SIGKILL) }
      var status: CInt = 0
      while waitpid(child, &status, 0) < 0, errno == EINTR {}
      return gathered.map { streams in
        // WIFEXITED, WEXITSTATUS and WTERMSIG of wait(2).
        let signal = status & 0x7f
        let code = signal == 0 ? (status >> 8) & 0xff : 128 + signal
        return Output(status: code, output: streams.output, errors: streams.errors)
      }
    }
  }

  /// The child, and the reading ends of its output and errors.
  private func start() -> (Result<pid_t, Failure>, output: CInt, errors: CInt)? {
    guard let output = Pipe.make() else { return nil }
    guard let errors = Pipe.make() else {
      close(output.reading)
      close(output.writing)
      return nil
    }
    let spawned = spawn(output.writing, errors.writing)
    close(output.writing)
    close(errors.writing)
    return (spawned, output.reading, errors.reading)
  }

  private func spawn(_ output: CInt, _ errors: CInt) -> Result<pid_t, Failure> {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    if hasOwnGroup { posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP)) }
    let vector = CStrings([program] + arguments)
    let variables = CStrings(mergedEnvironment())
    var child: pid_t = 0
    let code = posix_spawnp(
      &child, program, &actions, &attributes, vector.pointers, variables.pointers)
    return code == 0 ? .success(child) : .failure(.notStarted(systemText(code)))
  }

  private func mergedEnvironment() -> [String] {
    var lines: [String] = []
    var entry = environ
    while let line = entry.pointee {
      lines.append(String(cString: line))
      entry += 1
    }
    for (name, value) in environment {
      lines.removeAll { $0.hasPrefix("\(name)=") }
      lines.append("\(name)=\(value)")
    }
    return lines
  }

  /// Both streams until both are closed.
  private func gather(
    _ output: CInt, _ errors: CInt
  ) -> Result<(output: [UInt8], errors: [UInt8]), Failure> {
    let deadline = WallClock.monotonicNanoseconds() + timeoutNanoseconds
    var gathered: [[UInt8]] = [[], []]
    var entries = [
      pollfd(fd: output, events: Int16(POLLIN), revents: 0),
      pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
    ]
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while entries.contains(where: { $0.fd >= 0 }) {
      let left = deadline - WallClock.monotonicNanoseconds()
      guard left > 0 else { return .failure(.timedOut) }
      guard poll(&entries, 2, CInt(min(left / 1_000_000 + 1, 60_000))) > 0 else { continue }
      for index in entries.indices where entries[index].fd >= 0 && entries[index].revents != 0 {
        let count = chunk.withUnsafeMutableBytes {
          read(entries[index].fd, $0.baseAddress, $0.count)
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else {
          entries[index].fd = -1
          continue
        }
        guard gathered[index].count + count <= Self.limit else {
          return .failure(.tooMuchOutput)
        }
        gathered[index].append(contentsOf: chunk[..<count])
      }
    }
    return .success((gathered[0], gathered[1]))
  }
}

/// A null-terminated array of C strings, freed with its owner.
private final class CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    count = strings.count
    pointers = .allocate(capacity: count + 1)
    for (index, string) in strings.enumerated() {
      (pointers + index).initialize(to: strdup(string))
    }
    (pointers + count).initialize(to: nil)
  }

  deinit {
    for index in 0..<count { free(pointers[index]) }
    pointers.deallocate()
  }
}
