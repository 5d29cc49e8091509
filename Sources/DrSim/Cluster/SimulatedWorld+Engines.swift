// SPDX-License-Identifier: Apache-2.0
//
// Engines that stall or sleep while their process answers.

import DrRun

extension SimulatedWorld {
  /// Pods of a service in a zone, or in all, that are not gone.
  func pods(of service: String, inZoneLabelled zone: String?) -> [Int] {
    deployments.filter {
      services[$0.service].spec.label == service && (zone == nil || zones[$0.zone].label == zone)
    }.flatMap(\.pods)
  }

  /// Sets what an engine does; checks that generate find out.
  func setEngine(_ engine: PodState.Engine, of pod: Int) {
    pods[pod].engine = engine
    guard spec(ofPod: pod).checksGenerate, let probe = spec(ofPod: pod).ready else { return }
    pods[pod].epoch += 1
    let timing = ProbeTiming(probe: probe, startedAt: pods[pod].startedAt)
    let epoch = pods[pod].epoch
    if engine == .runs {
      later(.ready(pod: pod, epoch: epoch), at: timing.firstCheck(from: now))
    } else {
      later(.unready(pod: pod, epoch: epoch), at: timing.failure(from: now))
    }
  }

  /// How long an engine takes to wake up, in nanoseconds. Level 0 keeps all in memory. Level 1: 0.1 s to 6 s by the size of the model
  /// (blog.vllm.ai, 2025-10-26); level 2 reads the weights again.
  func wakeTime(_ pod: Int) -> Int64 {
    guard case .asleep(let level) = pods[pod].engine else { return Latency.socket }
    switch level {
    case 0: return Latency.socket
    case 1: return Published.wakeTime
    case _: return Second.sum(Published.wakeTime, spec(ofPod: pod).weights?.startTime ?? 0)
    }
  }
}
