// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrActions
import DrData
import DrEmit
import DrHost
import DrSystem

/// One apply, from the first look to its exit status.
///
/// Everything is asked of the API server by a dry run before anything is changed. What is going to
/// be made is written to the inventory first. So an apply that ends anywhere, by a signal, a crash
/// or a lost cluster, is completed by the next one.
final class ApplySession {
  struct Options {
    var force = false
    var prunes = false
    var isDryRun = false
    var skipsUnknownKinds = false
    var timeoutNanoseconds: Int64 = 0
  }

  private let target: ClusterTarget
  private let options: Options
  private let text: ApplyText
  private let start = WallClock.monotonicNanoseconds()
  /// The cluster's version.
  private var running = ""
  private var counts: [(word: String, count: Int)] = []
  /// Objects that are not ready yet, with what was last said of each.
  private var unready: [(reference: ObjectReference, said: String)] = []

  init(_ target: ClusterTarget, _ options: Options) {
    self.target = target
    self.options = options
    text = ApplyText(paint: Paint(isOn: target.project.style.usesColour(.output)))
  }

  /// The exit status.
  func run() async throws(ClusterFailure) -> Int32 {
    running = try await target.ask(target.objects.version())
    Console.write(
      "\(options.isDryRun ? "would apply" : "applying") \(target.project.file) as "
        + "\(target.owner) to \(target.context) (\(target.server), Kubernetes \(running)), "
        + "\(target.manifests.count) objects\n")
    var inventory = try await inventory()
    let preview = ClusterPreview(
      target: target, inventory: inventory, force: options.force,
      skipsUnknownKinds: options.skipsUnknownKinds)
    let objects = try await preview.objects()
    if let status = stopped(objects.count) { return status }
    let problems = objects.filter(\.isProblem)
    guard problems.isEmpty else {
      text.problems(problems, running: running)
      Console.write(
        "nothing was changed: \(problems.count) of \(objects.count) objects cannot be applied\n",
        to: .error)
      return 1
    }
    if options.isDryRun { return try await showDryRun(objects, preview) }

    let applied = objects.filter { if case .skipped = $0.outcome { false } else { true } }
    let known = inventory
    inventory.add(applied.map(\.reference))
    if inventory != known { try await save(inventory) }
    if let status = try await apply(objects) { return status }
    if let status = try await waitUntilReady() { return status }
    if options.prunes {
      if let status = try await prune(&inventory) { return status }
    }
    finish("done")
    return 0
  }

  // MARK: Steps

  private func inventory() async throws(ClusterFailure) -> Inventory {
    let reference = Inventory.reference(target.owner)
    return Inventory(
      program: target.owner, configMap: try await target.ask(target.objects.read(reference)))
  }

  /// Writes the inventory and reads back its version.
  private func save(_ inventory: Inventory) async throws(ClusterFailure) {
    let reference = Inventory.reference(target.owner)
    let answer = try await target.ask(
      target.objects.apply(inventory.configMap, of: reference, old: .null, force: true))
    switch answer {
    case .accepted: return
    case .conflict, .noNamespace, .unknownKind:
      throw ClusterFailure(.refused("cannot write \(reference.title): it is not there any more"))
    case .refused(let reason):
      throw ClusterFailure(.refused("cannot write \(reference.title): \(reason)"))
    }
  }

  private func showDryRun(
    _ objects: [PreviewedObject], _ preview: ClusterPreview
  ) async throws(ClusterFailure) -> Int32 {
    let diffText = ObjectDiffText(paint: text.paint)
    for object in objects {
      switch object.outcome {
      case .unchanged: note("unchanged", .dim, object.reference)
      case .created, .later: note("created", .green, object.reference)
      case .changed(let diff, _):
        note("changed", .yellow, object.reference)
        for line in diffText.lines(diff) { Console.write("  \(line)\n") }
      case .skipped(let reason): note("skipped", .yellow, object.reference, reason)
      case .conflict, .refused, .unknownKind: break
      }
    }
    if options.prunes {
      for stale in try await preview.stale() {
        switch stale.fate {
        case .removable: note("pruned", .red, stale.reference)
        case .kept(let why): note("kept", .yellow, stale.reference, why)
        case .gone: break
        }
      }
    }
    finish("nothing was changed; it would be")
    return 0
  }

  /// Applies in the order of the manifests. `nil` when all is done; else the exit status.
  private func apply(_ objects: [PreviewedObject]) async throws(ClusterFailure) -> Int32? {
    for (index, object) in objects.enumerated() {
      if let status = stopped(index) { return status }
      if case .skipped(let reason) = object.outcome {
        note("skipped", .yellow, object.reference, reason)
        continue
      }
      // Older API servers write a new time for what changes nothing: it is not even sent.
      if case .unchanged(let live, isOwned: true) = object.outcome {
        note("unchanged", .dim, object.reference)
        if Readiness(live) != .ready { unready.append((object.reference, "")) }
        continue
      }
      // What objects of later ranks cannot be without.
      if !unready.isEmpty, !Readiness.gates(object.reference.kind) {
        if let status = try await waitUntilReady(onlyGates: true) { return status }
      }
      guard try await applyOne(object) else {
        finish("stopped: apply again once that is mended; so far", to: .error)
        return 1
      }
    }
    return nil
  }

