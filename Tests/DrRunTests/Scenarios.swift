// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrSema

@testable import DrRun

/// A runbook, a world and people; the name says what is expected of it.
struct Scenario: Sendable, CustomStringConvertible {
  let name: String
  let runbook: @Sendable (Code) -> Void
  let prepare: @Sendable (inout TestHost) -> Void

  init(
    _ name: String, _ runbook: @escaping @Sendable (Code) -> Void,
    _ prepare: @escaping @Sendable (inout TestHost) -> Void = { _ in }
  ) {
    self.name = name
    self.runbook = runbook
    self.prepare = prepare
  }

  var description: String { name }

  var host: TestHost {
    var host = TestHost(ProgramBuilder.runbook(runbook))
    prepare(&host)
    return host
  }
}

extension Code {
  /// A step that sets a number and can take it back.
  func reversible(_ target: String, to value: Int64 = 1, as actClass: String = "apply") {
    step("set \(target)") { step in
      let before = step.let(step.call("set.\(actClass)", target, step.int(value)))
      step.undo { undo in undo.do(undo.call("set.\(actClass)", target, before)) }
    }
  }
}

private let busy = FakeWorld.Trouble.fails(.busy("429"))
private let refused = FakeWorld.Trouble.fails(.refused("forbidden"))
private let unreachable = FakeWorld.Trouble.fails(.unreachable("no route"))

extension Scenario {
  static let all: [Scenario] = steps + undos + conditions + approvals + branches + doubts + locks

  static let steps: [Scenario] = [
    Scenario("evacuation", evacuation) { $0.decisions = ["Shift?": (true, 30)] },
    Scenario("step_succeeds_at_third_attempt") { code in
      code.step("scale", retry: 3, every: 10, backoff: 2) { step in
        step.do(step.call("set.apply", "a", step.int(2)))
      }
    } _: {
      $0.world.troubles = ["perform set.apply a": [busy, unreachable]]
    },
    Scenario("step_gives_up_after_its_attempts") { code in
      code.reversible("a")
      code.step("scale", retry: 2, every: 1) { step in
        step.do(step.call("set.apply", "b", step.int(2)))
      }
    } _: {
      $0.world.troubles = ["observe set.apply b": [busy, busy, busy, busy]]
    },
    Scenario("step_has_no_time_for_another_attempt") { code in
      code.step("scale", within: 15, retry: 9, every: 10) { step in
        step.do(step.call("set.apply", "a", step.int(2)))
      }
    } _: {
      $0.world.troubles = ["perform set.apply a": [busy, busy, busy, busy]]
    },
    Scenario("step_deadline_waits_for_the_act_and_undoes_it") { code in
      code.step("slow", within: 2) { step in
        step.pause(1)
        let before = step.let(step.call("set.apply", "a", step.int(2)))
        step.undo { undo in undo.do(undo.call("set.apply", "a", before)) }
        step.do(step.call("set.apply", "b", step.int(2)))
      }
    },
    Scenario("step_deadline_ends_an_inner_wait") { code in
      code.step("outer", within: 5) { step in
        step.step("inner", retry: 5, every: 1) { inner in
          inner.wait(inner.call("ready", "x", inner.int(100)), within: 60, every: 1)
        }
      }
    },
    Scenario("step_is_skipped") { code in
      code.step("never", if: code.equal(code.call("get", "a"), 7)) { step in
        step.do(step.call("set.apply", "a", step.int(2)))
      }
      code.reversible("b")
    },
    Scenario("step_condition_cannot_be_read") { code in
      code.step("never", if: code.equal(code.call("get", "a"), 7)) { step in
        step.do(step.call("set.apply", "a", step.int(2)))
      }
    } _: {
      $0.world.troubles = ["read get a": [unreachable, unreachable, unreachable]]
    },
    Scenario("step_is_not_retried_when_refused") { code in
      code.step("scale", retry: 3, every: 1) { step in
        step.do(step.call("set.apply", "a", step.int(2)))
      }
    } _: {
      $0.world.troubles = ["observe set.apply a": [refused]]
    },
    Scenario("act_that_must_not_be_done_yet_is_looked_at_again") { code in
      code.step("shift", within: 60) { step in
        step.do(step.call("set.apply", "a", step.int(2)))
      }
    } _: {
      $0.world.troubles = [
        "observe set.apply a": .init(repeating: .hinders("az2 is not healthy"), count: 3)
      ]
    },
    Scenario("act_that_must_not_be_done_is_refused_after_a_while") { code in
      code.reversible("b")
      code.step("shift", within: 60) { step in
        step.do(step.call("set.apply", "a", step.int(2)))
      }
    } _: {
      $0.world.troubles = [
        "observe set.apply a": .init(repeating: .hinders("az2 is not healthy"), count: 1000)
      ]
    },
    Scenario("step_gives_its_value") { code in
      let value = code.let(
        code.stepValue("look") { step in step.give(step.call("get", "a")) })
      code.step("copy") { step in step.do(step.call("set.apply", "b", value)) }
    } _: {
      $0.world.numbers = ["a": 42]
    },
    Scenario("pause_then_fail") { code in
      code.pause(90)
      code.fail("enough")
    },
  ]

