// SPDX-License-Identifier: Apache-2.0
//
// What a simulation is about, as plain data: one Kubernetes cluster with its zones, the services on
// it and the fronts of those services. `SimulatedCluster+Machine` reads it from a program's model;
// tests write it by hand. Times are nanoseconds, sizes bytes, cores thousandths.

/// One Kubernetes cluster and what runs on it before anything goes wrong.
package struct SimulatedCluster: Sendable, Equatable {
  /// The kubeconfig context by which calls name it.
  package var label: String
  /// 26 for Kubernetes 1.26: decides how long a silent node counts as ready.
  package var kubernetesMinor: Int
  package var zones: [Zone]
  /// Labels of the zones with one API server and etcd member each; empty where the control plane is
  /// run by the provider, outside of these zones.
  package var controlPlane: [String]
  package var services: [Service]
  package var fronts: [Front]
  package var dependencies: [Dependency]
  package var alerts: [Alert]
  /// How long a node takes to pull an image that it does not have yet.
  package var imagePull: Int64
  /// Whether autoscalers follow the load: what a replica gets in the beginning is what it is to carry,
  /// unless they say otherwise.
  package var autoscales = false
  /// Services on it that other clusters may run, too.
  package var federations: [Federation] = []
  /// Whether it is there only as another member of a federation: faults of an API server do not strike it.
  package var isElsewhere = false

  package init(
    label: String, kubernetesMinor: Int = 30, zones: [Zone], controlPlane: [String] = [],
    services: [Service] = [], fronts: [Front] = [], dependencies: [Dependency] = [],
    alerts: [Alert] = [], imagePull: Int64 = 20 * Second.one
  ) {
    self.label = label
    self.kubernetesMinor = kubernetesMinor
    self.zones = zones
    self.controlPlane = controlPlane
    self.services = services
    self.fronts = fronts
    self.dependencies = dependencies
    self.alerts = alerts
    self.imagePull = imagePull
  }
}

extension SimulatedCluster {
  /// What fails together.
  package struct Zone: Sendable, Equatable {
    /// The value of the node label `topology.kubernetes.io/zone`.
    package var label: String
    /// The value of the node label `topology.kubernetes.io/region`.
    package var region: String
    package var nodes: [Node]

    package init(label: String, region: String = "", nodes: [Node] = []) {
      self.label = label
      self.region = region
      self.nodes = nodes
    }
  }

  package struct Node: Sendable, Equatable {
    package var name: String
    /// What pods may ask for.
    package var room: Size
    /// Beside those of region and zone.
    package var labels: [LabelPair]
    /// Tainted for all that ask for no GPU.
    package var isDedicated: Bool

    package init(name: String, room: Size, labels: [LabelPair] = [], isDedicated: Bool = false) {
      self.name = name
      self.room = room
      self.labels = labels
      self.isDedicated = isDedicated
    }
  }

  /// What a pod asks for and what a node has.
  package struct Size: Sendable, Equatable {
    /// Thousandths of a core.
    package var cpuMillis: Int64
    /// Bytes.
    package var memory: Int64
    package var gpu: Int64

    package init(cpuMillis: Int64, memory: Int64, gpu: Int64) {
      self.cpuMillis = cpuMillis
      self.memory = memory
      self.gpu = gpu
    }
  }

  package struct Service: Sendable, Equatable {
    package var label: String
    package var namespace: String
    package var image: String
    /// One for each zone, in the order of preference.
    package var deployments: [Deployment]
    /// What all its pods carry and no others.
    package var labels: [LabelPair]
    package var needs: Size
    package var port: Int64
    package var weights: Weights?
    package var ready: Probe?
    package var startup: Probe?
    package var live: Probe?
    /// Whether its checks generate a token, as SGLang's /health does: a server that cannot fails them.
    package var checksGenerate = false
    /// Whether its engine can sleep, as vLLM can.
    package var canSleep = false
    /// How many more pods one node of a zone may have than another; `nil` where spreading is only
    /// preferred.
    package var skew: Int?
    /// Whether no two pods stand on one node.
    package var apart: Bool
    /// What a node must be labelled with to hold its pods.
    package var nodeLabels: [LabelPair]
    /// How long a pod may take to stop.
    package var grace: Int64
    /// Replicas that must serve at any time.
    package var atLeast: Int
    /// From the loss to full service.
    package var rto: Int64
    /// What its clients send, however it fares.
    package var requestsPerSecond: Double

    package init(
      label: String, namespace: String = "default", image: String = "", deployments: [Deployment],
      labels: [LabelPair], needs: Size, port: Int64 = 8080, weights: Weights? = nil,
      ready: Probe? = nil, startup: Probe? = nil, live: Probe? = nil, skew: Int? = nil,
      apart: Bool = false, nodeLabels: [LabelPair] = [], grace: Int64 = 60 * Second.one,
      atLeast: Int = 1, rto: Int64, requestsPerSecond: Double = 50
    ) {
      self.label = label
      self.namespace = namespace
      self.image = image
      self.deployments = deployments
      self.labels = labels
      self.needs = needs
      self.port = port
      self.weights = weights
      self.ready = ready
      self.startup = startup
      self.live = live
      self.skew = skew
      self.apart = apart
      self.nodeLabels = nodeLabels
      self.grace = grace
      self.atLeast = atLeast
      self.rto = rto
      self.requestsPerSecond = requestsPerSecond
    }
  }