  /// Whether the cluster took it. A definition that has just been made is not known everywhere at
  /// once, so an object of its kind is tried for a while.
  private func applyOne(_ object: PreviewedObject) async throws(ClusterFailure) -> Bool {
    let deadline = WallClock.monotonicNanoseconds() + 10_000_000_000
    while true {
      let answer = try await target.ask(
        target.objects.apply(
          object.manifest, of: object.reference, old: object.live, force: options.force))
      switch answer {
      case .accepted(let old, let new):
        if old == .null {
          note("created", .green, object.reference)
        } else if ObjectDiff(from: old, to: new).isEmpty {
          note("unchanged", .dim, object.reference)
        } else {
          note("changed", .yellow, object.reference)
        }
        if Readiness(new) != .ready { unready.append((object.reference, "")) }
        return true
      case .noNamespace(let reason), .unknownKind(let reason):
        if WallClock.monotonicNanoseconds() < deadline, StopSignal.remembered == nil {
          await pause(milliseconds: 200)
          continue
        }
        text.line("failed", .red, object.reference.title, reason)
        return false
      case .conflict(let conflicts, let live):
        text.problems(
          [
            PreviewedObject(
              reference: object.reference, manifest: object.manifest,
              outcome: .conflict(conflicts, live: live))
          ], running: running)
        return false
      case .refused(let reason):
        text.line("failed", .red, object.reference.title, reason)
        return false
      }
    }
  }

  /// Waits, and says what it waits for whenever that changes. `nil` when all are ready.
  private func waitUntilReady(onlyGates: Bool = false) async throws(ClusterFailure) -> Int32? {
    while true {
      var still: [(reference: ObjectReference, said: String)] = []
      for (reference, said) in unready {
        if onlyGates, !Readiness.gates(reference.kind) {
          still.append((reference, said))
          continue
        }
        if let status = stopped(nil) { return status }
        switch Readiness(try await target.ask(target.objects.read(reference))) {
        case .ready:
          if !said.isEmpty { text.line("ready", .green, reference.title, elapsed) }
        case .waiting(let why):
          if why != said { text.line("waiting", .dim, reference.title, why) }
          still.append((reference, why))
        case .failed(let why):
          text.line("failed", .red, reference.title, why)
          finish("not ready; applied", to: .error)
          return 1
        }
      }
      unready = still
      if !still.contains(where: { !onlyGates || Readiness.gates($0.reference.kind) }) { return nil }
      guard WallClock.monotonicNanoseconds() - start < options.timeoutNanoseconds else {
        for (reference, why) in still { text.line("not ready", .red, reference.title, why) }
        finish("gave up waiting; applied", to: .error)
        return 1
      }
      await pause(milliseconds: 500)
    }
  }

  /// Takes away what the program made and no longer declares; what needs others goes first.
  private func prune(_ inventory: inout Inventory) async throws(ClusterFailure) -> Int32? {
    // Read anew: writing it has changed its version.
    inventory = try await self.inventory()
    let preview = ClusterPreview(target: target, inventory: inventory)
    var forgotten: [ObjectReference] = []
    for stale in try await preview.stale() {
      if let status = stopped(nil) { return status }
      switch stale.fate {
      case .gone: forgotten.append(stale.reference)
      case .kept(let why): note("kept", .yellow, stale.reference, why)
      case .removable(let uid):
        try await target.ask(target.objects.delete(stale.reference, uid: uid))
        note("pruned", .red, stale.reference)
        forgotten.append(stale.reference)
      }
    }
    guard !forgotten.isEmpty else { return nil }
    inventory.remove(forgotten)
    try await save(inventory)
    return nil
  }

  // MARK: Telling

  private func note(
    _ word: String, _ style: Paint.Style, _ reference: ObjectReference, _ why: String = ""
  ) {
    if let index = counts.firstIndex(where: { $0.word == word }) {
      counts[index].count += 1
    } else {
      counts.append((word, 1))
    }
    text.line(word, style, reference.title, why)
  }

  private var elapsed: String {
    let tenths = (WallClock.monotonicNanoseconds() - start) / 100_000_000
    return "after \(tenths / 10).\(tenths % 10) s"
  }

  private func finish(_ word: String, to stream: Terminal.Stream = .output) {
    let summary = counts.map { "\($0.count) \($0.word)" }.joined(separator: ", ")
    Console.write("\(word): \(summary.isEmpty ? "nothing" : summary), \(elapsed)\n", to: stream)
  }

  /// The exit status where the user has asked to stop; what was done until then is said.
  private func stopped(_ count: Int?) -> Int32? {
    guard let signal = StopSignal.remembered else { return nil }
    finish("stopped; nothing is half done, apply again to go on; so far", to: .error)
    return signal.exitStatus
  }

  /// A pause that a signal ends early.
  private func pause(milliseconds: Int) async {
    for _ in 0..<(milliseconds / 100) where StopSignal.remembered == nil {
      try? await Task.sleep(for: .milliseconds(100))
    }
  }
}
