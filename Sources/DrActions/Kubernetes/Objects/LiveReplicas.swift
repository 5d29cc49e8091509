// SPDX-License-Identifier: Apache-2.0

import DrData

/// Who decides how many replicas run: where an autoscaler does, applying must not.
package enum LiveReplicas {
  /// The workloads that autoscalers among some manifests scale, as `Kind namespace/name`.
  package static func autoscaled(_ manifests: [DocumentObject]) -> Set<String> {
    var names: Set<String> = []
    for manifest in manifests where manifest["kind"]?.stringValue == "HorizontalPodAutoscaler" {
      let target = manifest["spec"]?["scaleTargetRef"]
      let namespace = manifest["metadata"]?["namespace"]?.stringValue
      if let kind = target?["kind"]?.stringValue, let name = target?["name"]?.stringValue {
        names.insert("\(kind) \(namespace ?? "")/\(name)")
      }
    }
    return names
  }

  /// A manifest whose number of replicas is the one that runs, where an autoscaler decides it.
  ///
  /// Leaving the number out instead would set it to 1: what the last apply owned alone is removed.
  package static func kept(
    _ manifest: DocumentObject, live: Document, autoscaled: Set<String>
  ) -> DocumentObject {
    let kind = manifest["kind"]?.stringValue ?? ""
    let namespace = manifest["metadata"]?["namespace"]?.stringValue ?? ""
    let name = manifest["metadata"]?["name"]?.stringValue ?? ""
    guard autoscaled.contains("\(kind) \(namespace)/\(name)"),
      let replicas = live["spec"]?["replicas"], var spec = manifest["spec"]?.objectValue
    else { return manifest }
    var manifest = manifest
    spec["replicas"] = replicas
    manifest["spec"] = .object(spec)
    return manifest
  }
}