  /// What a service needs to start a replica, beside its own nodes.
  package struct Dependency: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      /// Where images are pulled from.
      case registry
      /// Where weights are read from.
      case modelStore
    }

    package var name: String
    /// Label of the service.
    package var service: String
    package var kind: Kind
    /// Labels of the zones that it stands in, each able to serve; empty where it stands elsewhere.
    package var zones: [String]
    /// Bytes a second that it can send to all who read at once; `nil` where it is never the limit.
    package var bandwidth: Int64?

    package init(
      name: String, service: String, kind: Kind, zones: [String] = [], bandwidth: Int64? = nil
    ) {
      self.name = name
      self.service = service
      self.kind = kind
      self.zones = zones
      self.bandwidth = bandwidth
    }
  }

  /// A service that Karmada runs in the first of these clusters that is well.
  package struct Federation: Sendable, Equatable {
    /// Label of the service.
    package var service: String
    /// Labels, the preferred first.
    package var clusters: [String]
    /// Whether Karmada moves what runs on a lost cluster: its feature gate Failover.
    package var moves: Bool
    /// How long a cluster may be unwell before.
    package var tolerate: Int64

    package init(
      service: String, clusters: [String], moves: Bool, tolerate: Int64 = 300 * Second.one
    ) {
      self.service = service
      self.clusters = clusters
      self.moves = moves
      self.tolerate = tolerate
    }
  }

  /// A rule of Prometheus, and how it comes to those who look.
  package struct Alert: Sendable, Equatable {
    package var label: String
    /// Label of the service that it is about.
    package var service: String
    package var severity: String
    /// A PromQL expression.
    package var query: String
    /// For how long it must hold.
    package var lasting: Int64
    /// Between two scrapes of what it looks at, and between two evaluations.
    package var scrape: Int64
    package var evaluation: Int64
    /// How long Alertmanager waits before it tells the watcher; `nil` where it never does.
    package var groupWait: Int64?

    package init(
      label: String, service: String, severity: String = "warning", query: String, lasting: Int64,
      scrape: Int64, evaluation: Int64, groupWait: Int64?
    ) {
      self.label = label
      self.service = service
      self.severity = severity
      self.query = query
      self.lasting = lasting
      self.scrape = scrape
      self.evaluation = evaluation
      self.groupWait = groupWait
    }
  }

  package struct LabelPair: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The Deployment that runs a service in one zone.
  package struct Deployment: Sendable, Equatable {
    package var name: String
    /// Label of the zone that its pods are bound to.
    package var zone: String
    package var replicas: Int
    /// What its pods carry.
    package var labels: [LabelPair]
    package var autoscaler: Autoscaler?

    package init(
      name: String, zone: String, replicas: Int, labels: [LabelPair],
      autoscaler: Autoscaler? = nil
    ) {
      self.name = name
      self.zone = zone
      self.replicas = replicas
      self.labels = labels
      self.autoscaler = autoscaler
    }
  }

  /// The model's weights, which a new replica loads before it can answer.
  package struct Weights: Sendable, Equatable {
    package var model: String
    /// Bytes.
    package var size: Int64
    /// Bytes a second.
    package var loadRate: Int64
    /// From the weights being in memory to the first token.
    package var warmUp: Int64
    /// Whether a node that has run a replica, or its zone, keeps them.
    package var isCached: Bool

    package init(
      model: String, size: Int64, loadRate: Int64, warmUp: Int64 = 0, isCached: Bool = false
    ) {
      self.isCached = isCached
      self.model = model
      self.size = size
      self.loadRate = loadRate
      self.warmUp = warmUp
    }
  }

  package struct Probe: Sendable, Equatable {
    package var after: Int64
    package var every: Int64
    package var timeout: Int64
    /// Failures in a row that make it fail.
    package var failures: Int64

    /// The defaults are those of Kubernetes' core/v1 Probe.
    package init(
      after: Int64 = 0, every: Int64 = 10 * Second.one, timeout: Int64 = Second.one,
      failures: Int64 = 3
    ) {
      self.after = after
      self.every = every
      self.timeout = timeout
      self.failures = failures
    }
  }

  /// What stands before a service and shares its requests out to zones.
  package struct Front: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      /// DNS answers, kept by resolvers for `ttl`.
      case gslb(domain: String, ttl: Int64)
      case haproxy(socket: String, backend: String)
      /// DNS answers of a service whose health checks ask each zone, as Route 53 and Azure Traffic Manager
      /// do.
      case checkedDNS(domain: String, ttl: Int64, HealthCheck)
      /// A route of a gateway, in the cluster; `url` is where clients send requests.
      case route(url: String)
      /// A route of a mesh whose proxy gives replicas that fail a rest.
      case mesh(url: String, OutlierDetection)
      /// An endpoint picker behind a gateway: requests go to any replica that is ready.
      case picker(url: String)
      /// Nginx, which asks the next zone where it gets no connection.
      case nginx(url: String)
    }

    /// The name of the Gslb.
    package var label: String
    /// Label of the service.
    package var service: String
    package var kind: Kind
    /// Labels of the zones that get requests.
    package var zones: [String]
    /// The share of each zone in the beginning, in units of 1e-9; the same for all where empty. Where
    /// all are 0, nothing is sent anywhere.
    package var shares: [Int64]
    /// Whether it takes out zones in which nothing is ready, as HAProxy and k8gb do.
    package var watchesZones: Bool
    /// Whether nobody is sent there while all is well.
    package var isStandby: Bool
    /// How long it waits for an answer; `nil` where that is left to clients.
    package var timeout: Int64?

    package init(
      label: String, service: String, kind: Kind, zones: [String], shares: [Int64] = [],
      watchesZones: Bool = true, isStandby: Bool = false
    ) {
      self.isStandby = isStandby
      self.label = label
      self.service = service
      self.kind = kind
      self.zones = zones
      self.shares = shares
      self.watchesZones = watchesZones
    }
  }
}