  static let undos: [Scenario] = [
    Scenario("undos_run_in_reverse") { code in
      code.reversible("a")
      code.step("two") { step in
        for name in ["b", "c"] {
          step.do(step.call("add.verify", name, step.int(1)))
          step.undo { undo in undo.do(undo.call("add.verify", name, undo.int(-1))) }
        }
      }
      code.fail("changed my mind")
    },
    Scenario("rollback_is_verified") { code in
      code.undo { $0.verify($0.call("ready", "x", $0.int(20)), within: 300) }
      code.reversible("a")
      code.step("b") { step in
        step.do(step.call("add.verify", "b", step.int(1)))
        step.undo { undo in
          undo.do(undo.call("add.verify", "b", undo.int(-1)))
          undo.verify(undo.call("ready", "b", undo.int(0)))
        }
      }
      code.fail("no")
    },
    Scenario("rollback_is_not_verified") { code in
      code.undo { $0.verify($0.call("ready", "x", $0.int(9999)), within: 3, else: "down") }
      code.reversible("a")
      code.fail("no")
    },
    Scenario("undo_failure_does_not_stop_the_rest") { code in
      code.reversible("a")
      code.reversible("b")
      code.fail("no")
    } _: {
      $0.world.troubles = ["observe set.apply b": [], "perform set.apply b": []]
      $0.world.troubles["observe set.apply b"] = [.losesAnswer, refused]
    },
    Scenario("undo_is_tried_again_when_busy") { code in
      code.reversible("a")
      code.fail("no")
    } _: {
      $0.world.troubles = ["observe set.apply a": [.losesAnswer, busy, unreachable]]
    },
    Scenario("failed_undo_of_an_attempt_is_tried_again_at_the_end") { code in
      code.step("outer", retry: 1, every: 1) { step in
        step.do(step.call("add.keyed", "a", step.int(1)))
        step.undo { undo in undo.do(undo.call("add.verify", "b", undo.int(1))) }
        step.do(step.call("set.apply", "c", step.int(1)))
      }
    } _: {
      $0.world.troubles = [
        "observe set.apply c": [busy, busy], "observe add.verify b": [refused],
      ]
    },
    Scenario("act_without_undo_leaves_the_run_failed") { code in
      code.reversible("a")
      code.step("notify") { step in step.do(step.call("add.keyed", "mail", step.int(1))) }
      code.fail("no")
    },
    Scenario("keyed_act_done_again_after_its_undo_has_a_new_key") { code in
      code.step("credit", retry: 1, every: 1) { step in
        step.do(step.call("add.keyed", "a", step.int(5)))
        step.undo { undo in undo.do(undo.call("add.keyed", "a", undo.int(-5))) }
        step.do(step.call("set.apply", "b", step.int(1)))
      }
      code.fail("no")
    } _: {
      $0.world.troubles = ["observe set.apply b": [busy]]
    },
    Scenario("handlers_run_after_the_undos") { code in
      code.onFailure { handler in
        handler.step("tell") { step in step.do(step.call("add.keyed", "mail", step.int(1))) }
      }
      code.reversible("a")
      code.fail("no")
    },
    Scenario("nested_run_is_undone_with_what_is_around_it") { code in
      code.run("inner") { inner in inner.reversible("a") }
      code.reversible("b")
      code.fail("no")
    },
    Scenario("nested_run_unwinds_itself_and_its_step_tries_again") { code in
      code.step("outer", retry: 1, every: 5) { step in
        step.run("inner") { inner in
          inner.onFailure { handler in
            handler.step("tell") { $0.do($0.call("add.keyed", "mail", $0.int(1))) }
          }
          inner.reversible("a")
          inner.reversible("b")
        }
      }
    } _: {
      $0.world.troubles = ["observe set.apply b": [unreachable]]
    },
  ]

