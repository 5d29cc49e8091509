// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Sets and removes fields of one object, by a merge patch (RFC 7386) on the version of it that was
/// seen. Gives what takes it back: a patch of the same form.
struct KubePatch: Act {
  static let name = "kube.patch"
  private let place: KubeObjectPlace
  private let patch: MergePatch

  init(_ arguments: Arguments) throws(WorldFailure) {
    place = try KubeObjectPlace(arguments)
    let removed = try arguments.strings("remove").map { text throws(WorldFailure) in
      guard let pointer = MergePatch.path(text) else {
        throw arguments.mismatch("remove", "JSON pointers such as /spec/paused")
      }
      return pointer
    }
    patch = MergePatch(setting: try arguments.object("set"), removing: removed)
    guard !patch.body.members.isEmpty else {
      throw arguments.mismatch("set", "something to set, where nothing is removed")
    }
    // What takes it back is what was there before, and stands in the journal.
    guard !(place.isSecret && ["data", "stringData"].contains { patch.body[$0] != nil }) else {
      throw .refused(
        "what a Secret holds is not patched: what was there before would stand in the journal; "
          + "apply it whole, or have it changed by the program that keeps it")
    }
  }

  /// The object as it is, and as the API server says it would be. A controller that writes its status in
  /// between makes both of another version: they are asked for once more.
  private func preview(attempt: Int = 1) -> Flow<(live: Document, next: Document)> {
    place.look().then { live in
      send(patch.body, to: live, dryRun: true).then { reply in
        if reply.isSuccess { return .value((live, reply.body)) }
        guard reply.status == 409, attempt < KubeConflict.attempts else {
          return .failure(reply.failure("patch \(place.target)"))
        }
        return preview(attempt: attempt + 1)
      }
    }
  }

  private func send(
    _ body: DocumentObject, to live: Document, dryRun: Bool = false
  ) -> Flow<KubeReply> {
    var body = body
    var metadata = body["metadata"]?.objectValue ?? DocumentObject()
    metadata["resourceVersion"] = live["metadata"]?["resourceVersion"]
    body["metadata"] = .object(metadata)
    return place.kube.change(
      .patch, place.path, dryRun ? [.init("dryRun", "All")] : [],
      contentType: "application/merge-patch+json", .object(body))
  }

  func observe() -> Flow<Observation> {
    preview().map { seen in
      Observation(
        target: place.target, changes: ObjectDifference.of(seen.live, seen.next),
        permissions: ["get \(place.permission)", "patch \(place.permission)"],
        state: ["uid": seen.live["metadata"]?["uid"] ?? .null],
        result: patch.inverse(on: seen.live).document)
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    change(observed, attempt: 1).map { observed.result }
  }

  private func change(_ observed: Observation, attempt: Int) -> Flow<Void> {
    place.look().then { live in
      guard live["metadata"]?["uid"] ?? .null == observed.state["uid"] ?? .null else {
        return .failure(.refused("\(place.target) was replaced by another of the same name"))
      }
      if patch.isSo(of: live) { return .value(()) }
      return send(patch.body, to: live).then { reply in
        if reply.isSuccess { return .value(()) }
        guard reply.status == 409, attempt < KubeConflict.attempts else {
          return .failure(reply.changeFailure("patch \(place.target)"))
        }
        return change(observed, attempt: attempt + 1)
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    preview().map { seen in
      ObjectDifference.of(seen.live, seen.next).isEmpty ? .done(observed.result) : .notDone
    }
  }
}

/// A merge patch as the language can say it: an object leaves members without a value out, so what
/// is to be removed is named by JSON pointers (RFC 6901).
struct MergePatch {
  /// `null` removes.
  let body: DocumentObject

  init(setting: DocumentObject, removing: [[String]]) {
    body = removing.reduce(setting) { Self.removing($1[...], from: $0) }
  }

  private init(body: DocumentObject) { self.body = body }

  /// The names of a pointer; `nil` where it is none, or is that of the whole object.
  static func path(_ pointer: String) -> [String]? {
    guard pointer.hasPrefix("/"), pointer.count > 1 else { return nil }
    return pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
      String($0.replacing("~1", with: "/").replacing("~0", with: "~"))
    }
  }

  private static func pointer(_ path: [String]) -> String {
    path.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
  }

  private static func removing(
    _ path: ArraySlice<String>, from object: DocumentObject
  ) -> DocumentObject {
    guard let name = path.first else { return object }
    var object = object
    object[name] =
      path.count == 1
      ? .null
      : .object(removing(path.dropFirst(), from: object[name]?.objectValue ?? DocumentObject()))
    return object
  }

  /// Whether an object already says all that the patch would make it say.
  func isSo(of live: Document) -> Bool { Self.isSo(body, live) }

  private static func isSo(_ patch: DocumentObject, _ live: Document) -> Bool {
    patch.members.allSatisfy { member in
      guard let now = live[member.name] else { return member.value == .null }
      guard case .object(let inner) = member.value else { return member.value == now }
      guard case .object = now else { return false }
      return isSo(inner, now)
    }
  }

  /// What puts an object back that this patch is applied to.
  func inverse(on live: Document) -> MergePatch {
    MergePatch(body: Self.inverse(of: body, on: live))
  }

  private static func inverse(of patch: DocumentObject, on live: Document) -> DocumentObject {
    DocumentObject(
      patch.members.compactMap { member in
        guard let before = live[member.name] else {
          return member.value == .null ? nil : (member.name, .null)
        }
        guard case .object(let inner) = member.value, case .object = before else {
          return (member.name, before)
        }
        return (member.name, .object(inverse(of: inner, on: before)))
      })
  }

  /// `{ set, remove }`
  var document: Document {
    var removed: [String] = []
    let set = Self.setting(body, [], &removed)
    return ["set": .object(set), "remove": .array(removed.map(Document.string))]
  }

  private static func setting(
    _ body: DocumentObject, _ path: [String], _ removed: inout [String]
  ) -> DocumentObject {
    var set = DocumentObject()
    for member in body.members {
      let path = path + [member.name]
      switch member.value {
      case .null: removed.append(pointer(path))
      case .object(let inner):
        let inner = setting(inner, path, &removed)
        if !inner.members.isEmpty { set[member.name] = .object(inner) }
      case .bool, .int, .float, .string, .array: set[member.name] = member.value
      }
    }
    return set
  }
}