/// A health check of a DNS service.
package struct HealthCheck: Sendable, Equatable {
  /// Between the beginnings of two checks.
  package var every: Int64
  /// Failures in a row that take a zone out.
  package var failures: Int64
  /// How long a check waits.
  package var timeout: Int64

  package init(every: Int64, failures: Int64, timeout: Int64) {
    self.every = every
    self.failures = failures
    self.timeout = timeout
  }
}

/// Envoy's passive checks of a subset's replicas, as a DestinationRule of Istio sets them (envoyproxy/envoy,
/// source/common/upstream/outlier_detection_impl.cc).
package struct OutlierDetection: Sendable, Equatable {
  /// Answers with 5xx in a row that eject a replica; what waits for an answer in vain counts as one.
  package var errors: Int64
  /// Between two looks at who may come back.
  package var interval: Int64
  /// The shortest rest; it grows with ejections that follow one another faster than looks.
  package var rest: Int64
  /// The largest share of a subset that rests at once, in units of 1e-9.
  package var most: Int64
  /// Whether one may rest whatever that share: before Envoy 1.31, which Istio 1.23 brought, without being told.
  package var ejectsOneAtLeast: Bool
  /// With a smaller share in use than that, in units of 1e-9, all get requests; Istio's is 0.
  package var panic: Int64
  /// How long a request waits for an answer.
  package var timeout: Int64

  package init(
    errors: Int64 = 5, interval: Int64 = 10 * Second.one, rest: Int64 = 30 * Second.one,
    most: Int64 = 100_000_000, ejectsOneAtLeast: Bool = false, panic: Int64 = 0,
    timeout: Int64 = 15 * Second.one
  ) {
    self.errors = errors
    self.interval = interval
    self.rest = rest
    self.most = most
    self.ejectsOneAtLeast = ejectsOneAtLeast
    self.panic = panic
    self.timeout = timeout
  }
}

/// Lengths of time in nanoseconds. Programs may name any length, so sums and products saturate.
package enum Second {
  package static let one: Int64 = 1_000_000_000
  package static let milli: Int64 = 1_000_000

  static func sum(_ a: Int64, _ b: Int64) -> Int64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }

  static func product(_ a: Int64, _ b: Int64) -> Int64 {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? .max : product
  }
}
