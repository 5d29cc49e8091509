// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

/// What is sent to run a program in a container, and what the ends of it mean.
@Suite("Programs in containers") struct KubeExecTests {
  private let path = "/api/v1/namespaces/n/pods/p"
  private let order =
    "GET /api/v1/namespaces/n/pods/p/exec?command=nginx&command=-s&command=a b&container=server"
    + "&stdout=true&stderr=true within 60s"
  private let asking =
    "GET /api/v1/namespaces/n/pods/p/exec?command=test&command=-e&command=/done&container=server"
    + "&stdout=true&stderr=true within 60s"

  private func run(
    _ turns: [Transcript.Turn], _ phase: CallPhase, container: Document = "server",
    done: Document = [], status: Document = 0
  ) -> Transcript.End {
    Transcript(turns).run(
      "kube.exec",
      [
        "cluster": "a", "namespace": "n", "pod": "p", "container": container,
        "command": ["nginx", "-s", "a b"], "done": done, "status": status,
        "timeout": 60_000_000_000,
      ], phase)
  }

  private func pod(_ phase: String = "Running", _ names: [String] = ["server"]) -> String {
    let containers = names.map { #"{"name":"\#($0)"}"# }.joined(separator: ",")
    return
      #"{"spec":{"nodeName":"az1-0","containers":[\#(containers)]},"status":{"phase":"\#(phase)"}}"#
  }

  private func ended(
    _ status: String, output: String = "", errors: String = "", dropped: Int = 0
  ) -> Reply.Answer {
    var execution = Reply.Execution()
    execution.output = Array(output.utf8)
    execution.errors = Array(errors.utf8)
    execution.dropped = dropped
    execution.status = Array(status.utf8)
    return .executed(execution)
  }

  private let success = #"{"metadata":{},"status":"Success"}"#

  private func exit(_ code: Int) -> String {
    #"{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code","#
      + #""reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"\#(code)"}]}}"#
  }

  private func broken(_ message: String) -> String {
    #"{"status":"Failure","message":"\#(message)","reason":"InternalError","code":500}"#
  }

  private var phase: CallPhase {
    .perform(
      observed: observed(["node": "az1-0", "container": "server", "done": false], .null))
  }

  private func end(_ answer: Reply.Answer, status: Document = 0) -> Transcript.End {
    run([Transcript.Turn(order: order, reply: answer)], phase, status: status)
  }

  @Test("what it touches and needs is told before, as is a pod or container that is not there")
  func observes() {
    #expect(
      run([turn("GET \(path)", 200, pod())], .observe)
        == .finish([
          "target": "pods/p in n", "changes": ["runs nginx -s 'a b' in container server"],
          "permissions": ["get pods in n", "create pods/exec in n", "get pods/exec in n"],
          "state": ["node": "az1-0", "container": "server", "done": false],
          "result": ["status": 0, "output": "", "errors": "", "dropped": 0],
        ]))
    #expect(
      run([turn("GET \(path)", 404)], .observe) == .fail(.refused("pod p in n does not exist")))
    #expect(
      run([turn("GET \(path)", 200, pod("Pending"))], .observe)
        == .fail(.refused("nothing runs in pod p in n: it is Pending")))
    #expect(
      run([turn("GET \(path)", 200, pod())], .observe, container: "other")
        == .fail(.refused("pod p in n has no container other, only server")))
    #expect(
      run([turn("GET \(path)", 200, pod("Running", ["x", "y"]))], .observe, container: "")
        == .fail(.refused("pod p in n has several containers, one must be named: x, y")))
  }

  @Test("how it ended is read from the Status, and the wanted status decides")
  func ends() {
    #expect(
      end(ended(success, output: "ok\n", errors: "w", dropped: 7))
        == .finish(["status": 0, "output": "ok\n", "errors": "w", "dropped": 7]))
    #expect(
      end(ended(exit(3), errors: "first\nno such unit\n"))
        == .fail(.refused("nginx -s 'a b' ends with 3, not 0: no such unit")))
    #expect(
      end(ended(exit(3)), status: 3)
        == .finish(["status": 3, "output": "", "errors": "", "dropped": 0]))
    #expect(end(ended(success), status: 3) == .fail(.refused("nginx -s 'a b' ends with 0, not 3")))
  }

  @Test(
    "whether it was begun decides between a failure and doubt",
    arguments: [
      (
        #"error executing command in container: exec failed: "nginx": executable file not found"#,
        "refused"
      ),
      ("container not found", "refused"),
      ("error sending request: Post https://10.0.0.1:10250: dial tcp: i/o timeout", "unreachable"),
      ("error reading from error stream: EOF", "inDoubt"),
    ])
  func begun(_ message: String, _ kind: String) {
    for answer in [
      ended(broken(message.replacing("\"", with: "\\\""))),
      .response(
        status: 500, headers: [], body: Array(broken(message.replacing("\"", with: "\\\"")).utf8)),
    ] {
      guard case .fail(let failure) = end(answer) else {
        Issue.record("no failure")
        return
      }
      #expect("\(failure)".hasPrefix(kind))
      #expect(failure.message.contains(message))
      #expect(failure.message.hasPrefix("cannot run a program in pod p in n: "))
      if kind == "unreachable" {
        #expect(failure.message.contains("the kubelet of node az1-0 cannot be reached"))
      }
    }
  }

  @Test("nothing is sent twice: what is lost is in doubt, what was not sent is not")
  func lost() {
    #expect(
      end(.failure(.lostAnswer("reset")))
        == .fail(.inDoubt("cannot run a program in pod p in n: reset")))
    #expect(end(.failure(.notSent("refused"))) == .fail(.unreachable("refused")))
    #expect(
      end(ended("no JSON"))
        == .fail(.inDoubt("cannot run a program in pod p in n: how it ended was not told")))
    #expect(
      end(
        .response(
          status: 403, headers: [],
          body: Array(#"{"message":"pods \"p\" is forbidden","reason":"Forbidden"}"#.utf8)))
        == .fail(
          .refused(#"cannot run a program in pod p in n: pods "p" is forbidden (403 Forbidden)"#)))
    guard case .fail(.busy) = end(.response(status: 429, headers: [], body: [])) else {
      Issue.record("429 is not busy")
      return
    }
    guard case .fail(.inDoubt) = end(.response(status: 504, headers: [], body: [])) else {
      Issue.record("a gateway's timeout is no doubt")
      return
    }
  }

  @Test("a program that tells is asked before and after; without one a person is")
  func marker() {
    let done: Document = ["test", "-e", "/done"]
    func asked(_ answer: Reply.Answer) -> Transcript.Turn {
      Transcript.Turn(order: asking, reply: answer)
    }
    let state: Document = ["node": "az1-0", "container": "server", "done": false]
    let result: Document = ["status": 0, "output": "", "errors": "", "dropped": 0]
    guard
      case .finish(let observation) = run(
        [turn("GET \(path)", 200, pod()), asked(ended(success))], .observe, done: done)
    else {
      Issue.record("it is refused")
      return
    }
    #expect(observation["changes"] == [] && observation["state"]?["done"] == true)
    #expect(run([], .perform(observed: observation), done: done) == .finish(result))
    let settle = CallPhase.settle(observed: observed(state, result))
    #expect(run([asked(ended(success))], settle, done: done) == settled("done", result))
    #expect(run([asked(ended(exit(1)))], settle, done: done) == settled("not_done"))
    #expect(
      run([asked(.failure(.lostAnswer("reset")))], settle, done: done)
        == .fail(.unreachable("cannot run a program in pod p in n: reset")))
    #expect(run([], settle) == settled("unknown"))
  }

  @Test("a command is a program and its arguments")
  func mismatch() {
    #expect(
      Transcript([]).run(
        "kube.exec",
        [
          "cluster": "a", "namespace": "n", "pod": "p", "container": "", "command": [""],
          "done": [], "status": 0, "timeout": 1,
        ], .observe)
        == .fail(
          .refused("kube.exec: the argument `command` must be a program and its arguments")))
  }
}