  static let conditions: [Scenario] = [
    Scenario("require_fails_before_anything") { code in
      code.require(code.equal(code.call("get", "a"), 1), else: "a is not one")
      code.reversible("b")
    },
    Scenario("require_finds_nobody") { code in
      code.require(code.equal(code.call("get", "a"), 1))
    } _: {
      $0.world.troubles = ["read get a": [unreachable, unreachable, unreachable]]
    },
    Scenario("wait_misses_its_deadline") { code in
      code.reversible("a")
      code.wait(code.call("ready", "x", code.int(100)), within: 7, every: 3)
    },
    Scenario("wait_survives_failing_reads") { code in
      code.wait(code.call("ready", "x", code.int(1)), within: 20)
    } _: {
      $0.world.troubles = ["read ready x": [unreachable, refused, busy]]
    },
    Scenario("verify_once_fails_and_unwinds") { code in
      code.reversible("a")
      code.verify(code.equal(code.call("get", "b"), 1), else: "b is not one")
    },
    Scenario("verify_polls_within_its_time") { code in
      code.verify(code.call("ready", "x", code.int(5)), within: 20)
    },
  ]

  static let approvals: [Scenario] = [
    Scenario("approval_declined") { code in
      code.reversible("a")
      code.approve("Go?", within: 60, otherwise: "continue")
    } _: {
      $0.decisions = ["Go?": (false, 5)]
    },
    Scenario("approval_unanswered_aborts") { code in
      code.approve("Go?", within: 60)
    },
    Scenario("approval_unanswered_continues") { code in
      code.approve("Go?", within: 60, otherwise: "continue")
      code.reversible("a")
    },
    Scenario("approval_at_the_deadline_is_late") { code in
      code.approve("Go?", within: 60)
    } _: {
      $0.decisions = ["Go?": (true, 60)]
    },
  ]

  static let branches: [Scenario] = [
    Scenario("parallel_keeps_its_limit") { code in
      code.step("warm up") { step in
        step.parallel(
          limit: 2,
          (0..<5).map { index in
            { branch in branch.do(branch.call("set.apply", "p\(index)", branch.int(1))) }
          })
      }
    },
    Scenario("parallel_branch_fails_and_the_others_end") { code in
      code.step("all") { step in
        step.parallel(
          limit: 2,
          (0..<4).map { index in
            { branch in
              branch.do(branch.call("add.verify", "p\(index)", branch.int(1)))
              branch.undo { $0.do($0.call("add.verify", "p\(index)", $0.int(-1))) }
              branch.do(branch.call("set.apply", "q\(index)", branch.int(1)))
            }
          })
      }
    } _: {
      $0.world.troubles = ["observe set.apply q1": [refused]]
    },
    Scenario("parallel_steps_retry_each_by_itself") { code in
      code.parallel(
        (0..<3).map { index in
          { branch in
            branch.step("b\(index)", within: 30, retry: 2, every: 3) { step in
              step.do(step.call("add.keyed", "p\(index)", step.int(1)))
              step.undo { $0.do($0.call("add.keyed", "p\(index)", $0.int(-1))) }
              step.wait(step.call("ready", "p\(index)", step.int(4)), within: 2, every: 1)
            }
          }
        })
    },
  ]

