// SPDX-License-Identifier: Apache-2.0

import DrData

/// A collection that can be watched in place of being read again and again, as a read of it names it.
package struct WatchTarget: Hashable, Sendable, Comparable {
  package let cluster: String
  /// Of the collection: `/api/v1/namespaces/deepseek/pods`.
  package let path: String
  package let labelSelector: String
  package let fieldSelector: String

  /// What a request reads, where that is a collection or one object of one; `nil` for everything else.
  package init?(_ request: KubernetesRequest) {
    guard request.method == .get else { return nil }
    let parts = request.path.split(separator: "/").map(String.init)
    // api/VERSION, or apis/GROUP/VERSION.
    let lead = parts.first == "api" ? 2 : parts.first == "apis" ? 3 : 0
    guard lead > 0, parts.count > lead else { return nil }
    var rest = parts[lead...]
    var head = Array(parts[..<lead])
    if rest.first == "namespaces", rest.count >= 3 {
      head += rest.prefix(2)
      rest = rest.dropFirst(2)
    }
    guard let resource = rest.first, rest.count <= 2 else { return nil }
    var labels = ""
    var fields = ""
    for item in request.query {
      switch item.name {
      case "labelSelector": labels = item.value
      case "fieldSelector": fields = item.value
      case "limit", "continue": continue
      default: return nil  // open: what else changes an answer is not known
      }
    }
    if rest.count == 2 {
      guard fields.isEmpty, let name = rest.last, !name.contains("%") else { return nil }
      fields = "metadata.name=\(name)"
    }
    cluster = request.cluster
    path = "/" + (head + [resource]).joined(separator: "/")
    labelSelector = labels
    fieldSelector = fields
  }

  private var selectors: [KubernetesRequest.QueryItem] {
    (labelSelector.isEmpty ? [] : [.init("labelSelector", labelSelector)])
      + (fieldSelector.isEmpty ? [] : [.init("fieldSelector", fieldSelector)])
  }

  /// Gives the version from which to watch: whatever happens later is told.
  package func positioning(agent: String) -> KubernetesRequest {
    KubernetesRequest(
      cluster: cluster, method: .get, path: path, query: selectors + [.init("limit", "1")],
      agent: agent)
  }

  /// The watch itself. The server ends it after `seconds`, and says every minute or so how far it is.
  package func watching(from version: String, seconds: Int, agent: String) -> KubernetesRequest {
    KubernetesRequest(
      cluster: cluster, method: .get, path: path,
      query: selectors + [
        .init("watch", "1"), .init("allowWatchBookmarks", "true"),
        .init("resourceVersion", version), .init("timeoutSeconds", "\(seconds)"),
      ], agent: agent)
  }

  /// What both ask for: of each object only its metadata, where the server can do that.
  package static let accepted =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"

  package static func < (a: WatchTarget, b: WatchTarget) -> Bool {
    (a.cluster, a.path, a.labelSelector, a.fieldSelector)
      < (b.cluster, b.path, b.labelSelector, b.fieldSelector)
  }

  /// The version of a collection that an answer to `positioning` tells.
  package static func version(_ body: [UInt8]) -> String? {
    guard let document = try? JSON.parse(body),
      let version = document["metadata"]?["resourceVersion"]?.stringValue, !version.isEmpty
    else { return nil }
    return version
  }
}
