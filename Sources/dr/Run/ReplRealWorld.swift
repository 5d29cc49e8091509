// SPDX-License-Identifier: Apache-2.0

import Dispatch
import DrBase
import DrData
import DrHost
import DrRun
import Synchronization

/// The real world for the prompt, which waits for every answer.
struct ReplRealWorld: ReplWorld {
  private let world: RealWorld

  init(_ world: RealWorld) { self.world = world }

  func answer(
    _ call: WorldCall, _ phase: CallPhase, until isInterrupted: () -> Bool
  ) -> Result<Document, WorldFailure> {
    let box = AnswerBox()
    let task = Task { [world] in box.put(await world.answer(call, phase)) }
    while !box.wait(milliseconds: 50) {
      // The task ends as a failure; an act that was sent says that it is in doubt.
      if isInterrupted() { task.cancel() }
    }
    return box.taken ?? .failure(.busy("\(call.name) was given up"))
  }

  func close() {
    let done = DispatchSemaphore(value: 0)
    Task { [world] in
      await world.shutdown()
      done.signal()
    }
    _ = done.wait(timeout: .now() + .seconds(2))
  }
}

/// One answer on its way from a task to the thread that waits for it.
private final class AnswerBox: Sendable {
  private let answer = Mutex<Result<Document, WorldFailure>?>(nil)
  private let arrived = DispatchSemaphore(value: 0)

  func put(_ result: Result<Document, WorldFailure>) {
    answer.withLock { $0 = result }
    arrived.signal()
  }

  func wait(milliseconds: Int) -> Bool {
    arrived.wait(timeout: .now() + .milliseconds(milliseconds)) == .success
  }

  var taken: Result<Document, WorldFailure>? { answer.withLock { $0 } }
}

func makeReplWorld() -> Result<any ReplWorld, ReplWorldRefusal> {
  do throws(Diagnostic) {
    let options = RealWorld.Options(kubeconfig: try KubeconfigSource.standard(given: nil).load())
    return .success(ReplRealWorld(RealWorld(options)))
  } catch {
    return .failure(ReplWorldRefusal(message: error.message))
  }
}
