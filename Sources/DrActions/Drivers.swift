// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// All actions by name, and calls turned into exchanges.
package enum Drivers {
  /// Sorted by name; a test holds it equal to docs/drivers.md.
  private static let actions: [any Action.Type] = [
    AlertmanagerExpire.self,
    AlertmanagerSilence.self,
    DNSSetWeights.self,
    DNSWeights.self,
    GslbSetWeights.self,
    GslbWeights.self,
    HAProxySetWeights.self,
    HAProxySuccessRate.self,
    HAProxyWeights.self,
    HTTPGet.self,
    HTTPPost.self,
    InferenceGenerate.self,
    InferenceIdentity.self,
    InferenceLoad.self,
    InferenceLoadAdapter.self,
    InferencePause.self,
    InferenceResume.self,
    InferenceServing.self,
    InferenceSleep.self,
    InferenceUnloadAdapter.self,
    InferenceWake.self,
    KubeAllowed.self,
    KubeAnnotate.self,
    KubeApply.self,
    KubeObjectCondition.self,
    KubeCordon.self,
    KubeDelete.self,
    KubeDrain.self,
    KubeEvict.self,
    KubeExec.self,
    KubeForward.self,
    KubeFree.self,
    KubeLabel.self,
    KubeLogs.self,
    KubeNodes.self,
    KubePatch.self,
    KubePods.self,
    KubeReachable.self,
    KubeReplicas.self,
    KubeRestart.self,
    KubeRollout.self,
    KubeRolloutUndo.self,
    KubeScale.self,
    KubeUncordon.self,
    LockAcquire.self,
    LockRelease.self,
    LockRenew.self,
    NotifySend.self,
    ProbeSuccessRate.self,
    PrometheusQuery.self,
    ProviderSetWeights.self,
    ProviderWeights.self,
    RegistryCopy.self,
    RegistryDigest.self,
    RouteSetWeights.self,
    RouteWeights.self,
    ShellRun.self,
  ]

  /// Of every native function with an effect, sorted.
  package static var names: [String] { actions.map { $0.name } }

  /// Whether the function acts; `nil` where there is none of that name.
  package static func acts(_ name: String) -> Bool? {
    actions.first { $0.name == name }.map { $0 is any Act.Type }
  }

  /// The conversation that answers `phase` of `call`. Its document is as `CallPhase` says: the
  /// result, an `Observation`, or `{ "state": …, "result": … }`.
  package static func exchange(
    for call: WorldCall, phase: CallPhase
  ) throws(WorldFailure) -> any Exchange {
    guard let type = actions.first(where: { $0.name == call.name }) else {
      throw .unavailable("no driver is called \(call.name)")
    }
    let action = try type.init(Arguments(call))
    switch (action, phase) {
    case (let read as any Read, .read):
      return FlowExchange(read.read())
    case (let act as any Act, .observe):
      return FlowExchange(act.observe().map(\.document))
    case (let act as any Act, .perform(let observed)):
      return FlowExchange(act.perform(try observation(observed, call)))
    case (let act as any Act, .settle(let observed)):
      return FlowExchange(act.settle(try observation(observed, call)).map(\.document))
    case (_, .read), (_, .observe), (_, .perform), (_, .settle):
      throw .unavailable("\(call.name) cannot be asked that way")
    }
  }

  private static func observation(
    _ document: Document, _ call: WorldCall
  ) throws(WorldFailure) -> Observation {
    guard let observation = Observation(document) else {
      throw .refused("\(call.name): what was observed before is not of this version's shape")
    }
    return observation
  }
}
