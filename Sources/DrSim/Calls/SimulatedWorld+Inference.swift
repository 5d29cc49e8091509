// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

extension SimulatedWorld {
  /// The pod at an address such as `http://10.0.0.1:5000`.
  private func pod(at url: String) -> Int? {
    pods.indices.last { pod in
      guard pods[pod].stage != .gone, pods[pod].node != nil else { return false }
      return url == "http://\(address(ofPod: pod)):\(spec(ofPod: pod).port)"
    }
  }

  /// A server answers at once or refuses the connection at once. Where no machine is left to refuse it
  /// the connection is given up, and where its process hangs the whole timeout passes.
  func inferenceLatency(_ call: WorldCall) -> Int64 {
    let timeout = max(1, call.arguments["timeout"]?.intValue ?? 0)
    guard let url = call.arguments["url"]?.stringValue, let pod = pod(at: url), isOnLiveNode(pod)
    else { return min(Latency.connection, timeout) }
    guard !isMute(pod) else { return timeout }
    if call.name == "inference.wake" || call.name == "inference.resume" {
      return min(wakeTime(pod), timeout)
    }
    let far = zones[deployments[pods[pod].deployment].zone].latency
    return min(Second.sum(serves(pod) ? Latency.generation : Latency.socket, far), timeout)
  }

  func isServing(_ arguments: CallArguments) throws(WorldFailure) -> Bool {
    let model = try arguments.text("model")
    let timeout = try arguments.int("timeout")
    guard let pod = pod(at: try arguments.text("url")) else { return false }
    return serves(pod) && !deployments[pods[pod].deployment].looksBad
      && isServed(model, by: pod) && timeout >= generationTime(pod)
  }

  /// From a request to its answer.
  private func generationTime(_ pod: Int) -> Int64 {
    Second.sum(Latency.generation, zones[deployments[pods[pod].deployment].zone].latency)
  }

  /// Any model will do where none is named.
  private func isServed(_ model: String, by pod: Int) -> Bool {
    model.isEmpty || spec(ofPod: pod).weights?.model == model
  }

  func generate(_ arguments: CallArguments) throws(WorldFailure) -> SimulatedAct {
    let url = try arguments.text("url")
    let model = try arguments.text("model")
    let most = try arguments.int("max_tokens", atLeast: 1)
    return SimulatedAct(
      observe: { () throws(WorldFailure) in
        Observation(
          target: url, changes: ["generates up to \(most) tokens"], permissions: [],
          state: .null, result: "")
      },
      perform: { (_) throws(WorldFailure) in
        let timeout = arguments.call.arguments["timeout"]?.intValue ?? .max
        guard let pod = self.pod(at: url), self.serves(pod), self.generationTime(pod) <= timeout
        else {
          throw .unreachable("\(url) does not answer")
        }
        guard self.isServed(model, by: pod) else {
          throw .refused("\(url) does not serve \(model)")
        }
        return "pong"
      },
      isDone: { (_) throws(WorldFailure) in false })
  }

  // MARK: The engine's own endpoints

  /// The pod whose server answers at an address, whatever its engine does.
  private func server(at url: String) throws(WorldFailure) -> Int {
    guard let pod = pod(at: url), answersChecks(pod), !isMute(pod) else {
      throw .unreachable("\(url) does not answer")
    }
    return pod
  }

  /// Requests are not counted one by one here: an engine has none between two looks.
  func engineLoad(_ arguments: CallArguments) throws(WorldFailure) -> Document {
    _ = try server(at: try arguments.text("url"))
    return ["running": 0, "waiting": 0, "cache": 0]
  }

  func identity(_ arguments: CallArguments) throws(WorldFailure) -> Document {
    let service = spec(ofPod: try server(at: try arguments.text("url")))
    let models: [Document] = service.weights.map { [.string($0.model)] } ?? []
    return [
      "models": .array(models), "longest": 0, "engine": "", "version": "", "from": "",
      "revision": "",
    ]
  }

  /// Puts an engine to sleep or wakes it up, and gives whether it slept before. One that is paused
  /// sleeps at level 0, with all in memory.
  func setSleep(
    _ arguments: CallArguments, level: Int64?, change: String
  ) throws(WorldFailure) -> SimulatedAct {
    let url = try arguments.text("url")
    let timeout = try arguments.int("timeout")
    return SimulatedAct(
      observe: { () throws(WorldFailure) in
        let slept = self.pods[try self.server(at: url)].engine.isAsleep
        return Observation(
          target: url, changes: slept == (level != nil) ? [] : [change], permissions: [],
          state: .null, result: .bool(slept))
      },
      perform: { (observed) throws(WorldFailure) in
        let pod = try self.server(at: url)
        guard level != nil || self.wakeTime(pod) <= timeout else {
          throw .unreachable("\(url) does not wake up in time")
        }
        self.setEngine(level.map { .asleep(level: $0) } ?? .runs, of: pod)
        return observed.result
      },
      isDone: { (_) throws(WorldFailure) in
        self.pods[try self.server(at: url)].engine.isAsleep == (level != nil)
      })
  }
}
