// SPDX-License-Identifier: Apache-2.0

import DrData
import DrHost
import DrRun

/// What the store of runs itself answers: how many failovers there were, and which alerts fire.
struct StoreReads {
  let store: RunStore

  /// `nil` where the store has nothing to do with it.
  func answer(_ call: WorldCall) async -> Result<Document, WorldFailure>? {
    do throws(StoreFailure) {
      switch call.name {
      case "runs.failovers":
        let service = call.arguments["service"]?.stringValue ?? ""
        let last = call.arguments["last"]?.intValue ?? 0
        return .success(.int(try await failovers(of: service, last: last)))
      case "alerts.firing":
        var book = try await AlertShelf(store: store).read() ?? AlertBook()
        return .success(.bool(book.answer(call, at: WallClock.now())))
      default: return nil  // open: everything else is in the world
      }
    } catch {
      return .failure(
        error.kind == .unreachable ? .unreachable(error.message) : .refused(error.message))
    }
  }

  /// Runs that policies started for a service and that ended within the last so many nanoseconds.
  private func failovers(
    of service: String, last: Int64
  ) async throws(StoreFailure) -> Int64 {
    let since = WallClock.now().advanced(by: -last)
    // The id of a run begins with when it began; none goes on for longer than a week.
    let first = Timestamp.compact(since.advanced(by: -7 * 86_400_000_000_000))
    var count: Int64 = 0
    for id in try await store.records.ids() where id >= first {
      guard let launch = try? await store.launch(id), launch.cause?.service == service,
        let journal = try? await store.journal(id), let endedAt = RunSummary(journal)?.endedAt,
        endedAt >= since
      else { continue }
      count += 1
    }
    return count
  }
}

/// The alerts of a store, for every copy of the watcher and for runs.
struct AlertShelf {
  let store: RunStore

  /// `nil` where there are none, or what is there is not ours.
  func read() async throws(StoreFailure) -> AlertBook? {
    guard let bytes = try await store.records.alerts(), let document = try? JSON.parse(bytes)
    else { return nil }
    return AlertBook(document)
  }

  /// Durable when it returns.
  func write(_ book: AlertBook) async throws(StoreFailure) {
    try await store.records.putAlerts(Array(JSON.write(book.document).utf8))
  }
}

extension AlertBook {
  /// The answer to `alerts.firing`.
  mutating func answer(_ call: WorldCall, at now: Instant) -> Bool {
    isFiring(
      call.arguments["alert"]?.stringValue ?? "",
      with: call.arguments["labels"]?.objectValue ?? DocumentObject(), asker: call.key, at: now)
  }
}

extension AlertBook {
  /// Whether an alert that the call asks for goes on firing, though it has had its effect.
  func isUsedUp(_ call: WorldCall) -> Bool {
    isUsedUp(
      call.arguments["alert"]?.stringValue ?? "",
      with: call.arguments["labels"]?.objectValue ?? DocumentObject(), asker: call.key)
  }
}

extension RealWorld {
  /// What a run or plan is told: by its store, or by the world.
  func answer(
    _ call: WorldCall, _ phase: CallPhase, beside store: RunStore
  ) async -> Result<Document, WorldFailure> {
    if let answer = await StoreReads(store: store).answer(call) { return answer }
    return await answer(call, phase)
  }
}
