// SPDX-License-Identifier: Apache-2.0

import CSpawn
import DrSystem
import Glibc
import NIOPosix
import Synchronization

/// A program run to its end without a shell, for what it prints. Signals of the terminal do not reach it; it is ended
/// with all that it started where it is late, says too much, or is given up.
struct ChildProcess: Sendable {
  /// A name that is looked up in PATH, or a path.
  var program: String
  var arguments: [String] = []
  /// Added to the environment of this process.
  var environment: [(name: String, value: String)] = []
  var timeoutNanoseconds: Int64 = 60_000_000_000

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
    case givenUp
  }

  /// Bytes of either stream.
  private static let limit = 1 << 20
  /// Between SIGTERM and SIGKILL.
  private static let grace: Int64 = 2_000_000_000
  /// At most between two looks at what no event tells of.
  private static let lookMilliseconds: CInt = 50

  /// Runs on a thread of its own. A cancelled task ends it.
  func run() async -> Result<Output, Failure> {
    let isGivenUp = Flag()
    let permit = Permit.current
    return await withTaskCancellationHandler {
      do {
        return try await NIOThreadPool.singleton.runIfActive { runBlocking(isGivenUp, permit) }
      } catch {
        return .failure(.notStarted("given up"))
      }
    } onCancel: {
      isGivenUp.value.store(true, ordering: .relaxed)
    }
  }

  private final class Flag: Sendable { let value = Atomic(false) }

  private struct Pipes {
    let output: CInt
    let errors: CInt
  }

  private func runBlocking(_ isGivenUp: Flag, _ permit: Permit?) -> Result<Output, Failure> {
    var why = "given up"
    var pipes: Pipes?
    let child = ChildGroups.enter {
      if permit?.allows() == false { return nil }
      switch start() {
      case .success(let started):
        pipes = started.pipes
        return started.child
      case .failure(let code):
        why = systemText(code.errno)
        return nil
      }
    }
    guard let child, let pipes else { return .failure(.notStarted(why)) }
    let deadline = WallClock.monotonicNanoseconds() + timeoutNanoseconds
    let gathered = gather(pipes, isGivenUp, deadline).flatMap { streams in
      // It may have closed its streams and go on.
      wait(child, isGivenUp, deadline).map { streams }
    }
    if case .failure = gathered { end(child) }
    close(pipes.output)
    close(pipes.errors)
    ChildGroups.strike(child)
    var status: CInt = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return gathered.map { streams in
      // WIFEXITED, WEXITSTATUS and WTERMSIG of wait(2).
      let signal = status & 0x7f
      let code = signal == 0 ? (status >> 8) & 0xff : 128 + signal
      return Output(status: code, output: streams.output, errors: streams.errors)
    }
  }

  /// Gives it a moment to end by itself.
  private func end(_ child: pid_t) {
    ChildGroups.signal(child, SIGTERM)
    _ = wait(child, nil, WallClock.monotonicNanoseconds() + Self.grace)
    ChildGroups.signal(child, SIGKILL)
  }

  /// Until it has ended, which leaves it to be reaped.
  private func wait(
    _ child: pid_t, _ isGivenUp: Flag?, _ deadline: Int64
  ) -> Result<Void, Failure> {
    while true {
      var info = siginfo_t()
      let code = waitid(P_PID, id_t(child), &info, WEXITED | WNOHANG | WNOWAIT)
      // The signal's number stays 0 while nothing has ended; a failure would last.
      if code == 0 ? info.si_signo != 0 : errno != EINTR { return .success(()) }
      if isGivenUp?.value.load(ordering: .relaxed) == true { return .failure(.givenUp) }
      if WallClock.monotonicNanoseconds() >= deadline { return .failure(.timedOut) }
      usleep(1_000)
    }
  }

  private struct Code: Error { let errno: CInt }

  /// The child, and the reading ends of its output and errors.
  private func start() -> Result<(child: pid_t, pipes: Pipes), Code> {
    guard let output = Pipe.make() else { return .failure(Code(errno: errno)) }
    guard let errors = Pipe.make() else {
      let code = Code(errno: errno)
      close(output.reading)
      close(output.writing)
      return .failure(code)
    }
    let spawned = spawn(output.writing, errors.writing)
    close(output.writing)
    close(errors.writing)
    if case .failure = spawned {
      close(output.reading)
      close(errors.reading)
    }
    return spawned.map { ($0, Pipes(output: output.reading, errors: errors.reading)) }
  }

  private func spawn(_ output: CInt, _ errors: CInt) -> Result<pid_t, Code> {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    // Sockets of NIO have no O_CLOEXEC: a program that lingers would keep connections and the port of a server open.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    let vector = CStrings([program] + arguments)
    let variables = CStrings(mergedEnvironment())
    var child: pid_t = 0
    let code = posix_spawnp(
      &child, program, &actions, &attributes, vector.pointers, variables.pointers)
    return code == 0 ? .success(child) : .failure(Code(errno: code))
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
    _ pipes: Pipes, _ isGivenUp: Flag, _ deadline: Int64
  ) -> Result<(output: [UInt8], errors: [UInt8]), Failure> {
    var gathered: [[UInt8]] = [[], []]
    var entries = [
      pollfd(fd: pipes.output, events: Int16(POLLIN), revents: 0),
      pollfd(fd: pipes.errors, events: Int16(POLLIN), revents: 0),
    ]
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while entries.contains(where: { $0.fd >= 0 }) {
      let left = deadline - WallClock.monotonicNanoseconds()
      guard left > 0 else { return .failure(.timedOut) }
      guard !isGivenUp.value.load(ordering: .relaxed) else { return .failure(.givenUp) }
      let pause = min(CInt(clamping: left / 1_000_000 + 1), Self.lookMilliseconds)
      guard poll(&entries, 2, pause) > 0 else { continue }
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
