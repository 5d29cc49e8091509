// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrActions
import DrBase
import DrData
import DrHost
import DrImport

/// What people keep in a namespace of a cluster, read for an import.
struct LiveObjects {
  var objects: [Document] = []
  var context = ""
  var version: String?
  var zones: [String] = []
  var pools: [NodePoolFacts] = []

  /// Kinds that people write. Where a cluster knows a kind in several versions, the first of these.
  private static let kinds: [[(apiVersion: String, kind: String)]] = [
    [("apps/v1", "Deployment")], [("apps/v1", "StatefulSet")], [("apps/v1", "DaemonSet")],
    [("batch/v1", "CronJob"), ("batch/v1beta1", "CronJob")], [("batch/v1", "Job")],
    [("v1", "Service")], [("v1", "ConfigMap")], [("v1", "Secret")],
    [("v1", "PersistentVolumeClaim")], [("v1", "ServiceAccount")],
    [
      ("autoscaling/v2", "HorizontalPodAutoscaler"),
      ("autoscaling/v2beta2", "HorizontalPodAutoscaler"),
    ],
    [("policy/v1", "PodDisruptionBudget"), ("policy/v1beta1", "PodDisruptionBudget")],
    [("networking.k8s.io/v1", "Ingress")], [("networking.k8s.io/v1", "NetworkPolicy")],
    [("rbac.authorization.k8s.io/v1", "Role")], [("rbac.authorization.k8s.io/v1", "RoleBinding")],
  ]

  /// Fails with status 3 when the cluster does not answer. Secrets are read only when they are wanted:
  /// otherwise they never leave the cluster.
  static func read(
    namespace: String, context: String?, kubeconfig: String?, withSecrets: Bool
  ) async throws -> LiveObjects {
    var live = LiveObjects()
    let world: RealWorld
    do throws(Diagnostic) {
      let config = try KubeconfigSource.standard(given: kubeconfig).load()
      live.context = try config.destination(cluster: "", chosen: context).context
      var options = RealWorld.Options(kubeconfig: config)
      options.context = context
      world = RealWorld(options)
    } catch {
      Console.write("\(error.message)\n", to: .error)
      throw ExitCode(3)
    }
    do throws(ClusterFailure) {
      try await live.readAll(namespace, withSecrets: withSecrets, world)
    } catch {
      Console.write("\(error.message)\n", to: .error)
      await world.shutdown()
      throw ExitCode(error.isUnreachable ? 3 : 1)
    }
    await world.shutdown()
    return live
  }

  private mutating func readAll(
    _ namespace: String, withSecrets: Bool, _ world: RealWorld
  ) async throws(ClusterFailure) {
    let cluster = ClusterObjects(cluster: context, agent: "dr/\(Version.text)")
    func ask<Value>(_ flow: Flow<Value>) async throws(ClusterFailure) -> Value {
      switch await world.carryOut(flow) {
      case .success(let value): return value
      case .failure(let failure): throw ClusterFailure(failure)
      }
    }
    version = try await ask(cluster.version())
    for versions in Self.kinds where withSecrets || versions[0].kind != "Secret" {
      for (apiVersion, kind) in versions {
        let items = try await ask(
          cluster.list(apiVersion: apiVersion, kind: kind, namespace: namespace))
        objects += items.map { Self.typed($0, apiVersion, kind) }
        if !items.isEmpty { break }
      }
    }
    readNodes(try await ask(cluster.nodes()))
  }

  /// The items of a list do not say what they are.
  private static func typed(_ item: Document, _ apiVersion: String, _ kind: String) -> Document {
    guard case .object(let object) = item else { return item }
    let head = DocumentObject([("apiVersion", .string(apiVersion)), ("kind", .string(kind))])
    return .object(
      DocumentObject((head.members + object.members).map { ($0.name, $0.value) }))
  }

  /// Nodes of one zone and size are a pool.
  private mutating func readNodes(_ nodes: [NodeFacts]) {
    for node in nodes where !node.zone.isEmpty {
      if !zones.contains(node.zone) { zones.append(node.zone) }
      let index = pools.firstIndex {
        $0.zone == node.zone && $0.cpuMillis == node.cpuMillis && $0.gpus == node.gpus
          && $0.memoryBytes == node.memoryBytes
      }
      let count = index.map { pools[$0].count } ?? 0
      let pool = NodePoolFacts(
        zone: node.zone, region: node.region, count: count + 1, cpuMillis: node.cpuMillis,
        memoryBytes: node.memoryBytes, gpus: node.gpus)
      if let index { pools[index] = pool } else { pools.append(pool) }
    }
    zones.sort()
    pools.sort { ($0.zone, -$0.count, $0.cpuMillis) < ($1.zone, -$1.count, $1.cpuMillis) }
  }
}
