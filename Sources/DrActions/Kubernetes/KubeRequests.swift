// SPDX-License-Identifier: Apache-2.0

import DrData

/// An amount of what nodes offer and pods ask for.
struct KubeRequests: Equatable {
  var cpuMillis: Int64 = 0
  var memoryBytes: Int64 = 0
  var gpus: Int64 = 0
  /// Pods, each of which takes one of the node's places.
  var pods: Int64 = 1

  init() { pods = 0 }

  init(cpuMillis: Int64, memoryBytes: Int64, gpus: Int64) {
    self.cpuMillis = cpuMillis
    self.memoryBytes = memoryBytes
    self.gpus = gpus
  }

  /// `status.allocatable` of a node.
  init(node: Document) {
    self.init(resources: node["status"]?["allocatable"])
    let places = node["status"]?["allocatable"]?["pods"].flatMap(Self.text)
    pods = places.flatMap(Quantity.whole) ?? 110
  }

  /// What the scheduler reserves for a pod: the larger of its containers' sum and any init
  /// container, where sidecars (init containers with restartPolicy Always) count with both
  /// (KEP-753), plus the overhead of its runtime class.
  init(pod: Document) {
    let spec = pod["spec"]
    var sum = KubeRequests()
    for container in spec?["containers"]?.arrayValue ?? [] {
      sum.add(KubeRequests(resources: container["resources"]?["requests"]))
    }
    var sidecars = KubeRequests()
    var largest = KubeRequests()
    for container in spec?["initContainers"]?.arrayValue ?? [] {
      var request = KubeRequests(resources: container["resources"]?["requests"])
      if container["restartPolicy"]?.stringValue == "Always" {
        sidecars.add(request)
        request = sidecars
      } else {
        request.add(sidecars)
      }
      largest.raise(to: request)
    }
    sum.add(sidecars)
    sum.raise(to: largest)
    sum.add(KubeRequests(resources: spec?["overhead"]))
    sum.pods = 1
    self = sum
  }

  private init(resources: Document?) {
    self.init()
    cpuMillis = resources?["cpu"].flatMap(Self.text).flatMap(Quantity.milliCPU) ?? 0
    memoryBytes = resources?["memory"].flatMap(Self.text).flatMap(Quantity.whole) ?? 0
    gpus = resources?["nvidia.com/gpu"].flatMap(Self.text).flatMap(Quantity.whole) ?? 0
  }

  /// Quantities come as strings, but whole numbers are allowed too.
  private static func text(_ value: Document) -> String? {
    value.stringValue ?? value.intValue.map { String($0) }
  }

  mutating func add(_ other: KubeRequests) {
    cpuMillis = Self.sum(cpuMillis, other.cpuMillis)
    memoryBytes = Self.sum(memoryBytes, other.memoryBytes)
    gpus = Self.sum(gpus, other.gpus)
    pods = Self.sum(pods, other.pods)
  }

  private mutating func raise(to other: KubeRequests) {
    cpuMillis = max(cpuMillis, other.cpuMillis)
    memoryBytes = max(memoryBytes, other.memoryBytes)
    gpus = max(gpus, other.gpus)
  }

  func minus(_ other: KubeRequests) -> KubeRequests {
    var rest = self
    rest.cpuMillis -= other.cpuMillis
    rest.memoryBytes -= other.memoryBytes
    rest.gpus -= other.gpus
    rest.pods -= other.pods
    return rest
  }

  /// How many of that size this much room takes.
  func fitting(_ size: KubeRequests) -> Int64 {
    var count = max(0, pods)
    for (room, need) in [
      (cpuMillis, size.cpuMillis), (memoryBytes, size.memoryBytes), (gpus, size.gpus),
    ] where need > 0 {
      count = min(count, max(0, room) / need)
    }
    return count
  }

  private static func sum(_ a: Int64, _ b: Int64) -> Int64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }
}
