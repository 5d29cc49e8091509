// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A terminal that hands over every key as it is pressed, and echoes none. However the process ends, signals and
/// traps included, the terminal is put back as it was.
package enum RawMode {
  /// The settings to go back to: written once, before any handler is installed, and then only read.
  private static let original: termios? = {
    var settings = termios()
    return tcgetattr(STDIN_FILENO, &settings) == 0 ? settings : nil
  }()
  /// What is different of a terminal.
  package enum Manner: Int, Sendable {
    /// Every key is handed over, those that send signals too, and what is pasted is marked.
    case keys = 1
    /// Keys that send signals still do, and lines end as always.
    case quiet = 2
  }

  /// A manner, or 0.
  private static let entered = Atomic<Int>(0)
  private static let continuations = Atomic<Int>(0)
  private static let interrupts = Atomic<Int>(0)
  private static let resizes = Atomic<Int>(0)

  private static let deadly = [
    SIGTERM, SIGHUP, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV,
  ]

  /// Prepares signals; `false` where standard input is no terminal.
  package static func prepare() -> Bool {
    guard original != nil else { return false }
    // Whoever started the program may have blocked what a person sends.
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in deadly + [SIGINT, SIGWINCH, SIGTSTP] { sigaddset(&wanted, number) }
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
    for number in deadly {
      handle(number) { number in
        RawMode.leave()
        signal(number, SIG_DFL)
        raise(number)
      }
    }
    handle(SIGWINCH) { _ in RawMode.resizes.wrappingAdd(1, ordering: .relaxed) }
    handle(SIGCONT) { _ in
      RawMode.continuations.wrappingAdd(1, ordering: .relaxed)
      RawMode.catchStops()
    }
    catchStops()
    atexit { RawMode.leave() }
    catchInterrupts()
    return true
  }

  /// Ctrl-Z stops the process with the terminal as it was: not every shell mends that.
  private static func catchStops() {
    handle(SIGTSTP) { number in
      RawMode.leave()
      signal(number, SIG_DFL)
      // It comes once this handler is over.
      raise(number)
    }
  }

  /// Counts Ctrl-C instead of ending the process.
  package static func catchInterrupts() {
    handle(SIGINT) { _ in RawMode.interrupts.wrappingAdd(1, ordering: .relaxed) }
  }

  /// Ctrl-C ends the process again.
  package static func restoreInterrupts() { signal(SIGINT, SIG_DFL) }

  /// Without SA_RESTART: a read that waits comes back, so that the signal is seen.
  private static func handle(_ number: CInt, _ handler: @escaping @convention(c) (CInt) -> Void) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = handler
    sigaction(number, &action, nil)
  }

  /// How often Ctrl-C was pressed while the terminal was not raw.
  package static var interruptCount: Int { interrupts.load(ordering: .relaxed) }

  /// How often the window has changed.
  package static var resizeCount: Int { resizes.load(ordering: .relaxed) }

  /// How often the process was stopped and went on.
  package static var continuationCount: Int { continuations.load(ordering: .relaxed) }

  package static var isEntered: Bool { entered.load(ordering: .relaxed) != 0 }

  package static func enter(_ manner: Manner = .keys) {
    guard var settings = original else { return }
    settings.c_lflag &= ~tcflag_t(ECHO | ICANON)
    if manner == .keys {
      settings.c_iflag &= ~tcflag_t(BRKINT | ICRNL | INPCK | ISTRIP | IXON)
      settings.c_lflag &= ~tcflag_t(IEXTEN | ISIG)
      settings.c_cflag |= tcflag_t(CS8)
    }
    entered.store(manner.rawValue, ordering: .relaxed)
    tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
    if manner == .keys { write("\u{1B}[?2004h") }
  }

  /// Puts the terminal back; may be called at any time, from a signal handler too.
  package static func leave() {
    let was = entered.exchange(0, ordering: .relaxed)
    guard was != 0, var settings = original else { return }
    if was == Manner.keys.rawValue { write("\u{1B}[?2004l") }
    // From the background it would stop the process; there it is the shell's already.
    guard Terminal.isInForeground(.input) else { return }
    tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
  }

  private static func write(_ text: StaticString) {
    _ = Glibc.write(STDOUT_FILENO, text.utf8Start, text.utf8CodeUnitCount)
  }

  /// Stops the process as the shell's Ctrl-Z does, and goes on when it is woken.
  package static func suspend() {
    leave()
    raise(SIGTSTP)
    enter()
  }
}

/// What came of waiting for input.
package enum InputArrival: Sendable, Equatable {
  case bytes([UInt8])
  /// Nothing within the time.
  case nothing
  /// A signal came.
  case signal
  case end
}

/// Bytes of standard input as they come.
package enum StandardInput {
  /// Waits at most so many milliseconds, for ever where it is negative.
  package static func wait(milliseconds: Int32) -> InputArrival {
    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    let ready = poll(&descriptor, 1, milliseconds)
    if ready == 0 { return .nothing }
    if ready < 0 { return errno == EINTR ? .signal : .end }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(STDIN_FILENO, &buffer, buffer.count)
    if count > 0 { return .bytes(Array(buffer[..<count])) }
    return count < 0 && (errno == EINTR || errno == EAGAIN) ? .signal : .end
  }
}

/// Waits without giving the thread to anything else.
package func pause(milliseconds: UInt32) { usleep(milliseconds * 1000) }
