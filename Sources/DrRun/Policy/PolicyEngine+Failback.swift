// SPDX-License-Identifier: Apache-2.0
//
// Going back. A reaction that has succeeded stands, and what it did can be taken back once its own
// condition has not held at every look for the policy's `failback after`. Of several that stand for
// one service only the newest can: the others have been built upon.
//
// It needs a look at which every condition of the policy is answered and none holds, and guards that
// hold, as a reaction does. While a person is asked policies go on looking; when one of them is about
// to act, the question is taken away.

import DrBase

extension PolicyEngine {
  /// What the run of a reaction has left in the world.
  package enum Remains: Sendable, Equatable {
    /// Of the run of that id, which can be taken back as a whole.
    case everything(run: String)
    /// Nobody knows what: nothing before it can be taken back.
    case something
    case nothing

    package init(of run: String, _ status: RunResult.Status) {
      switch status {
      case .succeeded: self = .everything(run: run)
      case .failed, .paused: self = .something
      case .rolledBack, .unreachable, .lockHeld: self = .nothing
      }
    }
  }

  /// A run that is to be taken back.
  package struct Return: Sendable, Equatable {
    package let policy: Int
    /// Of the reaction: `keep_serving.zone_lost(cn-beijing-az1)`.
    package let name: String
    package let detector: String
    package let service: String
    package let run: String
    package let reopening: Reopening
  }

  /// What a reaction has done and nobody has taken back.
  struct Standing {
    let service: String
    /// The policy and its case; `nil` where the program has it no more.
    let place: (policy: Int, number: Int)?
    /// `nil` where it cannot be taken back.
    var run: String?
    /// Since when its condition has not held.
    var calmSince: Instant?
    /// What was told of why it does not go back.
    var obstacle: PolicyNote.Obstacle?

    func isOf(_ policy: Int, _ number: Int) -> Bool {
      guard run != nil, let place else { return false }
      return place == (policy, number)
    }
  }

  // MARK: What stands

  /// Of a reaction that ended, now or in an earlier life; in the order of their ends.
  package func stands(_ name: String, of service: String, _ remains: Remains) {
    switch remains {
    case .nothing: return
    case .something: standing.append(Standing(service: service, place: nil, run: nil))
    case .everything(let run):
      standing.append(Standing(service: service, place: place(of: name), run: run))
    }
  }

  /// An earlier life of the watcher began to take that run back. Gives the policy; `nil` where the
  /// program has no such reaction.
  package func begunReturn(of run: String, _ name: String) -> Int? {
    guard let place = place(of: name) else { return nil }
    stands(name, of: policies[place.policy].service, .everything(run: run))
    returning.append(makeReturn(of: run, place))
    return place.policy
  }

  /// Forgets what stands, but for what is being taken back in these runs: it is about to be told
  /// anew.
  package func forgetStanding(but runs: Set<String>) {
    standing.removeAll { $0.run.map { !runs.contains($0) } ?? true }
    returning.removeAll { !runs.contains($0.run) }
  }

  /// Taking back is over. `succeeded` says that nothing was taken back; it may be asked again later.
  package func returned(_ run: String, _ status: RunResult.Status, at now: Instant) {
    guard let index = returning.firstIndex(where: { $0.run == run }) else { return }
    let policy = returning.remove(at: index).policy
    guard let place = standing.lastIndex(where: { $0.run == run }) else { return }
    switch status {
    case .succeeded: standing[place].calmSince = nil
    case .rolledBack: standing.remove(at: place)
    case .failed, .paused, .unreachable, .lockHeld: standing[place].run = nil
    }
    if status != .succeeded {
      coolDown(policy, until: now.advanced(by: policies[policy].cooldown))
    }
  }

  private func place(of name: String) -> (policy: Int, number: Int)? {
    for (index, policy) in policies.enumerated() {
      let number = policy.cases.firstIndex { policy.reactionName($0) == name }
      if let number { return (index, number) }
    }
    return nil
  }

  private func makeReturn(of run: String, _ place: (policy: Int, number: Int)) -> Return {
    let policy = policies[place.policy]
    let watched = policy.cases[place.number]
    let name = policy.reactionName(watched)
    let length = Words.duration(policy.failbackAfter ?? 0)
    return Return(
      policy: place.policy, name: name, detector: watched.name, service: policy.service, run: run,
      reopening: Reopening(
        why: "\(name) has not held for \(length)", audience: policy.failbackAsk))
  }

  // MARK: Looking

  /// An alert goes on firing that the case which asks has acted upon: it does not act again, and
  /// nothing is over yet.
  package func goesOn(asker: String) { goingOn.insert(asker) }

  /// Takes down for what stands whether its condition holds; `silence` is how long it went unasked.
  func watchStanding(
    _ index: Int, _ number: Int, holds: Bool, silence: Int64, at instant: Instant
  ) {
    let policy = policies[index]
    guard let after = policy.failbackAfter else { return }
    let goesOn = goingOn.remove("policy/\(policy.reactionName(policy.cases[number]))") != nil
    let holds = holds || goesOn
    for place in standing.indices where standing[place].isOf(index, number) {
      if holds {
        standing[place].calmSince = nil
        standing[place].obstacle = nil
      } else if standing[place].calmSince == nil || silence > max(after, 2 * policy.every) {
        standing[place].calmSince = instant
        note(.calm(after: after), index, number)
      }
    }
  }

  /// The number of the case whose reaction may go back after a look with these answers, if nobody has
  /// anything against it.
  func returnDue(_ index: Int, _ answers: [Bool?], at instant: Instant) -> Int? {
    let policy = policies[index]
    guard let after = policy.failbackAfter, answers.allSatisfy({ $0 == false }),
      let newest = standing.last(where: { $0.service == policy.service }), newest.run != nil,
      let place = newest.place, place.policy == index, let since = newest.calmSince,
      instant.nanoseconds - since.nanoseconds >= after,
      !returning.contains(where: { $0.service == policy.service })
    else { return nil }
    return place.number
  }

  /// Everything that was asked is in favour.
  func goBack(_ index: Int, _ number: Int) {
    if let other = actingName(for: policies[index].service) {
      return holdReturn(index, number, .busy(with: other))
    }
    guard let place = standing.lastIndex(where: { $0.isOf(index, number) }),
      let run = standing[place].run
    else { return }
    standing[place].obstacle = nil
    let order = makeReturn(of: run, (index, number))
    returning.append(order)
    note(.goesBack, index, number)
    give(.goBack(order))
  }

  func holdReturn(_ index: Int, _ number: Int, _ obstacle: PolicyNote.Obstacle) {
    guard let place = standing.lastIndex(where: { $0.isOf(index, number) }) else { return }
    let isTold = standing[place].obstacle.map(obstacle.isSame) ?? false
    standing[place].obstacle = obstacle
    if !isTold { note(.returnHeldBack(obstacle), index, number) }
  }

  /// A reaction for the service waits for what goes back to have ended: where nobody has agreed to it
  /// yet, it does so at once.
  func recallReturn(for service: String, because name: String) {
    for order in returning where order.service == service {
      give(.recall(run: order.run, why: "\(name), which fires"))
    }
  }
}
