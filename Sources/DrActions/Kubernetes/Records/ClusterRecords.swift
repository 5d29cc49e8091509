// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrRun

/// The records of runs as ConfigMaps of one namespace, and whose they are as Leases.
///
/// ConfigMaps and not Secrets, though both hold bytes: a journal has no secrets in it, and whoever
/// may write Secrets of a namespace may read all of them. ConfigMaps and not an object of our own
/// kind: a cluster needs nothing installed.
package struct ClusterRecords: Sendable {
  private let cluster: String
  package let namespace: String
  /// Who asks, for leases and heads.
  package let holder: String
  private let version: String

  /// Beyond that the end of a journal becomes a chunk. Every flush writes the end anew, so it bounds
  /// what one costs; a long journal has that many objects the more the smaller it is.
  package static let tailMax = 32 << 10
  /// Of one object: the API server takes 1 MiB.
  package static let chunkMax = 512 << 10
  /// Of one journal.
  package static let sizeMax = 64 << 20
  /// For how long a journal is held unless that is renewed; client-go's convention for leaders.
  package static let leaseSeconds: Int64 = 15

  /// `cluster` as a kubeconfig's contexts are chosen.
  package init(cluster: String, namespace: String, holder: String, version: String) {
    self.cluster = cluster
    self.namespace = namespace
    self.holder = holder
    self.version = version
  }

  private func kube(_ id: String?) -> KubeClient {
    KubeClient(cluster: cluster, agent: "dr/\(version) (\(id.map { "\($0)/" } ?? "")record)")
  }

  private func path(_ name: String? = nil) -> KubePath {
    KubePath(version: "v1", namespace: namespace, "configmaps", name)
  }

  // MARK: Runs

  /// All runs, the oldest first.
  package func ids() -> Flow<[String]> {
    objects([.init("labelSelector", "\(RecordName.kindLabel)=head")]).map { objects in
      objects.compactMap { $0["metadata"]?["labels"]?[RecordName.runLabel]?.stringValue }.sorted()
    }
  }

  private func objects(
    _ query: [KubernetesRequest.QueryItem]
  ) -> Flow<[Document]> {
    kube(nil).list(path(), query)
  }

  /// Makes the record of a run that has not begun. One that was made by the same start is as good.
  package func create(_ id: String, launch: [UInt8]) -> Flow<Void> {
    let head = RecordHead(id: id, launch: launch)
    return make(head.object(in: namespace), for: id).then { isNew in
      if isNew { return .value(()) }
      return self.head(id).then { found in
        found?.launch == launch
          ? .value(()) : .failure(.refused("there is another run \(id) in \(namespace)"))
      }
    }
  }

  /// Creates an object; false where there is one of that name, perhaps by this very request.
  private func make(_ object: Document, for id: String?) -> Flow<Bool> {
    kube(id).change(.post, path(), contentType: "application/json", object).then { reply in
      if reply.isSuccess { return .value(true) }
      if reply.status == 409 { return .value(false) }
      return .failure(reply.changeFailure("make a ConfigMap in \(namespace)"))
    }
  }

  /// `nil` where there is no such run.
  package func head(_ id: String) -> Flow<RecordHead?> {
    let name = RecordName.head(id)
    return kube(id).get(path(name)).then { reply in
      if reply.status == 404 { return .value(nil) }
      return reply.document("read ConfigMap \(name) in \(namespace)").then { object in
        guard let head = RecordHead(object) else {
          return .failure(.refused("ConfigMap \(name) in \(namespace) is not what dr wrote there"))
        }
        return .value(head)
      }
    }
  }

  /// What a run was started with.
  package func launch(_ id: String) -> Flow<[UInt8]?> { head(id).map { $0?.launch } }

  /// The whole journal that a head tells of.
  package func bytes(_ head: RecordHead) -> Flow<[UInt8]> {
    bytes(head, head.chunkNames[...], [])
  }

  private func bytes(
    _ head: RecordHead, _ names: ArraySlice<String>, _ read: [UInt8]
  ) -> Flow<[UInt8]> {
    guard let name = names.first else {
      let whole = read + head.tail
      guard whole.count == head.size else {
        return .failure(
          .refused(
            "the journal of \(head.id) has \(whole.count) bytes in \(namespace), not \(head.size): "
              + "its ConfigMaps were changed"))
      }
      return .value(whole)
    }
    return chunk(name, head.id).then { bytes in
      guard let bytes else {
        return .failure(
          .refused(
            "ConfigMap \(name) in \(namespace), a part of the journal of \(head.id), is missing or "
              + "is not what dr wrote there"))
      }
      return self.bytes(head, names.dropFirst(), read + bytes)
    }
  }

  private func chunk(_ name: String, _ id: String) -> Flow<[UInt8]?> {
    kube(id).get(path(name)).then { reply in
      if reply.status == 404 { return .value(nil) }
      return reply.document("read ConfigMap \(name) in \(namespace)").map { object in
        object["binaryData"]?["chunk"]?.stringValue.flatMap(Base64.decode)
      }
    }
  }

  // MARK: One writer

  private func lease(_ id: String) -> LeaseClient {
    LeaseClient(
      kube: kube(id), namespace: namespace, name: id, object: RecordName.head(id), holder: holder,
      seconds: Self.leaseSeconds)
  }

  /// Whether somebody holds the journal, by the API server's clock.
  package func isHeld(_ id: String) -> Flow<Bool> {
    lease(id).read().map { found, date in
      guard let found, !found.holder.isEmpty else { return false }
      return found.secondsLeft(at: date) > 0
    }
  }

  /// Takes the lease of a journal, once it is free or has expired; gives how many holders there were.
  package func acquire(_ id: String) -> Flow<Int64> {
    LockAcquire(lease(id)).take().then { number in
      number.intValue.map { .value($0) } ?? .failure(.refused("the lease has no number"))
    }
  }

  /// Fails as `held` once somebody else has it.
  package func renew(_ id: String) -> Flow<Void> { LockRenew(lease(id)).renew().map { _ in } }

  package func release(_ id: String) -> Flow<Void> { LockRelease(lease(id)).release().map { _ in } }

  /// Makes a journal ours, after its lease: from here on, nobody who held it before can write. The
  /// epoch is the lease's number, or more where the lease itself was deleted meanwhile.
  package func claim(_ id: String, number: Int64) -> Flow<RecordHead> {
    claim(id, number, attempt: 1)
  }

  private func claim(_ id: String, _ number: Int64, attempt: Int) -> Flow<RecordHead> {
    head(id).then { found in
      guard var head = found else {
        return .failure(.refused("there is no run \(id) in \(namespace)"))
      }
      // An answer that was lost: it is ours already.
      if head.holder == holder, head.epoch >= number, attempt > 1 { return .value(head) }
      head.epoch = max(number, head.epoch + 1)
      head.holder = holder
      return replace(head).then { reply in
        if reply.isSuccess { return .value(reply.version(head)) }
        guard reply.status == 409 || reply.status >= 500, attempt < KubeConflict.attempts else {
          return .failure(reply.changeFailure("take over the journal of \(id)"))
        }
        return claim(id, number, attempt: attempt + 1)
      }.otherwise { failure in
        guard case .inDoubt = failure, attempt < KubeConflict.attempts else {
          return .failure(failure)
        }
        return claim(id, number, attempt: attempt + 1)
      }
    }
  }

  private func replace(_ head: RecordHead) -> Flow<KubeReply> {
    kube(head.id).change(
      .put, path(RecordName.head(head.id)), contentType: "application/json",
      head.object(in: namespace))
  }

  /// Appends bytes to a journal that is ours, on the version of its head that was seen. May be
  /// repeated with the same arguments after any failure but `held` and `refused`.
  package func append(_ bytes: [UInt8], to head: RecordHead) -> Flow<RecordHead> {
    guard head.size + bytes.count <= Self.sizeMax else {
      return .failure(
        .refused(
          "the journal of \(head.id) would become larger than the \(Self.sizeMax >> 20) MiB that a "
            + "cluster is given"))
    }
    var next = head
    next.size += bytes.count
    next.tail += bytes
    guard next.tail.count > Self.tailMax else { return write(next, after: head, attempt: 1) }
    return seal(next, next.tail[...]).then { write($0, after: head, attempt: 1) }
  }

  /// Makes chunks of the end of a journal. Nobody looks at them before the head names them.
  private func seal(_ head: RecordHead, _ rest: ArraySlice<UInt8>) -> Flow<RecordHead> {
    var next = head
    guard !rest.isEmpty else {
      next.tail = []
      return .value(next)
    }
    let piece = Array(rest.prefix(Self.chunkMax))
    let name = RecordName.chunk(head.id, head.chunkNames.count, epoch: head.epoch)
    next.addChunk()
    let metadata = RecordName.metadata(name, in: namespace, run: head.id, kind: "chunk")
    let object: Document = [
      "apiVersion": "v1", "kind": "ConfigMap", "metadata": .object(metadata),
      "binaryData": ["chunk": .string(Base64.encode(piece))], "immutable": true,
    ]
    return make(object, for: head.id).then { isNew in
      if isNew { return seal(next, rest.dropFirst(piece.count)) }
      // By an attempt whose answer was lost: then it is the same.
      return chunk(name, head.id).then { found in
        found == piece
          ? seal(next, rest.dropFirst(piece.count))
          : .failure(.refused("ConfigMap \(name) in \(namespace) is not what dr wrote there"))
      }
    }
  }

  private func write(
    _ next: RecordHead, after head: RecordHead, attempt: Int
  ) -> Flow<RecordHead> {
    func look(_ failure: WorldFailure) -> Flow<RecordHead> {
      self.head(head.id).then { found in
        guard let found else {
          return .failure(.refused("the record of \(head.id) in \(namespace) was removed"))
        }
        guard found.epoch == head.epoch, found.holder == head.holder else {
          return .failure(
            .held("the run \(head.id) was taken over by \(found.holder)"))
        }
        if found.size == next.size { return .value(found) }
        guard found.size == head.size, found.tail == head.tail else {
          return .failure(
            .refused("the record of \(head.id) in \(namespace) was changed by somebody else"))
        }
        // Nothing was written; a label that a person set costs another attempt.
        guard found.resourceVersion != head.resourceVersion, attempt < KubeConflict.attempts else {
          return .failure(failure)
        }
        var seen = head
        seen.resourceVersion = found.resourceVersion
        var again = next
        again.resourceVersion = found.resourceVersion
        return write(again, after: seen, attempt: attempt + 1)
      }
    }
    let what = "write the journal of \(head.id)"
    return replace(next).then { reply in
      if reply.isSuccess { return .value(reply.version(next)) }
      guard [404, 409].contains(reply.status) || reply.status >= 500 else {
        return .failure(reply.failure(what))
      }
      return look(.busy("cannot \(what): \(reply.explanation)"))
    }.otherwise { failure in
      guard case .inDoubt(let message) = failure else { return .failure(failure) }
      return look(.busy(message))
    }
  }

  // MARK: Beside the journal

  /// What was answered to a question of a run.
  package func answer(_ id: String, to question: String) -> Flow<[UInt8]?> {
    text(RecordName.answer(id, question), key: "answer.json", id).map { $0.text }
  }

  /// False where there is an answer already.
  package func putAnswer(
    _ bytes: [UInt8], _ id: String, to question: String
  ) -> Flow<Bool> {
    let name = RecordName.answer(id, question)
    let metadata = RecordName.metadata(name, in: namespace, run: id, kind: "answer")
    return make(Self.object(metadata, key: "answer.json", bytes), for: id)
  }

  /// What all copies of a watcher know of alerts.
  package func alerts() -> Flow<[UInt8]?> {
    text(RecordName.alerts, key: "alerts.json", nil).map { $0.text }
  }

  package func putAlerts(_ bytes: [UInt8]) -> Flow<Void> {
    text(RecordName.alerts, key: "alerts.json", nil).then { _, version in
      var metadata = RecordName.metadata(
        RecordName.alerts, in: namespace, run: nil, kind: "alerts")
      if let version { metadata["resourceVersion"] = .string(version) }
      return kube(nil).change(
        version == nil ? .post : .put, path(version == nil ? nil : RecordName.alerts),
        contentType: "application/json", Self.object(metadata, key: "alerts.json", bytes)
      ).then { reply in
        reply.isSuccess ? .value(()) : .failure(reply.failure("keep the alerts in \(namespace)"))
      }
    }
  }

  private func text(
    _ name: String, key: String, _ id: String?
  ) -> Flow<(text: [UInt8]?, version: String?)> {
    kube(id).get(path(name)).then { reply in
      if reply.status == 404 { return .value((nil, nil)) }
      return reply.document("read ConfigMap \(name) in \(namespace)").map { object in
        (
          object["data"]?[key]?.stringValue.map { Array($0.utf8) },
          object["metadata"]?["resourceVersion"]?.stringValue
        )
      }
    }
  }

  private static func object(
    _ metadata: DocumentObject, key: String, _ bytes: [UInt8]
  ) -> Document {
    [
      "apiVersion": "v1", "kind": "ConfigMap", "metadata": .object(metadata),
      "data": .object(DocumentObject([(key, .string(String(decoding: bytes, as: UTF8.self)))])),
    ]
  }

  // MARK: Removing

  /// Removes a run: its head last, so that what is interrupted can be done again.
  package func remove(_ id: String) -> Flow<Void> {
    objects([.init("labelSelector", "\(RecordName.runLabel)=\(id)")]).then { objects in
      let names = objects.compactMap { $0["metadata"]?["name"]?.stringValue }
      let last = RecordName.head(id)
      let paths =
        names.filter { $0 != last }.map { path($0) } + [lease(id).path(last), path(last)]
      return delete(paths[...], id)
    }
  }

  private func delete(_ paths: ArraySlice<KubePath>, _ id: String) -> Flow<Void> {
    guard let first = paths.first else { return .value(()) }
    return kube(id).change(.delete, first, contentType: "application/json", [:]).then { reply in
      reply.isSuccess || reply.status == 404
        ? delete(paths.dropFirst(), id)
        : .failure(reply.changeFailure("remove the run \(id) from \(namespace)"))
    }
  }
}

extension KubeReply {
  /// The head as it was written, at the version that it has now.
  fileprivate func version(_ head: RecordHead) -> RecordHead {
    var head = head
    head.resourceVersion =
      body["metadata"]?["resourceVersion"]?.stringValue ?? head.resourceVersion
    return head
  }
}
