// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Requests to one API server: retries, paging, and statuses turned into failures.
///
/// Reads are repeated after overload (429), server errors and lost connections. Changes are
/// repeated only where they certainly did not happen: nothing was sent, or the answer is 429, which
/// the API server gives before it looks at a request.
struct KubeClient {
  let cluster: String
  let agent: String

  private static let attempts = 5
  /// API priority and fairness asks for 32 s at most.
  private static let longestRetryAfter = 32 * Unit.second
  /// Objects of a page: as documents they take four times what they do as JSON, and two lists may be
  /// under way.
  private static let pageSize = 200

  /// Reads. Statuses other than 429 and 5xx are the caller's to judge.
  func get(
    _ path: KubePath, _ query: [KubernetesRequest.QueryItem] = [], attempt: Int = 1
  ) -> Flow<KubeReply> {
    let request = KubernetesRequest(
      cluster: cluster, method: .get, path: path.text, query: query, agent: agent)
    return .ask(.kubernetes(request)) { reply in
      // Whoever takes seconds to refuse a connection is not worth many of them.
      let isSlow = reply.elapsedNanoseconds > 2 * Unit.second
      let again = attempt < (isSlow ? 2 : Self.attempts)
      switch KubeReply.read(reply) {
      case .failure(.refused(let message)): return .failure(.refused(message))
      case .failure(let failure):
        guard again else { return .failure(.unreachable(failure.message)) }
        return retry(after: Self.backoff(attempt), path, query, attempt)
      case .success(let reply) where reply.status == 429 || reply.status >= 500:
        guard again else { return .failure(reply.failure("read \(path.text)")) }
        return retry(after: reply.pause ?? Self.backoff(attempt), path, query, attempt)
      case .success(let reply): return .value(reply)
      }
    }
  }

  private func retry(
    after pause: Int64, _ path: KubePath, _ query: [KubernetesRequest.QueryItem], _ attempt: Int
  ) -> Flow<KubeReply> {
    .sleep(nanoseconds: min(pause, Self.longestRetryAfter)) {
      get(path, query, attempt: attempt + 1)
    }
  }

  /// The document at a path; `what` names it for people when there is none.
  func document(_ path: KubePath, _ what: String) -> Flow<Document> {
    get(path).then { reply in
      if reply.isUnknownKind { return .failure(Self.unknownKind(path, what)) }
      return reply.status == 404
        ? .failure(.refused("\(what) does not exist"))
        : reply.document("read \(what)")
    }
  }

  /// Why nothing can be at a path.
  static func unknownKind(_ path: KubePath, _ what: String) -> WorldFailure {
    .refused(
      "\(what) cannot be there: the cluster does not know \(path.kind); what brings them is not installed "
        + "in it, or is of another version")
  }

  /// All items of a collection, page by page. A list that expires between pages (410) is begun
  /// anew.
  func list(
    _ path: KubePath, _ query: [KubernetesRequest.QueryItem] = []
  ) -> Flow<[Document]> {
    list(path, query) { $0 }
  }

  /// The same, of each item only what `take` wants of it: ten thousand pods are 60 MB of JSON, and
  /// more as documents.
  func list<Item>(
    _ path: KubePath, _ query: [KubernetesRequest.QueryItem] = [],
    _ take: @escaping (Document) -> Item?
  ) -> Flow<[Item]> {
    page(path, query, take, items: [], token: nil, restarts: 3)
  }

  private func page<Item>(
    _ path: KubePath, _ query: [KubernetesRequest.QueryItem],
    _ take: @escaping (Document) -> Item?, items: [Item], token: String?, restarts: Int
  ) -> Flow<[Item]> {
    var all = query
    all.append(.init("limit", "\(Self.pageSize)"))
    if let token { all.append(.init("continue", token)) }
    return get(path, all).then { reply in
      if reply.status == 410, restarts > 0 {
        return page(path, query, take, items: [], token: nil, restarts: restarts - 1)
      }
      return reply.document("list \(path.text)").then { list in
        let items = items + (list["items"]?.arrayValue ?? []).compactMap(take)
        guard let next = list["metadata"]?["continue"]?.stringValue, !next.isEmpty else {
          return .value(items)
        }
        return page(path, query, take, items: items, token: next, restarts: restarts)
      }
    }
  }

  /// A change. Any answer below 500 but 429 is given back; so is 429 where the caller wants it.
  func change(
    _ method: HTTPMethod, _ path: KubePath, _ query: [KubernetesRequest.QueryItem] = [],
    contentType: String, _ body: Document, passing429: Bool = false, attempt: Int = 1
  ) -> Flow<KubeReply> {
    let request = KubernetesRequest(
      cluster: cluster, method: method, path: path.text, query: query, contentType: contentType,
      body: body, agent: agent)
    func again(after pause: Int64) -> Flow<KubeReply> {
      .sleep(nanoseconds: min(pause, Self.longestRetryAfter)) {
        change(
          method, path, query, contentType: contentType, body, passing429: passing429,
          attempt: attempt + 1)
      }
    }
    return .ask(.kubernetes(request)) { reply in
      let isSlow = reply.elapsedNanoseconds > 2 * Unit.second
      let mayRepeat = attempt < (isSlow ? 2 : Self.attempts)
      switch KubeReply.read(reply) {
      case .failure(.notSent(let message)):
        return mayRepeat ? again(after: Self.backoff(attempt)) : .failure(.unreachable(message))
      case .failure(.lostAnswer(let message)): return .failure(.inDoubt(message))
      case .failure(.refused(let message)): return .failure(.refused(message))
      case .success(let reply) where reply.status == 429 && !passing429:
        guard mayRepeat else { return .failure(reply.failure("change \(path.text)")) }
        return again(after: reply.pause ?? Self.backoff(attempt))
      case .success(let reply): return .value(reply)
      }
    }
  }

  /// A merge patch (RFC 7386) that only lands on the version of the object that was seen.
  func patch(
    _ path: KubePath, resourceVersion: String, _ body: DocumentObject
  ) -> Flow<KubeReply> {
    var body = body
    var metadata = body["metadata"]?.objectValue ?? DocumentObject()
    metadata["resourceVersion"] = .string(resourceVersion)
    body["metadata"] = .object(metadata)
    return change(
      .patch, path, contentType: "application/merge-patch+json", .object(body))
  }

  /// 0.2 s, 0.4 s, 0.8 s, 1.6 s.
  static func backoff(_ attempt: Int) -> Int64 {
    200 * Unit.millisecond << Int64(min(attempt, 6) - 1)
  }
}
