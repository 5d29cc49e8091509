// SPDX-License-Identifier: Apache-2.0

import DrData

/// What the processes of a pod with one container may do, read off the `securityContext` of both. What is
/// not written has the value that the API server takes it for.
struct PodSecurity: Sendable, Equatable {
  var user: Int64?
  var group: Int64?
  var groups: [Int64] = []
  var volumesGroup: Int64?
  var noRoot = false
  var readOnly = false
  var escalation = true
  var drop: [String] = []
  var add: [String] = []
  var seccomp = "Unconfined"

  /// Takes what it can say from the pod and the container; nil where neither says anything. The
  /// container's word counts more.
  static func take(pod: inout Taking, container: inout Taking) -> PodSecurity? {
    let members = "securityContext"
    var security = PodSecurity()
    var isSaid = false
    func said<T>(_ value: T?) -> T? {
      if value != nil { isSaid = true }
      return value
    }
    func both(_ name: String) -> Document? {
      let ofPod = pod.take(members, name)
      return container.take(members, name) ?? ofPod
    }
    security.user = said(both("runAsUser")?.intValue)
    security.group = said(both("runAsGroup")?.intValue)
    security.noRoot = said(both("runAsNonRoot")?.boolValue) ?? false
    security.volumesGroup = said(pod.take(members, "fsGroup")?.intValue)
    security.groups =
      said(pod.take(members, "supplementalGroups")?.arrayValue)?.compactMap(\.intValue) ?? []
    security.readOnly = said(container.take(members, "readOnlyRootFilesystem")?.boolValue) ?? false
    security.escalation =
      said(container.take(members, "allowPrivilegeEscalation")?.boolValue) ?? true
    for name in ["RuntimeDefault", "Unconfined"] {
      for isPod in [true, false] {
        let profile: Document = .object(DocumentObject([("type", .string(name))]))
        let rest = isPod ? pod.rest : container.rest
        guard rest[members]?["seccompProfile"] == profile else { continue }
        if isPod {
          pod.take(members, "seccompProfile")
        } else {
          container.take(members, "seccompProfile")
        }
        security.seccomp = name
        isSaid = true
      }
    }
    func capabilities(_ name: String) -> [String] {
      said(container.take(members, "capabilities", name)?.arrayValue)?.compactMap(\.stringValue)
        ?? []
    }
    security.add = capabilities("add")
    security.drop = capabilities("drop")
    return isSaid ? security : nil
  }

  /// A block of a service.
  var block: String {
    var fields: [String] = []
    if let user { fields.append("user = \(user)") }
    if let group { fields.append("group = \(group)") }
    if !groups.isEmpty { fields.append("groups = \(groups)") }
    if let volumesGroup { fields.append("volumes_group = \(volumesGroup)") }
    if noRoot { fields.append("no_root = true") }
    if readOnly { fields.append("read_only = true") }
    if escalation { fields.append("escalation = true") }
    if !drop.isEmpty { fields.append("drop = \(Self.list(drop))") }
    if !add.isEmpty { fields.append("add = \(Self.list(add))") }
    if seccomp != "RuntimeDefault" {
      fields.append("seccomp = \(SourceWriter.string(seccomp, depth: 1))")
    }
    return "security { \(fields.joined(separator: ", ")) }\n"
  }

  private static func list(_ words: [String]) -> String {
    SourceWriter.literal(.array(words.map { .string($0) }), depth: 1)
  }
}
