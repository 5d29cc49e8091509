// SPDX-License-Identifier: Apache-2.0
//
// Planning: the runbook is evaluated as in a run, at the same positions and with the same keys, but
// reads are the only calls that reach the world. An act is observed and answered with the result
// that it would have; waits, verifications and approvals are taken to succeed. Branches are planned
// one after the other, so that the list of items has one order. Nothing is journaled, and nothing
// waits.

import DrBase
import DrData
import DrEval
import DrSema

/// Finds out what a run would do.
package final class Planner: Runner {
  private let machine: Machine
  private let identity: RunIdentity
  private let root: Fiber
  /// What the run has behind it; nil of one that has not begun.
  private let past: RunPast?
  /// Whether what follows is not to come, since the run is taken back.
  private var isAtEndOfPast = false
  private var frames: [PlanFrame] = []
  private var awaited: (id: CallID, frame: PlanFrame, call: HostCall, item: Int?)?
  private var nextID = 0
  /// What has been planned so far.
  package private(set) var items: [PlanItem] = []
  private var orders: [Order] = []
  private var startedAt = Instant(nanoseconds: 0)
  private var now = Instant(nanoseconds: 0)
  package private(set) var result: RunResult?
  /// Set with the result.
  package private(set) var plan: Plan?
  /// How many lines the plan has so far.
  package var itemCount: Int { items.count }

  /// A fiber that is being planned, and what follows when it ends.
  fileprivate final class PlanFrame {
    let fiber: Fiber
    let position: Position
    let depth: Int
    let isCondition: Bool
    let onlyOnFailure: Bool
    var next = 0
    var bound = Bound()
    let finished: (Result<Value, Failure>, Bound) -> Void

    init(
      _ fiber: Fiber, at position: Position, depth: Int, isCondition: Bool = false,
      onlyOnFailure: Bool, finished: @escaping (Result<Value, Failure>, Bound) -> Void
    ) {
      self.fiber = fiber
      self.position = position
      self.depth = depth
      self.isCondition = isCondition
      self.onlyOnFailure = onlyOnFailure
      self.finished = finished
    }
  }

  package convenience init(
    machine: Machine, runbook: FunctionID, arguments: [Value], identity: RunIdentity
  ) {
    self.init(machine: machine, body: machine.start(runbook, arguments), identity: identity)
  }

  /// The same for code that stands in no runbook: a policy's reaction. With a past it is planned how a run goes on:
  /// what was done and seen is as the run has it, and is not asked again.
  package init(machine: Machine, body: Fiber, identity: RunIdentity, past: RunPast? = nil) {
    self.machine = machine
    self.identity = identity
    self.past = past
    root = body
  }

  /// Of what has been planned so far, what the run has not behind it.
  package var itemsToCome: [PlanItem] {
    items.filter { item in
      guard let past else { return true }
      return past.results[item.position] == nil
        && (!past.isTakenBack || item.onlyOnFailure || item.kind == .lock)
    }
  }

  /// It has nothing carried out but reads.
  package var actsUntil: Instant? { Instant(nanoseconds: 0) }

  package func handle(_ events: [Event], at now: Instant) -> [Order] {
    if now > self.now { self.now = now }
    for event in events where result == nil {
      switch event {
      case .begin:
        guard frames.isEmpty else { continue }
        startedAt = now
        push(
          PlanFrame(root, at: .root, depth: 0, onlyOnFailure: false) { [unowned self] end, bound in
            self.conclude(end, bound)
          })
        run()
      case .answered(let id, let answer):
        guard let awaited, awaited.id == id else { continue }
        self.awaited = nil
        answered(awaited.frame, awaited.call, awaited.item, answer)
        run()
      case .notBegun, .fired, .decided, .stirred, .recalled: break
      case .interrupted: end(.paused, "interrupted")
      }
    }
    defer { orders = [] }
    return orders
  }

  // MARK: The loop

  private func run() {
    while result == nil, awaited == nil, let frame = frames.last {
      machine.refuel()
      switch machine.run(frame.fiber) {
      case .finished(let value): pop(.success(value))
      case .failed(let diagnostic): pop(.failure(Failure(diagnostic)))
      case .call(let call): begin(call, frame)
      case .directive(let directive):
        let position = frame.position.child(frame.next)
        frame.next += 1
        do throws(Failure) {
          guard !frame.isCondition else { throw Failure(.program, "a condition may only read") }
          try begin(directive, frame, position)
        } catch {
          pop(.failure(error))
        }
      }
    }
  }

  private func push(_ frame: PlanFrame) { frames.append(frame) }

  private func pop(_ end: Result<Value, Failure>) {
    guard let frame = frames.popLast() else { return }
    frame.finished(end, frame.bound)
  }

  private func start(
    _ closure: Value, _ arguments: [Value] = [], at position: Position, in frame: PlanFrame,
    deeper: Int = 1, isCondition: Bool = false, onlyOnFailure: Bool = false,
    finished: @escaping (Result<Value, Failure>, Bound) -> Void
  ) {
    push(
      PlanFrame(
        machine.start(closure: closure, arguments), at: position, depth: frame.depth + deeper,
        isCondition: isCondition, onlyOnFailure: frame.onlyOnFailure || onlyOnFailure,
        finished: finished))
  }

  // MARK: Calls

  private func begin(_ call: HostCall, _ frame: PlanFrame) {
    let position = frame.position.child(frame.next)
    frame.next += 1
    var item: Int?
    if let actClass = call.actClass, call.effect == .acts {
      if frame.isCondition {
        return pop(.failure(Failure(.program, "a condition may only read; \(call.name) acts")))
      }
      item = add(.act, call.name, frame, position, call.span)
      update(item) { $0.actClass = actClass }
    }
    if let past, !frame.isCondition, isBehind(past, call, frame, position) { return }
    nextID += 1
    let id = CallID(nextID)
    awaited = (id, frame, call, item)
    orders.append(
      .call(
        id,
        WorldCall(
          name: call.name, arguments: call.arguments, effect: call.effect,
          actClass: call.actClass, key: "\(identity.runID)/\(position.text)"),
        item == nil ? .read : .observe))
  }

  /// Goes on with what the run knows of a call already, or ends where nothing further is to come.
  private func isBehind(
    _ past: RunPast, _ call: HostCall, _ frame: PlanFrame, _ position: Position
  ) -> Bool {
    if case .some(.some(let result)) = past.results[position],
      let value = try? machine.value(result, as: call.resultType)
    {
      machine.resume(frame.fiber, with: value)
      return true
    }
    guard past.isTakenBack, !frame.onlyOnFailure else { return false }
    isAtEndOfPast = true
    pop(.failure(Failure(.program, "what follows is not to come")))
    return true
  }

  /// Looks who holds it: a lock is an object of a cluster like those that acts touch.
  private func lookAtLock(
    _ name: String, _ length: Int64, _ frame: PlanFrame, _ position: Position, _ item: Int
  ) {
    let call = HostCall(
      name: "lock.acquire", effect: .acts, actClass: .apply,
      arguments: DocumentObject([
        ("cluster", ""), ("name", .string(name)), ("holder", .string(identity.runID)),
        ("ttl", .int(max(length, 1_000_000_000))),
      ]),
      resultType: TypeTable.unit, span: items[item].span)
    nextID += 1
    let id = CallID(nextID)
    awaited = (id, frame, call, item)
    orders.append(
      .call(
        id,
        WorldCall(
          name: call.name, arguments: call.arguments, effect: .acts, actClass: .apply,
          key: "\(identity.runID)/\(position.text)"), .observe))
  }

  private func lockSeen(_ frame: PlanFrame, _ item: Int, _ answer: Answer) {
    switch answer {
    case .failure(.unreachable(let message)):
      update(item) { $0.note = message }
      pop(.failure(Failure("lock.acquire", .unreachable(message))))
    case .failure(let failure):
      update(item) { $0.note = failure.message }
      proceed(frame, item, nil)
    case .success(let document):
      let observation = Observation(document)
      update(item) {
        $0.target = observation?.target
        $0.permissions = observation?.permissions ?? []
      }
      proceed(frame, item, nil)
    }
  }

  private func answered(_ frame: PlanFrame, _ call: HostCall, _ item: Int?, _ answer: Answer) {
    if let item, items[item].kind == .lock { return lockSeen(frame, item, answer) }
    switch answer {
    case .failure(let failure):
      update(item) { $0.note = failure.message }
      pop(.failure(Failure(call.name, failure)))
    case .success(let document):
      var result = document
      if let item {
        guard let observation = Observation(document) else {
          return pop(
            .failure(Failure(.program, "\(call.name): the driver did not say what it would change"))
          )
        }
        let changes = frame.onlyOnFailure ? back(observation, call) : observation.changes
        update(item) {
          $0.target = observation.target
          $0.changes = changes
          $0.permissions = observation.permissions
          if let hindrance = observation.hindrance, !frame.onlyOnFailure {
            ($0.verdict, $0.note) = (.notMet, hindrance)
          }
          $0.cluster = call.arguments["cluster"]?.stringValue ?? ""
        }
        let text = items[item].text
        if !frame.onlyOnFailure {
          orders.append(
            .show(Progress(kind: .actPlanned, at: now, depth: frame.depth, text: text)))
        }
        result = observation.result
      }
      guard let value = try? machine.value(result, as: call.resultType) else {
        return pop(
          .failure(Failure(.program, "\(call.name): the result is not what the function declares")))
      }
      machine.resume(frame.fiber, with: value)
    }
  }

  private func back(_ undo: Observation, _ call: HostCall) -> [String] {
    let act = items.last {
      !$0.onlyOnFailure && $0.title == call.name && $0.target == undo.target
    }
    return Self.settingBack(undo, call.actClass ?? .once, to: act)
  }

  // MARK: Items

  private func add(
    _ kind: PlanItem.Kind, _ title: String, _ frame: PlanFrame, _ position: Position, _ span: Span
  ) -> Int {
    var item = PlanItem(
      depth: frame.depth, kind: kind, position: position, title: title, span: span)
    item.onlyOnFailure = frame.onlyOnFailure
    items.append(item)
    return items.count - 1
  }

  private func update(_ index: Int?, _ change: (inout PlanItem) -> Void) {
    if let index { change(&items[index]) }
  }

  /// Takes the time of an item into account and goes on with the frame.
  private func proceed(
    _ frame: PlanFrame, _ item: Int, _ bound: Bound?, with value: Value = .unit
  ) {
    update(item) { $0.worstCase = bound }
    if let bound { frame.bound.add(bound) }
    machine.resume(frame.fiber, with: value)
  }

  // MARK: Directives

  private func begin(
    _ directive: Directive, _ frame: PlanFrame, _ position: Position
  ) throws(Failure) {
    let operands = Operands(machine, directive)
    let text = machine.program.checked.sources.statement(directive.span)
    let span = directive.span
    switch directive.kind {
    case .step: try planStep(try operands.step(), frame, position, span)
    case .wait, .verify:
      let condition = try operands.condition()
      let item = add(
        directive.kind == .wait ? .wait : .verify, text, frame, position, span)
      let unbounded = condition.kind == .wait && condition.within == nil
      proceed(
        frame, item, Bound(condition.within ?? 0, unbounded: unbounded ? [text] : []))
    case .pause:
      let length = try operands.pause()
      let item = add(.pause, "pause \(Words.duration(length))", frame, position, span)
      proceed(frame, item, Bound(length))
    case .require:
      let item = add(.require, text, frame, position, span)
      decide(try operands.condition().condition, frame, position, item) { _ in
        self.proceed(frame, item, nil)
      }
    case .approve:
      let approval = try operands.approval()
      let item = add(.approve, approval.question, frame, position, span)
      if let audience = approval.audience { update(item) { $0.note = "asks \(audience)" } }
      let name = "approve “\(approval.question)”"
      proceed(
        frame, item, Bound(approval.within ?? 0, unbounded: approval.within == nil ? [name] : []))
    case .parallel:
      let limit = try operands.limit()
      let bodies = try operands.list(1)
      let title = "parallel, \(Words.count(bodies.count, "branch", "branches"))"
      let item = add(.parallel, title, frame, position, span)
      planBranches(bodies[...], [], [], limit, frame, position, item)
    case .run:
      let item = add(.run, try operands.text(0), frame, position, span)
      start(try operands.value(1), at: position, in: frame) { end, bound in
        self.ended(end, frame) { self.proceed(frame, item, bound, with: $0) }
      }
    case .lock:
      let item = add(.lock, try operands.text(0), frame, position, span)
      lookAtLock(try operands.text(0), try operands.ttl(), frame, position, item)
    case .undo:
      planCleanup(.undo, try operands.value(0), [], frame, position, span)
    case .onFailure:
      guard let reason = try? machine.string("the reason") else {
        throw Failure(.program, "no memory")
      }
      planCleanup(.onFailure, try operands.value(0), [reason], frame, position, span)
    case .fail:
      let message = SecretText.mask(try operands.text(0))
      _ = add(.fail, message, frame, position, span)
      throw Failure(.explicit, message)
    }
  }

  /// Goes on with a value, or hands the failure up.
  private func ended(
    _ end: Result<Value, Failure>, _ frame: PlanFrame, _ proceed: (Value) -> Void
  ) {
    switch end {
    case .success(let value): proceed(value)
    case .failure(let failure): pop(.failure(failure))
    }
  }

  /// Evaluates a condition as the world is now.
  private func decide(
    _ condition: Value, _ frame: PlanFrame, _ position: Position, _ item: Int,
    then proceed: @escaping (Bool?) -> Void
  ) {
    start(condition, at: position, in: frame, isCondition: true) { end, _ in
      switch end {
      case .success(let value):
        let holds = self.machine.bool(value) ?? false
        self.update(item) { $0.verdict = holds ? .met : .notMet }
        proceed(holds)
      case .failure(let failure):
        self.update(item) {
          $0.verdict = .notEvaluated
          $0.note = failure.message
        }
        proceed(nil)
      }
    }
  }

  private func planStep(
    _ step: StepOperands, _ frame: PlanFrame, _ position: Position, _ span: Span
  ) throws(Failure) {
    let item = add(.step, step.title, frame, position, span)
    func body() {
      start(step.body, at: position, in: frame) { end, bound in
        self.ended(end, frame) {
          self.proceed(frame, item, step.worstCase(body: bound, title: step.title), with: $0)
        }
      }
    }
    guard let condition = step.condition else { return body() }
    decide(condition, frame, position, item) { holds in
      if holds == false {
        self.update(item) { $0.note = "is skipped" }
        self.machine.resume(frame.fiber, with: .nilValue)
      } else {
        body()
      }
    }
  }

  private func planBranches(
    _ bodies: ArraySlice<Value>, _ values: [Value], _ bounds: [Bound], _ limit: Int,
    _ frame: PlanFrame, _ position: Position, _ item: Int
  ) {
    guard let body = bodies.first else {
      guard let list = try? machine.list(values) else {
        return pop(.failure(Failure(.program, "the results of the branches take too much memory")))
      }
      return proceed(frame, item, Bound.parallel(bounds, limit: limit), with: list)
    }
    start(body, at: position.child(bodies.startIndex), in: frame) { end, bound in
      // The other branches have a past of their own.
      let end = self.isAtEndOfPast ? .success(.unit) : end
      self.ended(end, frame) {
        self.planBranches(
          bodies.dropFirst(), values + [$0], bounds + [bound], limit, frame, position, item)
      }
    }
  }

  /// What is done only if the run fails: its failure to be planned is said and does not end the
  /// plan.
  private func planCleanup(
    _ kind: PlanItem.Kind, _ closure: Value, _ arguments: [Value], _ frame: PlanFrame,
    _ position: Position, _ span: Span
  ) {
    let item = add(kind, kind.rawValue, frame, position, span)
    // From the last item: nearly every undo stands in the step that was planned just now.
    let isInStep = items.lastIndex { $0.kind == .step && position.isWithin($0.position) } != nil
    update(item) {
      $0.onlyOnFailure = true
      $0.isVerification = kind == .undo && !isInStep
    }
    // It was run already.
    if past?.results[position] != nil { return machine.resume(frame.fiber, with: .unit) }
    start(closure, arguments, at: position, in: frame, onlyOnFailure: true) { end, _ in
      if case .failure(let failure) = end {
        self.update(item) { $0.note = "could not be planned: \(failure.message)" }
      }
      self.machine.resume(frame.fiber, with: .unit)
    }
  }

  // MARK: The end

  private func conclude(_ end: Result<Value, Failure>, _ bound: Bound) {
    var incomplete: String?
    var status = RunResult.Status.succeeded
    if case .failure(let failure) = end, !isAtEndOfPast {
      incomplete = failure.message
      status = .failed
      if case .world(.unreachable) = failure.kind { status = .unreachable }
    }
    let acts = items.filter { $0.kind == .act || $0.kind == .lock }
    plan = Plan(
      runbook: identity.runbook, items: items, worstCase: bound,
      permissions: Set(acts.flatMap(\.permissions)).sorted(),
      targets: Set(acts.filter { !$0.onlyOnFailure }.compactMap(\.target)).sorted(),
      incomplete: incomplete)
    self.end(status, incomplete)
  }

  private func end(_ status: RunResult.Status, _ message: String?) {
    let result = RunResult(
      status: status, message: message, startedAt: startedAt, endedAt: now)
    self.result = result
    frames = []
    orders.append(.finish(result))
  }
}

extension StepOperands {
  /// A deadline bounds all attempts; without one they add up, with the pauses between them.
  func worstCase(body: Bound, title: String) -> Bound {
    if let within { return Bound(within) }
    var total = Bound(
      body.nanoseconds.multipliedSaturated(Int64(retries).addingSaturated(1)),
      unbounded: body.unbounded + ["step “\(title)”"])
    for attempt in 0..<min(retries, 10_000) {
      total.nanoseconds = total.nanoseconds.addingSaturated(delay(before: attempt + 1))
    }
    return total
  }
}
