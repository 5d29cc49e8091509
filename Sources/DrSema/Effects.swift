// SPDX-License-Identifier: Apache-2.0

import DrBase

/// One call, with what is allowed where it stands.
struct EffectSite {
  /// Where code stands, as far as effects go.
  enum Place {
    /// A top-level value, a field of a block, a default, a constraint.
    case definition
    /// A function's body: any effect, which becomes the function's own.
    case function
    /// A function declared `reads fn` or `fn` in a pure role.
    case readingFunction
    case emit, rule, test
    /// A runbook's statements outside its steps.
    case runbook
    case step
    case condition(String)
    /// A lambda, or a function that is passed on by its name: who calls it, and when, is not known.
    case value

    var isDefinition: Bool { if case .definition = self { true } else { false } }
  }

  struct Context {
    /// The function whose effect a call adds to.
    var function: FunctionID?
    var allowed: Effect
    var place: Place
  }

  let callee: FunctionID
  let context: Context
  let span: Span
}

extension Checker {
  func recordCall(_ callee: FunctionID, at span: Span) {
    effectSites.append(EffectSite(callee: callee, context: site, span: span))
  }

  /// A function that is passed on instead of called may look at the world where that is allowed,
  /// and never acts: a value can outlive the step that it was made in.
  func asValue<T>(_ body: () -> T) -> T { allowing(min(site.allowed, .reads), .value, body) }

  /// The natives that a function can come to, whatever its conditions: `kube.scale`. Sorted. A
  /// `lock` statement comes to `lock.acquire`.
  package func natives(reachableFrom function: FunctionID) -> [String] {
    natives(reachableFrom: [function])
  }

  /// The same for code that stands at these places.
  package func natives(within spans: [Span]) -> [String] {
    let called = effectSites.filter { site in
      spans.contains {
        $0.file == site.span.file && $0.start <= site.span.start && site.span.end <= $0.end
      }
    }
    return natives(reachableFrom: called.map(\.callee))
  }

  func natives(reachableFrom functions: [FunctionID]) -> [String] {
    var callees: [FunctionID: [FunctionID]] = [:]
    for site in effectSites {
      if let caller = site.context.function { callees[caller, default: []].append(site.callee) }
    }
    var seen = Set(functions)
    var waiting = functions
    var names: Set<String> = []
    while let next = waiting.popLast() {
      if case .native(let name, _) = program[next].body, program[next].effect > .pure {
        names.insert(name)
      }
      if lockingFunctions.contains(next) { names.insert("lock.acquire") }
      for callee in callees[next] ?? [] where seen.insert(callee).inserted {
        waiting.append(callee)
      }
    }
    return names.sorted()
  }

  /// Pass 4. Effects grow from callees to callers, each function at most twice; then every call is
  /// compared with what its place allows.
  func checkEffects() {
    var callers: [FunctionID: [FunctionID]] = [:]
    for site in effectSites {
      guard let caller = site.context.function, program[caller].role == .function else { continue }
      callers[site.callee, default: []].append(caller)
    }
    var waiting = callers.keys.filter { program[$0].effect > .pure }
      .sorted { $0.rawValue < $1.rawValue }
    var next = 0
    while next < waiting.count {
      let callee = waiting[next]
      next += 1
      let effect = program[callee].effect
      for caller in callers[callee] ?? [] where effect > program[caller].effect {
        program.functions[Int(caller.rawValue)].effect = effect
        effectCause[caller] = callee
        waiting.append(caller)
      }
    }
    compareEffects(from: 0)
  }

  /// Reports the calls, from that number on, whose effect their place does not allow.
  func compareEffects(from first: Int) {
    for site in effectSites[first...] {
      let effect = program[site.callee].effect
      guard effect > site.context.allowed else { continue }
      reportEffect(effect, site)
    }
  }

  private func reportEffect(_ effect: Effect, _ site: EffectSite) {
    let name = program[site.callee].name
    let declared = Label(program[site.callee].span, "declared here")
    guard effect == .acts else {
      report(
        .effectNotAllowed, "`\(name)` reads the live world, which is not possible here",
        at: site.span, caption: "this looks at the world", labels: [declared],
        notes: ["definitions and manifests must be the same on every machine and at any time"]
          + wayToEffect(site.callee),
        help: "read it in a runbook, in a policy's condition, or pass it in with `input`")
      return
    }
    let (place, help) = placeOfAct(site.context.place)
    report(
      .actOutsideStep, "`\(name)` acts on the world, \(place)", at: site.span,
      caption: "this changes the world", labels: [declared],
      notes: ["an act is journaled and can be undone only inside a `step` or its `undo`"]
        + wayToEffect(site.callee),
      help: help)
  }

  private func placeOfAct(_ place: EffectSite.Place) -> (place: String, help: String) {
    switch place {
    case .runbook: ("outside a step", "put it into a step: step \"what it does\" { … }")
    case .condition(let what):
      ("in \(what)", "a condition may only look at the world; act in a step before it")
    case .definition:
      ("in a definition", "definitions never touch the world; act in a step of a runbook")
    case .emit: ("in an emit", "manifests never touch the world; act in a step of a runbook")
    case .rule: ("in a rule", "rules only look at the program; act in a step of a runbook")
    case .test: ("in a test", "a test only looks at a simulated world; act in a step of a runbook")
    case .readingFunction: ("in a function that only reads", "declare it `acts fn`")
    case .value:
      ("in a function that is passed on", "use a `for` loop in the step, and call it there")
    case .function, .step: ("here", "move it into a step of a runbook")
    }
  }

  /// Through which calls a function that declares no effect comes to it.
  func wayToEffect(_ function: FunctionID) -> [String] {
    var names = ["`\(program[function].name)`"]
    var current = function
    while let cause = effectCause[current], names.count < 8 {
      names.append("`\(program[cause].name)`")
      current = cause
    }
    return names.count > 1 ? ["through the calls \(names.joined(separator: " → "))"] : []
  }
}
