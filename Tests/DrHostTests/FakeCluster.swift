// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrHost
import DrRun
import Foundation
import Synchronization

/// What an API server does with ConfigMaps and Leases, in memory: versions that must fit, names that
/// are taken, objects that cannot be changed, merge patches, label selectors. Its clock goes on only
/// by who sleeps.
final class FakeCluster: Sendable {
  private struct State {
    var objects: [String: Document] = [:]
    var version: Int64 = 0
    var now = 1_795_000_000
    var changes: [String] = []
  }
  private let state = Mutex(State())

  /// Every change that took place: method, path and agent.
  var changes: [String] { state.withLock { $0.changes } }
  var objects: [String: Document] { state.withLock { $0.objects } }
  var nowNanoseconds: Int64 { state.withLock { Int64($0.now) * 1_000_000_000 } }
  func advance(seconds: Int) { state.withLock { $0.now += seconds } }

  /// As somebody with kubectl would.
  func change(_ path: String, _ body: (Document?) -> Document?) {
    state.withLock { state in
      state.version += 1
      guard var object = body(state.objects[path])?.objectValue else {
        state.objects[path] = nil
        return
      }
      Self.set(&object, version: state.version)
      state.objects[path] = .object(object)
    }
  }

  func answer(_ request: KubernetesRequest) -> Reply.Answer {
    state.withLock { state in
      let (status, body) = Self.answer(request, &state)
      if status < 300, request.method != .get {
        state.changes.append("\(request.method.rawValue) \(request.path) \(request.agent)")
      }
      let format = DateFormatter()
      format.locale = Locale(identifier: "en_US_POSIX")
      format.timeZone = TimeZone(identifier: "GMT")
      format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
      let date = format.string(from: Date(timeIntervalSince1970: TimeInterval(state.now)))
      return .response(
        status: status, headers: [.init("date", date)], body: Array(JSON.write(body).utf8))
    }
  }

  private static func answer(
    _ request: KubernetesRequest, _ state: inout State
  ) -> (Int, Document) {
    let path = request.path
    let isCollection = path.hasSuffix("/configmaps") || path.hasSuffix("/leases")
    switch request.method {
    case .get where isCollection:
      let selector = request.query.first { $0.name == "labelSelector" }?.value ?? ""
      let term = selector.split(separator: "=").map(String.init)
      let items = state.objects.filter { key, object in
        key.hasPrefix(path + "/")
          && (term.count != 2 || object["metadata"]?["labels"]?[term[0]]?.stringValue == term[1])
      }
      return (200, ["items": .array(items.sorted { $0.key < $1.key }.map(\.value))])
    case .get, .head: return state.objects[path].map { (200, $0) } ?? missing
    case .post:
      guard var object = request.body?.objectValue,
        let name = request.body?["metadata"]?["name"]?.stringValue
      else { return (400, [:]) }
      let key = "\(path)/\(name)"
      guard state.objects[key] == nil else { return conflict }
      return put(&object, key, 201, &state)
    case .put:
      guard let found = state.objects[path], var object = request.body?.objectValue else {
        return missing
      }
      if found["immutable"]?.boolValue == true { return (422, ["message": "it is immutable"]) }
      guard isCurrent(.object(object), found) else { return conflict }
      return put(&object, path, 200, &state)
    case .patch:
      guard let found = state.objects[path]?.objectValue, let patch = request.body?.objectValue
      else { return missing }
      guard isCurrent(.object(patch), .object(found)) else { return conflict }
      var object = merge(found, patch)
      return put(&object, path, 200, &state)
    case .delete:
      guard state.objects.removeValue(forKey: path) != nil else { return missing }
      return (200, ["status": "Success"])
    }
  }

  private static var missing: (Int, Document) { (404, ["reason": "NotFound"]) }
  private static var conflict: (Int, Document) {
    (409, ["reason": "Conflict", "message": "the object has been modified"])
  }

