// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// A lock kept as a coordination.k8s.io/v1 Lease.
///
/// Its times are read from the API server's own `Date`, so that runs on machines whose clocks
/// differ agree on what has expired. `leaseTransitions` counts holders and is the fencing number.
struct Lease {
  /// Empty where nobody holds it.
  let holder: String
  let resourceVersion: String
  let transitions: Int64
  /// As written; compared, and parsed for the time it expires.
  let renewTime: String
  let seconds: Int64

  init(_ object: Document) {
    let spec = object["spec"]
    holder = spec?["holderIdentity"]?.stringValue ?? ""
    resourceVersion = object["metadata"]?["resourceVersion"]?.stringValue ?? ""
    transitions = spec?["leaseTransitions"]?.intValue ?? 0
    renewTime = spec?["renewTime"]?.stringValue ?? ""
    seconds = spec?["leaseDurationSeconds"]?.intValue ?? 0
  }

  /// How long it is still held, in seconds, by the server's clock; zero or less once it has
  /// expired.
  func secondsLeft(at date: Int64) -> Int64 {
    guard let renewed = Timestamp.parseRFC3339(renewTime) else { return 0 }
    return renewed + seconds - date
  }

  var document: Document {
    [
      "holder": .string(holder), "resource_version": .string(resourceVersion),
      "transitions": .int(transitions), "renew_time": .string(renewTime),
    ]
  }
}

/// Where one lock lives, and requests to it.
struct LeaseClient {
  let kube: KubeClient
  let namespace: String
  let name: String
  let holder: String
  let seconds: Int64
  /// The Lease's own name, where it is not made from the lock's.
  private let object: String?

  /// Of the Lease `object`, whose lock is called `name` in messages.
  init(
    kube: KubeClient, namespace: String, name: String, object: String, holder: String,
    seconds: Int64
  ) {
    self.kube = kube
    self.namespace = namespace
    self.name = name
    self.object = object
    self.holder = holder
    self.seconds = seconds
  }

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    namespace = try arguments.optionalString("namespace") ?? "default"
    name = try arguments.text("name")
    holder = try arguments.text("holder")
    object = try arguments.optionalString("object")
    let ttl = try arguments.optionalInt("ttl") ?? 60 * Unit.second
    guard ttl > 0 else { throw arguments.mismatch("ttl", "a Duration above 0s") }
    seconds = max(1, (ttl + Unit.second - 1) / Unit.second)
  }

  var target: String { "leases/\(objectName) in \(namespace)" }

  /// Lock names are free text; object names are lowercase DNS labels.
  var objectName: String {
    if let object { return object }
    var text = ""
    for byte in name.lowercased().utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      case _ where !text.hasSuffix("-"): text += "-"
      case _: break
      }
    }
    var plain = String(text.drop { $0 == "-" }.prefix(40))
    while plain.hasSuffix("-") { plain.removeLast() }
    return plain == name ? "dr-\(plain)" : "dr-\(plain)-\(NameHash.short(name))"
  }

  func path(_ leaf: String?) -> KubePath {
    KubePath(
      group: "coordination.k8s.io", version: "v1", namespace: namespace, "leases", leaf)
  }

  func permissions(_ verbs: [String]) -> [String] {
    verbs.map { "\($0) leases.coordination.k8s.io in \(namespace)" }
  }

  /// The lease, if it exists, and the server's time.
  func read() -> Flow<(lease: Lease?, date: Int64)> {
    kube.get(path(objectName)).then { reply in
      guard reply.status == 404 || reply.isSuccess else {
        return .failure(reply.failure("read \(target)"))
      }
      guard let date = reply.date else {
        return .failure(.refused("the API server sends no Date, by which locks expire"))
      }
      if reply.status == 404 { return .value((nil, date)) }
      return reply.document("read \(target)").map { (Lease($0), date) }
    }
  }

  func isHeldByOther(_ lease: Lease?, at date: Int64) -> Bool {
    guard let lease, !lease.holder.isEmpty, lease.holder != holder else { return false }
    return lease.secondsLeft(at: date) > 0
  }

  func heldFailure(_ lease: Lease?, at date: Int64) -> WorldFailure {
    guard let lease else { return .held("lock \(name) is not held") }
    let left = lease.secondsLeft(at: date)
    return .held(
      lease.holder.isEmpty
        ? "lock \(name) is not held any more"
        : left > 0
          ? "lock \(name) is held by \(lease.holder) for \(Words.duration(left * Unit.second)) more unless renewed"
          : "lock \(name) was taken over by \(lease.holder)")
  }

  /// `spec` of a lease held by us from that time on.
  func held(at date: Int64, transitions: Int64, isNew: Bool) -> Document {
    var spec = DocumentObject([
      ("holderIdentity", .string(holder)),
      ("leaseDurationSeconds", .int(seconds)),
      ("renewTime", .string(Timestamp.microTime(date))),
      ("leaseTransitions", .int(transitions)),
    ])
    if isNew { spec["acquireTime"] = .string(Timestamp.microTime(date)) }
    return .object(spec)
  }
}
