// SPDX-License-Identifier: Apache-2.0

/// Where the records of runs are kept: files of this machine, or objects of a cluster. It holds
/// bytes; what they say is the matter of those who wrote them.
package protocol RecordStore: Sendable {
  /// Where that is, for people.
  var place: String { get }
  /// What commands take to look there: `--store cluster:runs`; empty where they look unasked.
  var options: [String] { get }
  /// How often it may be asked whether something has changed.
  var lookNanoseconds: Int64 { get }

  /// All runs, the oldest first.
  func ids() async throws(StoreFailure) -> [String]
  /// Notes what a run is started with; durable when it returns.
  func create(_ id: String, launch: [UInt8]) async throws(StoreFailure)
  /// `nil` where there is no such run.
  func launch(_ id: String) async throws(StoreFailure) -> [UInt8]?

  /// What is in a run's journal, also while the run goes on; `nil` where it has none.
  func journal(_ id: String) async throws(StoreFailure) -> [UInt8]?
  /// Bytes of it; `nil` where there is none.
  func journalSize(_ id: String) async throws(StoreFailure) -> Int?
  /// The journal for one writer, made where it is missing. Fails as `held` while somebody else has it.
  func hold(_ id: String) async throws(StoreFailure) -> any HeldRecord
  /// Whether somebody has it now.
  func isHeld(_ id: String) async throws(StoreFailure) -> Bool

  /// What was answered to a question of a run.
  func answer(_ id: String, to question: String) async throws(StoreFailure) -> [UInt8]?
  /// Durable when it returns. False where there is an answer already: the first one counts.
  func putAnswer(
    _ bytes: [UInt8], _ id: String, to question: String
  ) async throws(StoreFailure) -> Bool

  /// What all copies of a watcher know of alerts.
  func alerts() async throws(StoreFailure) -> [UInt8]?
  /// Durable when it returns.
  func putAlerts(_ bytes: [UInt8]) async throws(StoreFailure)

  /// Removes a run. What is interrupted can be done again.
  func remove(_ id: String) async throws(StoreFailure)

  /// To be called once, when nothing is asked any more.
  func close() async
}

/// A journal that is ours alone.
package protocol HeldRecord: Sendable {
  /// What was in it when it became ours.
  var bytes: [UInt8] { get }
  /// Appends bytes, all or none, and makes them durable. After a failure nothing more is accepted.
  func append(_ bytes: [UInt8]) async throws(StoreFailure)
  /// Drops a torn end, as the reader of the records found it, before anything is appended.
  func truncate(to size: Int) async throws(StoreFailure)
  /// Whether it is certainly still ours, so that an act may begin. Waits for that as `append` does.
  func isStillOurs() async -> Bool
  /// The same as far as is known now, without asking anybody.
  var isKnownOurs: Bool { get }
  /// Lets others have it at once.
  func release() async
}

/// Why a store does not do what it is asked.
package struct StoreFailure: Error, Sendable, Equatable {
  package enum Kind: Sendable {
    /// Somebody else has the journal, or has taken it over.
    case held
    /// It does not answer.
    case unreachable
    case refused
  }
  package let kind: Kind
  /// A sentence with the place and the reason.
  package let message: String

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
