// SPDX-License-Identifier: Apache-2.0

import DrData

/// Something that an API server allows or not: `patch deployments.apps/scale web in shop`.
package struct KubePermission: Hashable, Sendable {
  package let verb: String
  /// Plural: `deployments`.
  package let resource: String
  /// Empty for the core.
  package let group: String
  /// Empty where it is the object itself.
  package let subresource: String
  /// Of the object; empty where any is meant.
  package let name: String
  /// Empty for what belongs to no namespace, or to any.
  package let namespace: String

  /// `VERB RESOURCE[.GROUP][/SUBRESOURCE] [NAME] [in NAMESPACE]`, as plans write it; `nil` for what other systems
  /// than Kubernetes allow.
  package init?(_ text: String) {
    var words = text.split(separator: " ").map(String.init)
    namespace = words.count >= 4 && words[words.count - 2] == "in" ? words[words.count - 1] : ""
    if !namespace.isEmpty { words.removeLast(2) }
    guard words.count == 2 || words.count == 3 && (words[2] != "in" || !namespace.isEmpty),
      Self.verbs.contains(words[0])
    else { return nil }
    let parts = words[1].split(separator: "/", maxSplits: 1).map(String.init)
    guard let first = parts.first else { return nil }
    let resource = String(first.prefix { $0 != "." })
    verb = words[0]
    self.resource = resource
    group = String(first.dropFirst(resource.count + 1))
    subresource = parts.count == 2 ? parts[1] : ""
    name = words.count == 3 ? words[2] : ""
  }

  private init(_ other: KubePermission, name: String) {
    verb = other.verb
    resource = other.resource
    group = other.group
    subresource = other.subresource
    self.name = name
    namespace = other.namespace
  }

  /// The function that asks for one.
  package static let question = KubeAllowed.name

  /// The verbs that drivers need.
  private static let verbs: Set<String> = [
    "get", "list", "watch", "create", "update", "patch", "delete",
  ]

  /// The same for one object, where a rule can name it: `target` is what an act touches, as observations write it,
  /// `deployments/web in shop`. `nil` where it is of another kind, and for what is asked of a kind as a whole.
  package func named(by target: String) -> KubePermission? {
    let isOfKind = verb == "list" || verb == "watch" || (verb == "create" && subresource.isEmpty)
    let place = target.prefix { $0 != " " }
    guard name.isEmpty, !isOfKind, place.hasPrefix("\(resource)/") else { return nil }
    return KubePermission(self, name: String(place.dropFirst(resource.count + 1)))
  }

  /// `patch deployments.apps/scale web in shop`
  package var text: String {
    "\(verb) \(resource)" + (group.isEmpty ? "" : ".\(group)")
      + (subresource.isEmpty ? "" : "/\(subresource)") + (name.isEmpty ? "" : " \(name)")
      + (namespace.isEmpty ? "" : " in \(namespace)")
  }

  /// For the API server.
  var attributes: Document {
    var object = DocumentObject([
      ("verb", .string(verb)), ("resource", .string(resource)), ("group", .string(group)),
    ])
    if !subresource.isEmpty { object["subresource"] = .string(subresource) }
    if !namespace.isEmpty { object["namespace"] = .string(namespace) }
    if !name.isEmpty { object["name"] = .string(name) }
    return .object(object)
  }

  /// Whether a failure is that of a request whose sender lacks a permission; not one that a quota or a webhook refuses,
  /// which are 403, too.
  package static func isLacking(_ failure: String) -> Bool {
    failure.contains("is forbidden: User \"") && failure.hasSuffix("(403 Forbidden)")
  }
}

extension KubePermission {
  /// The rules of Roles that give all of these, each rule with the namespace of its Role; empty where it must be a
  /// ClusterRole. In order of namespaces and resources.
  package static func rules(
    for permissions: [KubePermission]
  ) -> [(namespace: String, lines: [String])] {
    struct Place: Hashable { let namespace, group, resource: String }
    struct Rule { var verbs: Set<String> = [], names: Set<String> = [], isOfAll = false }
    var rules: [Place: Rule] = [:]
    for each in permissions {
      let resource = each.resource + (each.subresource.isEmpty ? "" : "/\(each.subresource)")
      let place = Place(namespace: each.namespace, group: each.group, resource: resource)
      rules[place, default: Rule()].verbs.insert(each.verb)
      if each.name.isEmpty { rules[place]?.isOfAll = true }
      rules[place]?.names.insert(each.name)
    }
    func list(_ words: Set<String>) -> String {
      "[" + words.sorted().map { "\"\($0)\"" }.joined(separator: ", ") + "]"
    }
    var found: [(namespace: String, lines: [String])] = []
    let order = rules.sorted {
      ($0.key.namespace, $0.key.group, $0.key.resource)
        < ($1.key.namespace, $1.key.group, $1.key.resource)
    }
    for (place, rule) in order {
      var lines = [
        "- apiGroups: [\"\(place.group)\"]", "  resources: [\"\(place.resource)\"]",
      ]
      if !rule.isOfAll { lines.append("  resourceNames: \(list(rule.names))") }
      lines.append("  verbs: \(list(rule.verbs))")
      if found.last?.namespace == place.namespace {
        found[found.count - 1].lines += lines
      } else {
        found.append((place.namespace, lines))
      }
    }
    return found
  }
}