  static let doubts: [Scenario] = [
    Scenario("lost_answer_is_found_done") { code in
      code.step("pay") { $0.do($0.call("add.verify", "a", $0.int(1))) }
    } _: {
      $0.world.troubles = ["perform add.verify a": [.losesAnswer]]
    },
    Scenario("lost_request_is_performed_again") { code in
      code.step("pay") { $0.do($0.call("add.verify", "a", $0.int(1))) }
    } _: {
      $0.world.troubles = ["perform add.verify a": [.losesRequest]]
    },
    Scenario("lost_answer_of_apply_is_repeated") { code in
      code.step("scale") { $0.do($0.call("set.apply", "a", $0.int(1))) }
    } _: {
      $0.world.troubles = ["perform set.apply a": [.losesAnswer]]
    },
    Scenario("lost_answer_of_keyed_is_repeated_under_its_key") { code in
      code.step("pay") { $0.do($0.call("add.keyed", "a", $0.int(1))) }
    } _: {
      $0.world.troubles = ["perform add.keyed a": [.losesAnswer]]
    },
    Scenario("lost_answer_of_once_pauses_and_asks") { code in
      code.step("pay") { $0.do($0.call("add.once", "a", $0.int(1))) }
    } _: {
      $0.world.troubles = ["perform add.once a": [.losesAnswer]]
    },
    Scenario("act_in_doubt_in_a_silent_world_pauses") { code in
      code.step("pay") { $0.do($0.call("add.verify", "a", $0.int(1))) }
    } _: {
      $0.world.troubles = [
        "perform add.verify a": [.losesAnswer],
        "settle add.verify a": Array(repeating: unreachable, count: 5),
      ]
    },
    Scenario("requests_lost_for_ever_fail_the_step") { code in
      code.step("pay") { $0.do($0.call("add.verify", "a", $0.int(1))) }
    } _: {
      $0.world.troubles = [
        "perform add.verify a": [.losesRequest, .losesRequest, .losesRequest, .losesRequest]
      ]
    },
    Scenario("interruption_waits_for_the_act_in_flight") { code in
      code.step("two") { step in
        step.do(step.call("add.verify", "a", step.int(1)))
        step.undo { $0.do($0.call("add.verify", "a", $0.int(-1))) }
        step.do(step.call("add.verify", "b", step.int(1)))
      }
      code.pause(9)
    } _: {
      $0.interruptAt = 1
    },
  ]

  static let locks: [Scenario] = [
    Scenario("lock_is_renewed_and_given_back") { code in
      code.lock("deepseek", for: 30)
      code.reversible("a")
      code.pause(25)
      code.lock("deepseek", for: 30)
      code.reversible("b")
    },
    Scenario("lock_held_by_somebody_else") { code in
      code.lock("deepseek", for: 30)
      code.reversible("a")
    } _: {
      $0.world.holders = ["deepseek": "r0"]
    },
    Scenario("lock_is_given_back_after_a_failure") { code in
      code.lock("deepseek", for: 30)
      code.reversible("a")
      code.fail("no")
    },
    Scenario("lock_lost_stops_the_run") { code in
      code.lock("deepseek", for: 30)
      code.reversible("a")
      code.pause(20)
      code.reversible("b")
    } _: {
      $0.world.troubles = ["perform lock.renew deepseek": [.fails(.held("held by r2"))]]
    },
    Scenario("lock_that_cannot_be_renewed_holds_the_next_act") { code in
      code.lock("deepseek", for: 30)
      code.pause(28)
      code.reversible("a")
    } _: {
      $0.world.troubles = [
        "observe lock.renew deepseek": Array(repeating: unreachable, count: 18)
      ]
    },
  ]
}