  private static func isCurrent(_ new: Document, _ old: Document) -> Bool {
    guard let wanted = new["metadata"]?["resourceVersion"]?.stringValue else { return true }
    return wanted == old["metadata"]?["resourceVersion"]?.stringValue
  }

  private static func put(
    _ object: inout DocumentObject, _ path: String, _ status: Int, _ state: inout State
  ) -> (Int, Document) {
    state.version += 1
    set(&object, version: state.version)
    let bytes = JSON.write(.object(object)).utf8.count
    guard bytes < 1_500_000 else { return (413, ["message": .string("too large: \(bytes)")]) }
    state.objects[path] = .object(object)
    return (status, .object(object))
  }

  private static func set(_ object: inout DocumentObject, version: Int64) {
    var metadata = object["metadata"]?.objectValue ?? DocumentObject()
    metadata["resourceVersion"] = .string("\(version)")
    object["metadata"] = .object(metadata)
  }

  private static func merge(_ base: DocumentObject, _ patch: DocumentObject) -> DocumentObject {
    var result = base
    for member in patch.members {
      switch member.value {
      case .null: result[member.name] = nil
      case .object(let inner):
        result[member.name] = .object(
          merge(base[member.name]?.objectValue ?? DocumentObject(), inner))
      case .bool, .int, .float, .string, .array: result[member.name] = member.value
      }
    }
    return result
  }
}

/// One machine that speaks with the cluster, over a network that does what a test says.
final class FakeMachine: RequestSender {
  enum Fate {
    case answered
    /// Nothing reaches the server.
    case notSent
    /// It is done, and nobody is told.
    case lostAfter
    /// It is not done, and nobody knows.
    case lostBefore
    /// Done, and answered with an error of the server.
    case failedAfter
    case status(Int)
  }

  let cluster: FakeCluster
  /// By the number of the request, from 0.
  private let fate: @Sendable (Int) -> Fate
  private let count = Mutex(0)

  init(_ cluster: FakeCluster, _ fate: @escaping @Sendable (Int) -> Fate = { _ in .answered }) {
    self.cluster = cluster
    self.fate = fate
  }

  /// How many requests there were.
  var requests: Int { count.withLock { $0 } }

  func send(_ request: Request) async -> Reply.Answer {
    guard case .kubernetes(let request) = request else { return .failure(.refused("not for us")) }
    let number = count.withLock { count in
      defer { count += 1 }
      return count
    }
    switch fate(number) {
    case .answered: return cluster.answer(request)
    case .notSent: return .failure(.notSent("https://api: no connection"))
    case .lostBefore: return .failure(.lostAnswer("https://api: the connection was closed"))
    case .lostAfter:
      _ = cluster.answer(request)
      return .failure(.lostAnswer("https://api: the connection was closed"))
    case .failedAfter:
      _ = cluster.answer(request)
      return .response(status: 500, headers: [], body: [])
    case .status(let status): return .response(status: status, headers: [], body: Array("{}".utf8))
    }
  }

  var nowNanoseconds: Int64 { cluster.nowNanoseconds }

  func pause(nanoseconds: Int64) async throws {
    cluster.advance(seconds: Int((nanoseconds + 999_999_999) / 1_000_000_000))
    await Task.yield()
  }

  /// A store as this machine has it. `patience` is how long it insists, in nanoseconds.
  func store(
    _ holder: String, patience: Int64 = 0, notices: Notices? = nil
  ) -> ClusterRecordStore {
    var settings = ClusterRecordStore.Settings()
    settings.patienceNanoseconds = patience
    settings.notice = { notices?.add($0) }
    return ClusterRecordStore(
      ClusterRecords(cluster: "a", namespace: "dr", holder: holder, version: "1"), through: self,
      place: "namespace dr of a", options: ["--store", "cluster:dr"], settings)
  }
}

final class Notices: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}
