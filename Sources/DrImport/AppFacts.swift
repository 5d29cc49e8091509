// SPDX-License-Identifier: Apache-2.0

/// What a service says of an app, read off its objects: those that people wrote, or those that the
/// service compiles to. Two apps with the same facts run the same.
package struct AppFacts: Sendable, Equatable {
  package struct Probe: Sendable, Equatable {
    /// `live`, `ready` or `startup`
    var name: String
    var path: String
    /// In seconds.
    var after: Int64
    var every: Int64
    var timeout: Int64
    var failures: Int64
  }

  package struct Volume: Sendable, Equatable {
    var name: String
    var at: String
    /// As Kubernetes writes it: `100Gi`.
    var size: String
    var accessMode: String
    var storageClass: String?
  }

  package struct Account: Sendable, Equatable {
    var name: String
    /// Whether its pods find a token for the API server; nil where nothing says so, which is that they do.
    var hasToken: Bool?
  }

  package struct Toleration: Sendable, Equatable {
    var key: String
    /// Nil tolerates every value.
    var value: String?
    /// Nil tolerates every effect.
    var effect: String?
  }

  package struct Autoscale: Sendable, Equatable {
    var min: Int64
    var max: Int64
    /// In percent.
    var cpu: Int64?
    var memory: Int64?
  }

  package struct Expose: Sendable, Equatable {
    var port: Int64
    /// `ClusterIP`, `NodePort` or `LoadBalancer`
    var type: String
  }

  package var name: String
  package var namespace: String
  package var zones: [String] = []
  var image = ""
  var command: [String] = []
  var arguments: [String] = []
  var environment: [EnvironmentVariable] = []
  var port: Int64 = 0
  var replicas: Int64 = 1
  /// What a replica needs, as Kubernetes writes it: `100m`, `128Mi`.
  package struct Needs: Sendable, Equatable {
    package let cpu: String
    package let memory: String

    /// From `100m,128Mi`; `nil` where these are no quantities that a service takes.
    package init?(_ text: String) {
      let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty, ServiceWriter.cpuMillis(parts[0]) ?? 0 > 0,
        ServiceWriter.bytes(parts[1]) != nil
      else { return nil }
      (cpu, memory) = (parts[0], parts[1])
    }
  }

  /// Variables that a Secret of the namespace holds under their own name; `value` is the Secret's name.
  var secrets: [EnvironmentVariable] = []
  /// As Kubernetes writes it; nil where the image's tag decides.
  var pullPolicy: String?
  /// Nil where neither the pod nor its container says anything.
  var security: PodSecurity?
  var tolerations: [Toleration] = []
  /// Nil is the namespace's own account.
  var account: Account?
  /// As Kubernetes writes them: `500m`, `16Gi`.
  var cpu = ""
  var memory = ""
  var gpus: Int64 = 0
  var probes: [Probe] = []
  var autoscale: Autoscale?
  var volumes: [Volume] = []
  var expose: Expose?
  var pullSecret: String?
  /// In seconds.
  var grace: Int64 = 30
  var linger: Int64 = 0
  /// Labels of the nodes that it may run on.
  var nodeLabels: [EnvironmentVariable] = []
  /// Whether a replica rather does not start than share a node with more of them than others have.
  var requiresNodes = false
  /// Whether no two replicas share a node at all.
  var isApart = false

  struct EnvironmentVariable: Sendable, Equatable {
    var name: String
    var value: String
  }
}
