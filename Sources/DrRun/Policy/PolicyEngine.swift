// SPDX-License-Identifier: Apache-2.0
//
// Policies as a state machine: facts in, orders out, no clock, no network. `PolicySimulation` drives
// it in virtual time, `dr watch` for real.
//
// Every policy looks at its conditions `every` so often, at all of them before it judges one. A
// detector whose condition has held at every look for `lasting` fires. What keeps its reaction back:
// everything that the detector watches looks bad, another reaction for the same service, a guard
// that does not hold or that nobody can answer. While a reaction runs and for the cooldown after
// it, the policy does not look.
//
// What a reaction did goes back as `PolicyEngine+Failback.swift` says.
//
// A look that the world gave no answer to leaves its detector as it was. But what holds again after
// a silence longer than `lasting` has to last anew: nothing is known of the time between.

import DrBase
import DrData
import DrEval
import DrSema

/// All policies of a program, each on its own clock.
package final class PolicyEngine {
  /// One thing that a policy watches, when it fires.
  package struct Reaction: Sendable, Equatable {
    package let policy: Int
    /// `keep_serving.zone_lost(cn-beijing-az1)`
    package let name: String
    /// `zone_lost(cn-beijing-az1)`
    package let detector: String
    /// Label of the policy's service.
    package let service: String
  }

  /// What is wanted. Orders are carried out in their order.
  package enum Order: Sendable {
    /// Ask the world, and tell the answer by `answered`.
    case ask(CallID, WorldCall, at: Span)
    case note(PolicyNote)
    /// A condition could not be evaluated: the program's own failure.
    case failed(Diagnostic)
    /// Run the reaction, and tell its end by `ended`.
    case react(Reaction)
    /// Open the finished run once more, to take back what it did, and tell its end by `returned`.
    case goBack(Return)
    /// Tell that run that the reason is gone.
    case recall(run: String, why: String)
  }

  /// Of one case of a detector.
  private struct CaseState {
    /// Since when its condition holds.
    var since: Instant?
    var answeredAt: Instant?
    /// What was told of why its reaction does not start.
    var obstacle: PolicyNote.Obstacle?
    var isUnanswered = false
  }

  private enum Stage {
    case condition(Int)
    /// The guard of that number, before that.
    case rule(Int, before: Aim)
  }

  /// What guards are asked about.
  private enum Aim {
    /// The cases that have lasted; the first of them reacts.
    case react([Int])
    /// What the reaction of that case did is taken back.
    case goBack(Int)
  }

  /// The conditions of a policy, one after the other.
  private struct Look {
    let startedAt: Instant
    var stage: Stage
    var fiber: Fiber
    var answers: [Bool?] = []
    var call: (id: CallID, type: TypeID)?
    /// Why the last condition was not answered.
    var silence = ""
  }

  private struct PolicyState {
    var nextLook: Instant
    var look: Look?
    /// The name of the reaction that runs.
    var acting: String?
    var isCoolingDown = false
    var cases: [CaseState]
  }

  private var machine: Machine
  private(set) var policies: [PolicyModel]
  private var states: [PolicyState]
  /// What reactions did and nobody has taken back, the newest last.
  var standing: [Standing] = []
  /// Who has asked for an alert that goes on firing, and was told no, since it has acted upon it.
  var goingOn: Set<String> = []
  /// What is being taken back now.
  var returning: [Return] = []
  private var orders: [Order] = []
  private var lastID = 0
  /// Steps that conditions took so far.
  package private(set) var fuelSpent = 0

  /// All policies look at `start` for the first time.
  package init(_ policies: [PolicyModel], on machine: Machine, startingAt start: Instant) {
    self.machine = machine
    self.policies = policies
    states = policies.map { policy in
      PolicyState(nextLook: start, cases: policy.cases.map { _ in CaseState() })
    }
  }

  /// How often all policies together look within so many nanoseconds; saturates.
  package func looks(within length: Int64) -> Int64 {
    policies.reduce(0) { $0 &+ length / $1.every }
  }

  // MARK: Time

  /// When a policy wants to look next; `nil` while all are looking or acting.
  package var nextLook: Instant? { nextPolicy.map { states[$0].nextLook } }

  private var nextPolicy: Int? {
    states.indices.filter { states[$0].look == nil && states[$0].acting == nil }
      .min { states[$0].nextLook < states[$1].nextLook }
  }

  /// The policy whose turn it is looks now.
  package func beginNextLook(at now: Instant) -> [Order] {
    guard let index = nextPolicy else { return [] }
    states[index].nextLook = now.advanced(by: policies[index].every)
    states[index].isCoolingDown = false
    guard let first = policies[index].cases.first else { return [] }
    states[index].look = Look(
      startedAt: now, stage: .condition(0), fiber: machine.start(closure: first.holds, []))
    proceed(index, at: now)
    return takeOrders()
  }

  /// Has policies look as soon as they may, those of that name or all. After an action the cooldown
  /// is waited for all the same.
  package func wake(_ name: String?, at now: Instant) {
    for index in states.indices where name == nil || policies[index].name == name {
      guard !states[index].isCoolingDown else { continue }
      states[index].nextLook = min(states[index].nextLook, now)
    }
  }

  // MARK: Events

  /// The answer to what was asked.
  package func answered(
    _ id: CallID, _ answer: Result<Document, WorldFailure>, at now: Instant
  ) -> [Order] {
    guard let index = states.indices.first(where: { states[$0].look?.call?.id == id }),
      let look = states[index].look, let call = look.call
    else { return [] }
    states[index].look?.call = nil
    switch answer {
    case .success(let document):
      do throws(Diagnostic) {
        machine.resume(look.fiber, with: try machine.value(document, as: call.type))
      } catch {
        fail(index, error, at: now)
      }
    case .failure(let failure):
      states[index].look?.silence = failure.message
      conclude(index, nil, [], at: now)
    }
    proceed(index, at: now)
    return takeOrders()
  }

  /// A reaction is over, and that is left of it.
  package func ended(
    policy index: Int, leaving remains: Remains = .nothing, at now: Instant
  ) -> [Order] {
    if let name = states[index].acting { stands(name, of: policies[index].service, remains) }
    states[index].acting = nil
    coolDown(index, until: now.advanced(by: policies[index].cooldown))
    return takeOrders()
  }

  /// What an earlier life of the watcher began: the reaction of that name goes on. Gives the policy;
  /// `nil` where the program has no such reaction.
  package func begun(_ name: String) -> Int? {
    for (index, policy) in policies.enumerated() {
      guard policy.cases.contains(where: { policy.reactionName($0) == name }) else { continue }
      states[index].look = nil
      states[index].acting = name
      return index
    }
    return nil
  }

  /// What an earlier life of the watcher saw the end of.
  package func ended(_ name: String, at instant: Instant) {
    for (index, policy) in policies.enumerated() where states[index].acting == nil {
      let until = instant.advanced(by: policy.cooldown)
      guard policy.cases.contains(where: { policy.reactionName($0) == name }),
        until > states[index].nextLook
      else { continue }
      coolDown(index, until: until)
    }
  }

  func coolDown(_ index: Int, until instant: Instant) {
    states[index].isCoolingDown = true
    states[index].nextLook = instant
    for number in states[index].cases.indices {
      states[index].cases[number].since = nil
      states[index].cases[number].obstacle = nil
    }
  }

  /// Gives up all looks under way; their answers are not waited for.
  package func giveUpLooks() {
    for index in states.indices { states[index].look = nil }
  }

  // MARK: Memory

  /// Bytes of values that looking has made so far; a machine gives none of them back.
  package var memoryUsed: Int { machine.memoryUsed }

  /// Whether a look is under way, so that it cannot go on with another machine.
  package var isLooking: Bool { states.contains { $0.look != nil } }

  /// Goes on with a fresh machine of the same program. Only while nobody looks.
  package func renew(_ policies: [PolicyModel], on machine: Machine) {
    guard !isLooking, policies.count == self.policies.count else {
      return
    }
    self.policies = policies
    self.machine = machine
  }

  // MARK: Looking

  func give(_ order: Order) { orders.append(order) }

  private func takeOrders() -> [Order] {
    defer { orders = [] }
    return orders
  }

  /// Evaluates until the world is to be asked or the look is over.
  private func proceed(_ index: Int, at now: Instant) {
    while let look = states[index].look, look.call == nil {
      machine.refuel()
      let outcome = machine.run(look.fiber)
      fuelSpent &+= machine.fuelUsed
      switch outcome {
      case .finished(let value):
        conclude(index, machine.bool(value), look.fiber.witnesses, at: now)
      case .failed(let diagnostic): fail(index, diagnostic, at: now)
      case .directive(let directive):
        let text = "a condition must not hold a runbook's statement"
        fail(index, Diagnostic(.effectNotAllowed, text, at: directive.span), at: now)
      case .call(let call): ask(index, call)
      }
    }
  }

  private func ask(_ index: Int, _ call: HostCall) {
    lastID += 1
    let id = CallID(lastID)
    states[index].look?.call = (id, call.resultType)
    let asked = WorldCall(
      name: call.name, arguments: call.arguments, effect: call.effect, actClass: nil,
      key: key(index))
    orders.append(.ask(id, asked, at: call.span))
  }

  /// Who asks: the case, for what answers that depend on it.
  private func key(_ index: Int) -> String {
    guard case .condition(let number)? = states[index].look?.stage else {
      return "policy/\(policies[index].name)"
    }
    return "policy/\(policies[index].reactionName(policies[index].cases[number]))"
  }

  /// What the program itself gets wrong counts as no answer.
  private func fail(_ index: Int, _ diagnostic: Diagnostic, at now: Instant) {
    orders.append(.failed(diagnostic))
    states[index].look?.silence = diagnostic.message
    conclude(index, nil, [], at: now)
  }

  /// A condition is answered, `nil` where it could not be.
  private func conclude(
    _ index: Int, _ answer: Bool?, _ witnesses: [Witness], at now: Instant
  ) {
    guard let look = states[index].look else { return }
    let policy = policies[index]
    switch look.stage {
    case .condition(let number):
      states[index].look?.answers.append(answer)
      take(answer, of: number, index, look, at: now)
      if number + 1 < policy.cases.count {
        next(index, .condition(number + 1), policy.cases[number + 1].holds)
      } else {
        judge(index, at: now)
      }
    case .rule(let number, let aim):
      guard answer == true else {
        let values = witnesses.sentence(machine.program.checked.sources)
        let because = answer == nil || values.isEmpty ? nil : values
        let obstacle = PolicyNote.Obstacle.rule(policy.guards[number].text, because: because)
        switch aim {
        case .react(let candidates):
          for candidate in candidates { hold(index, candidate, obstacle) }
        case .goBack(let number): holdReturn(index, number, obstacle)
        }
        states[index].look = nil
        return
      }
      check(index, from: number + 1, aim)
    }
  }

  private func next(_ index: Int, _ stage: Stage, _ condition: Value) {
    states[index].look?.stage = stage
    states[index].look?.fiber = machine.start(closure: condition, [])
  }

  /// Takes down what a condition said.
  private func take(
    _ answer: Bool?, of number: Int, _ index: Int, _ look: Look, at now: Instant
  ) {
    let lasting = policies[index].cases[number].lasting
    var state = states[index].cases[number]
    guard let answer else {
      if !state.isUnanswered {
        note(.unanswered(why: states[index].look?.silence ?? ""), index, number)
      }
      states[index].cases[number].isUnanswered = true
      return
    }
    if state.isUnanswered { note(.answered, index, number) }
    state.isUnanswered = false
    // From the end of a look to the next one; both may take long. Timers are never quite on time.
    let silence = look.startedAt.nanoseconds - (state.answeredAt ?? look.startedAt).nanoseconds
    state.answeredAt = now
    watchStanding(index, number, holds: answer, silence: silence, at: look.startedAt)
    if !answer {
      if state.since != nil { note(.cleared, index, number) }
      state.since = nil
      state.obstacle = nil
    } else if state.since == nil
      || (lasting > 0 && silence > max(lasting, 2 * policies[index].every))
    {
      state.since = look.startedAt
      note(.pending(lasting: lasting), index, number)
    }
    states[index].cases[number] = state
  }

  // MARK: Judging

  /// All conditions are answered.
  private func judge(_ index: Int, at now: Instant) {
    guard let look = states[index].look else { return }
    let policy = policies[index]
    for number in policy.cases.indices where look.answers[number] != nil {
      states[index].cases[number].answeredAt = now
    }
    let lasted = policy.cases.indices.filter { number in
      guard look.answers[number] == true, let since = states[index].cases[number].since else {
        return false
      }
      return look.startedAt.nanoseconds - since.nanoseconds >= policy.cases[number].lasting
    }
    var candidates: [Int] = []
    for number in lasted {
      if let obstacle = obstacle(index, number, look.answers) {
        hold(index, number, obstacle)
      } else {
        candidates.append(number)
      }
    }
    if !candidates.isEmpty {
      check(index, from: 0, .react(candidates))
    } else if let number = returnDue(index, look.answers, at: look.startedAt) {
      check(index, from: 0, .goBack(number))
    } else {
      states[index].look = nil
    }
  }

  /// What needs no asking.
  private func obstacle(
    _ index: Int, _ number: Int, _ answers: [Bool?]
  ) -> PolicyNote.Obstacle? {
    let policy = policies[index]
    let group = policy.cases.indices.filter {
      policy.cases[$0].detector == policy.cases[number].detector
    }
    if group.count > 1, group.allSatisfy({ answers[$0] != false }) {
      return .allLookBad(count: group.count)
    }
    if let name = actingName(for: policy.service) { return .busy(with: name) }
    return returning.first { $0.service == policy.service }.map { .goingBack($0.name) }
  }

  /// The reaction for a service that goes on now.
  func actingName(for service: String) -> String? {
    zip(states, policies).first { $0.acting != nil && $1.service == service }?.0.acting
  }

  /// Asks the guards, the first of which that does not hold keeps everything back; then the first
  /// candidate reacts, or what was done goes back.
  private func check(_ index: Int, from number: Int, _ aim: Aim) {
    let policy = policies[index]
    if number < policy.guards.count {
      return next(index, .rule(number, before: aim), policy.guards[number].holds)
    }
    let answers = states[index].look?.answers ?? []
    states[index].look = nil
    switch aim {
    case .goBack(let number): goBack(index, number)
    case .react(let candidates): if let first = candidates.first { react(index, first, answers) }
    }
  }

  private func react(_ index: Int, _ candidate: Int, _ answers: [Bool?]) {
    let policy = policies[index]
    // Meanwhile another policy may have begun.
    if let obstacle = obstacle(index, candidate, answers) {
      return hold(index, candidate, obstacle)
    }
    states[index].acting = policy.reactionName(policy.cases[candidate])
    note(.fired, index, candidate)
    orders.append(
      .react(
        Reaction(
          policy: index, name: policy.reactionName(policy.cases[candidate]),
          detector: policy.cases[candidate].name, service: policy.service)))
  }

  private func hold(_ index: Int, _ number: Int, _ obstacle: PolicyNote.Obstacle) {
    let isTold = states[index].cases[number].obstacle.map(obstacle.isSame) ?? false
    states[index].cases[number].obstacle = obstacle
    if case .goingBack = obstacle {
      let policy = policies[index]
      recallReturn(
        for: policy.service, because: policy.reactionName(policy.cases[number]))
    }
    if !isTold { note(.heldBack(obstacle), index, number) }
  }

  func note(_ kind: PolicyNote.Kind, _ index: Int, _ number: Int) {
    let policy = policies[index]
    orders.append(
      .note(
        PolicyNote(
          kind: kind, name: policy.reactionName(policy.cases[number]),
          detector: policy.cases[number].name)))
  }

  // MARK: Status

  /// Of everything that is watched, in the order of the program.
  package var statuses: [DetectorStatus] {
    zip(policies, states).flatMap { policy, state in
      zip(policy.cases, state.cases).map { watched, caseState in
        let status: DetectorStatus.State =
          if state.acting == policy.reactionName(watched) {
            .acting
          } else if state.isCoolingDown {
            .cooldown
          } else if caseState.since == nil {
            .idle
          } else {
            caseState.obstacle == nil ? .pending : .held
          }
        return DetectorStatus(
          policy: policy.name, detector: watched.name, state: status,
          answeredAt: caseState.answeredAt)
      }
    }
  }

  /// The name and the service of each policy, in the order of the program.
  package var policyNames: [(name: String, service: String)] {
    policies.map { ($0.name, $0.service) }
  }
}
