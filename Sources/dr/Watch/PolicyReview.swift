// SPDX-License-Identifier: Apache-2.0

import DrData
import DrHost
import DrRun

/// What a watcher asks beside its work: whether the runs that its policies would start are permitted to act. So what is
/// missing is known before the night in which it is needed.
///
/// Every copy asks, also one that follows: it is the next to act.
struct PolicyReview: Sendable {
  struct Policy: Sendable {
    let name: String
    /// What its runs are called, a run for each thing that it watches.
    let reactions: [String]
  }

  /// What is known of one policy.
  struct State: Sendable {
    /// As plans write them, sorted, each once.
    var missing: [String] = []
    /// When all could be asked last.
    var askedAt: Instant?
  }

  let policies: [Policy]
  /// As the program calls itself.
  let file: String
  /// What its runs are started with, but for their names.
  let launch: Launch
  let programDigest: String
  let style: OutputStyle
  let store: RunStore
  let world: RealWorld
  let every: Duration
  /// Whether runs begin although something is missing.
  let acceptsMissing: Bool
  let log: WatchLog
  /// Takes what is known of the policy of that name.
  let tell: @Sendable (String, State) -> Void

  /// Of all reactions of a policy together.
  private struct Finding {
    var missing: Set<String> = []
    var doubt: String?
    /// The first of which something is missing.
    var lacking: String?
    /// Whether there was anything to ask.
    var isAsked = false
  }

  /// The program is no longer the one that is watched.
  private struct Changed: Error {}

  /// What was told of one policy.
  private struct Told {
    var state = State()
    var doubt: String?
    var isGiven = false
  }

  /// Asks, again and again, until its task is cancelled or the program is another one.
  func run() async {
    var told: [String: Told] = [:]
    while !Task.isCancelled {
      for policy in policies {
        do {
          let finding = try await review(policy)
          guard !Task.isCancelled else { return }
          say(finding, of: policy.name, &told[policy.name, default: Told()])
        } catch {
          return log.write(
            "\(file) has changed since dr watch read it: what its runs are permitted is not asked any more;"
              + " start dr watch anew")
        }
      }
      try? await Task.sleep(for: every)
    }
  }

  private func review(_ policy: Policy) async throws -> Finding {
    var whole = Finding()
    for reaction in policy.reactions where !Task.isCancelled {
      var launch = launch
      launch.runbook = reaction
      let prepared = try PreparedRun(launch, style: style)
      guard ProgramFingerprint(prepared.project).digest == programDigest else { throw Changed() }
      guard
        let finding = try await Preflight(prepared, store, runID: "plan")
          .ask(in: world, within: .atLeisure)
      else { continue }
      whole.isAsked = true
      whole.doubt = whole.doubt ?? finding.doubt
      if !finding.missing.isEmpty { whole.lacking = whole.lacking ?? reaction }
      whole.missing.formUnion(finding.missing)
    }
    return whole
  }

  private func say(_ finding: Finding, of policy: String, _ told: inout Told) {
    // What was missing and could not be asked now is taken to be missing still.
    let missing =
      finding.missing.isEmpty && finding.doubt != nil
      ? told.state.missing : finding.missing.sorted()
    let wasMissing = told.state.missing
    told.state.missing = missing
    if finding.doubt == nil { told.state.askedAt = WallClock.now() }
    tell(policy, told.state)
    if missing != wasMissing, !missing.isEmpty {
      told.isGiven = false
      let consequence =
        acceptsMissing ? "its runs go as far as they get" : "its runs do not begin"
      log.write(
        "\(policy) is not permitted: \(missing.joined(separator: ", ")); \(consequence);"
          + " the rules that permit it: dr plan \(file) '\(finding.lacking ?? policy)'",
        "permissions_missing",
        [("policy", .string(policy)), ("missing", .array(missing.map(Document.string)))])
    }
    if let doubt = finding.doubt {
      if doubt != told.doubt {
        log.write("\(policy): \(doubt)", "permissions_unknown", [("policy", .string(policy))])
      }
    } else if finding.isAsked, missing.isEmpty, !told.isGiven {
      told.isGiven = true
      log.write(
        "\(policy) is permitted what its runs do", "permissions_given",
        [("policy", .string(policy))])
    }
    told.doubt = finding.doubt
  }
}
