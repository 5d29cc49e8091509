// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrHost
import DrRun
import DrSystem

struct Resume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Go on with a run that crashed or was paused, or take back what one did."
  ).ofDr

  @Argument(help: "The run: its id, the beginning of its id, or last.")
  var id: String = "last"

  @Flag(help: "Answer yes to every approval; the journal says so.")
  var yes = false

  @Flag(
    help:
      "Take back what the run did: run its undos, last first. One that has succeeded is opened once more, and acquires its locks again; one that was paused is broken off."
  )
  var undo = false

  @Flag(
    help:
      "Go on although the program has changed, if all that has happened so far is the same in it. The journal says so."
  )
  var acceptChange = false

  @Option(
    help: "Whether an act in doubt happened, as the pause asked: --answer ID=yes. May be repeated.")
  var answer: [String] = []

  @Option(
    help: "The program, where it lies elsewhere on this machine than on the one that began the run."
  )
  var program: String?

  @Flag(help: "Write what happens as JSON, an object per line (docs/events.md).")
  var json = false

  @Flag(
    help: "Go on although permissions are missing that acts still to come need, as far as it gets."
  )
  var acceptMissing = false

  /// `dr run --detach` has asked, or was told not to mind.
  @Flag(help: .hidden)
  var permissionsAsked = false

  @OptionGroup var store: StoreAccess
  @OptionGroup var output: OutputOptions

  mutating func run() async throws {
    try await store.use { [self] in try await resume($0) }
  }

  private func resume(_ store: RunStore) async throws {
    let run = try await store.resolve(id)
    var launch = try await store.launch(run)
    // On another machine things lie elsewhere; that the program is the same is checked by its digest.
    if let program { launch.file = absolutePath(program) }
    if let kubeconfig = self.store.kubeconfig { launch.kubeconfig = absolutePath(kubeconfig) }
    if let context = self.store.context { launch.context = context }
    let prepared = try PreparedRun(launch, style: output.style)
    var session = RealSession(prepared: prepared, id: run, store: store, approvesAll: yes)
    session.tellsEvents = json
    if !permissionsAsked {
      session.admission = Admission(
        preflight: Preflight(prepared, store, runID: run), acceptsMissing: acceptMissing)
    }
    session.answers = try answer.map(decision)
    session.acceptsChange = acceptChange
    if undo {
      session.reopening = Reopening(why: "\(Approver.user) asked for it", breaksOff: true)
    }
    if self.store.kubeconfig == nil, self.store.context == nil { try session.refuseMoved() }
    do {
      try await session.resume()
    } catch let failure as StoreFailure where failure.kind == .held {
      Console.write(
        "\(failure.message)\nfollow it with: dr runs tail -f \(run)\(store.options)\n", to: .error)
      throw failure.exitCode
    }
  }

  private func decision(_ text: String) throws -> Event {
    let parts = text.split(separator: "=").map(String.init)
    guard parts.count == 2, ["yes", "no"].contains(parts[1]) else {
      throw ValidationError("write --answer ID=yes or --answer ID=no, with the id of the question")
    }
    return .decided(questionID: parts[0], approved: parts[1] == "yes", by: Approver.user)
  }
}
