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
    case emit, test
    /// A runbook's statements outside its steps.
    case runbook
    case step
    case condition(String)
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

  /// Pass 4. Effects grow along calls until nothing changes; a chain of n functions settles in at
  /// most n rounds, and usually in two, as functions are mostly declared near their callers.
  func checkEffects() {
    var changed = true
    while changed {
      changed = false
      for site in effectSites {
        guard let caller = site.context.function else { continue }
        let effect = program[site.callee].effect
        if effect > program[caller].effect, program[caller].role == .function {
          program.functions[Int(caller.rawValue)].effect = effect
          changed = true
        }
      }
    }
    for site in effectSites {
      let effect = program[site.callee].effect
      guard effect > site.context.allowed else { continue }
      reportEffect(effect, site)
    }
  }

  private func reportEffect(_ effect: Effect, _ site: EffectSite) {
    let name = program[site.callee].name
    if effect == .acts {
      let (place, help): (String, String) =
        switch site.context.place {
        case .runbook:
          ("outside a step", "put it into a step: step \"what it does\" { … }")
        case .condition(let what):
          (
            "in \(what)",
            "a condition may only look at the world; act in a step before it"
          )
        case .definition: ("in a definition", "definitions are computed without touching the world")
        case .emit: ("in an emit", "manifests are computed without touching the world")
        case .test: ("in a test", "a test runs against a simulated world: run a runbook there")
        case .readingFunction: ("in a function that only reads", "declare it `acts fn`")
        case .function, .step: ("here", "move it into a step of a runbook")
        }
      report(
        .actOutsideStep, "`\(name)` acts on the world, \(place)", at: site.span,
        caption: "this changes the world", labels: [Label(program[site.callee].span, "declared here")],
        notes: [
          "an act is journaled and can be undone only inside a `step` or its `undo`"
        ], help: help)
    } else {
      report(
        .effectNotAllowed, "`\(name)` reads the live world, which is not possible here",
        at: site.span, caption: "this looks at the world",
        labels: [Label(program[site.callee].span, "declared here")],
        notes: ["definitions and manifests must be the same on every machine and at any time"],
        help: "read it in a runbook, in a policy's condition, or pass it in with `input`")
    }
  }
}
