// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import DrHost
@testable import DrSystem

struct FileTests {
  private func mode(_ path: String) -> UInt32 {
    var info = stat()
    return stat(path, &info) == 0 ? info.st_mode & 0o777 : 0
  }

  @Test("a journal keeps what was appended, for its owner only")
  func journal() throws {
    let folder = try TestFolder()
    let path = "\(folder.path)/runs/r1/journal"
    do {
      var journal = try JournalFile.create(path)
      try journal.append(Array("one".utf8))
      try journal.append(Array("two".utf8))
      #expect(journal.size == 6)
    }
    #expect(mode(path) == 0o600)
    #expect(mode("\(folder.path)/runs/r1") == 0o700)
    #expect(try JournalFile.read(path) == Array("onetwo".utf8))
    var journal = try JournalFile.open(path)
    #expect(journal.size == 6)
    try journal.truncate(to: 3)
    try journal.append(Array("2".utf8))
    #expect(try folder.text("runs/r1/journal") == "one2")
  }

  @Test("a journal is created once, and has one writer at a time")
  func oneWriter() throws {
    let folder = try TestFolder()
    let path = "\(folder.path)/journal"
    do {
      let journal = try JournalFile.create(path)
      #expect(
        throws: FileFailure(
          path, "lock", code: EWOULDBLOCK, reason: "another dr is working on this run")
      ) { _ = try JournalFile.open(path).size }
      #expect(throws: FileFailure(path, "create", code: EEXIST)) {
        _ = try JournalFile.create(path).size
      }
      #expect(journal.size == 0)
    }
    #expect(try JournalFile.open(path).size == 0)
    #expect(throws: FileFailure("\(path)2", "open", code: ENOENT)) {
      _ = try JournalFile.open("\(path)2").size
    }
  }

  @Test("a journal that could not be written takes nothing more")
  func fullDisk() throws {
    guard access("/dev/full", W_OK) == 0 else { return }
    let folder = try TestFolder()
    let path = "\(folder.path)/journal"
    #expect(symlink("/dev/full", path) == 0)
    var journal = try JournalFile.open(path)
    for _ in 0..<2 {
      do throws(FileFailure) {
        try journal.append([1])
        Issue.record("a full disk took bytes")
      } catch {
        #expect(error.message == "cannot write \(path): No space left on device")
      }
    }
  }

  @Test("files are replaced as a whole, and nothing is left beside them")
  func atomic() throws {
    let folder = try TestFolder()
    try folder.write("a.yaml", "one")
    try folder.write("a.yaml", "two", mode: 0o600)
    #expect(try folder.text("a.yaml") == "two")
    #expect(mode("\(folder.path)/a.yaml") == 0o600)
    #expect(throws: FileFailure("\(folder.path)/no/a", "write", code: ENOENT)) {
      try AtomicFile.write([1], to: "\(folder.path)/no/a")
    }
    let result = try #require(opendir(folder.path))
    defer { closedir(result) }
    var count = 0
    while readdir(result) != nil { count += 1 }
    #expect(count == 3)  // ., .. and a.yaml
  }

  @Test("of many who make one file at once one does, and what it wrote stays")
  func madeOnce() async throws {
    let folder = try TestFolder()
    let path = "\(folder.path)/answer"
    let makers = await withTaskGroup(of: (UInt8, Bool).self) { group in
      for number in 0..<UInt8(50) {
        group.addTask { (number, (try? AtomicFile.create([number], at: path)) ?? false) }
      }
      return await group.reduce(into: [UInt8]()) { if $1.1 { $0.append($1.0) } }
    }
    #expect(makers.count == 1)
    #expect(try readSmallFile(path) == makers)
    #expect(OutputFolder.entries(folder.path) == ["answer"])
    let code = try? AtomicFile.create([1], at: "\(folder.path)/no/answer")
    #expect(code == nil)
  }

  @Test("what is no regular file is written to, never replaced")
  func devices() throws {
    let folder = try TestFolder()
    let pipe = "\(folder.path)/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    try AtomicFile.write(Array("one".utf8), to: pipe)
    var bytes = [UInt8](repeating: 0, count: 8)
    #expect(read(reader, &bytes, bytes.count) == 3)
    #expect(bytes.prefix(3).elementsEqual("one".utf8))
    var status = stat()
    #expect(stat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
  }
}

struct ChildProcessTests {
  @Test("runs a program without a shell, with its own environment")
  func runs() async throws {
    var child = ChildProcess(program: "env")
    child.environment = [("DR_TEST_VARIABLE", "a b; c")]
    let output = try await child.run().get()
    #expect(output.status == 0)
    #expect(String(decoding: output.output, as: UTF8.self).contains("DR_TEST_VARIABLE=a b; c\n"))
    let quoted = try await ChildProcess(program: "printf", arguments: ["%s", "$HOME; `x`"]).run()
      .get()
    #expect(quoted.output == Array("$HOME; `x`".utf8))
  }

  @Test("a program gets no file or socket of ours")
  func inherits() async throws {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    #expect(fcntl(socket, F_GETFD) & FD_CLOEXEC == 0)
    let child = try await ChildProcess(
      program: "test", arguments: ["-e", "/proc/self/fd/\(socket)"]
    ).run().get()
    #expect(child.status == 1)
  }

  @Test("tells how a program ended, hung, or could not begin")
  func ends() async throws {
    let failed = try await ChildProcess(program: "sh", arguments: ["-c", "echo no >&2; exit 3"])
      .run().get()
    #expect(failed.status == 3 && failed.errors == Array("no\n".utf8))
    let killed = try await ChildProcess(program: "sh", arguments: ["-c", "kill -9 $$"]).run().get()
    #expect(killed.status == 137)
    var hangs = ChildProcess(program: "sleep", arguments: ["100"])
    hangs.timeoutNanoseconds = 100_000_000
    let hung = await hangs.run()
    #expect(throws: ChildProcess.Failure.timedOut) { _ = try hung.get() }
    let missing = await ChildProcess(program: "/no/such/program").run()
    #expect(throws: ChildProcess.Failure.notStarted("No such file or directory")) {
      _ = try missing.get()
    }
  }
}
