// SPDX-License-Identifier: Apache-2.0

import DrSchema

/// Manifests as files: a folder for each cluster, in it one for each zone, each with a
/// `kustomization.yaml`, so that a cluster and a zone can be applied alone. The faults of drills stand
/// beside, in none but their own: nobody wants an outage because a cluster was applied.
///
/// ```
/// prod/kustomization.yaml                        all of the cluster, its zones included
/// prod/namespace-shop.yaml                       what belongs to no namespace
/// prod/shop/service-web.yaml
/// prod/drills/dark-zone/kustomization.yaml       the faults of one drill
/// prod/zones/az1/kustomization.yaml              what runs in one zone
/// prod/zones/az1/shop/deployment-web-az1.yaml
/// ```
struct ManifestTree {
  private(set) var files: [(path: String, bytes: [UInt8])] = []
  private let format: ManifestFormat
  private let comments: Bool
  private var taken: Set<String> = []
  /// The paths in each folder that has a kustomization, in the order of the manifests.
  private var folders: [(folder: String, resources: [String])] = []
  private var places: [String: Int] = [:]

  init(_ result: CompileResult, _ format: ManifestFormat, comments: Bool) {
    self.format = format
    self.comments = comments
    for manifest in result.manifests { add(manifest) }
    for (folder, resources) in folders {
      files.append(("\(folder)/kustomization.yaml", Self.kustomization(resources)))
    }
    files += result.files.map { ($0.path, Array($0.text.utf8)) }
    files.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  private mutating func add(_ manifest: Manifest) {
    let cluster = Self.folder(manifest.cluster ?? "default")
    var folder = cluster
    if let drill = manifest.drill {
      folder += "/drills/\(Self.folder(drill))"
    } else if let zone = manifest.zone {
      folder += "/zones/\(Self.folder(zone))"
      if places[folder] == nil { note("zones/\(Self.folder(zone))", in: cluster) }
    }
    let namespace = manifest.namespace.map { "\($0)/" } ?? ""
    var name = "\(manifest.kind.lowercased())-\(manifest.name)"
    if !taken.insert("\(folder)/\(namespace)\(name)").inserted {
      // Two groups may have a kind of one name.
      name = "\(manifest.kind.lowercased()).\(manifest.group)-\(manifest.name)"
    }
    let resource = "\(namespace)\(name).\(format.rawValue)"
    note(resource, in: folder)
    files.append(("\(folder)/\(resource)", manifest.bytes(format, comment: comments)))
  }

  private mutating func note(_ resource: String, in folder: String) {
    let place = places[folder] ?? folders.count
    if place == folders.count {
      places[folder] = place
      folders.append((folder, []))
    }
    folders[place].resources.append(resource)
  }

  private static func kustomization(_ resources: [String]) -> [UInt8] {
    var text = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"
    for resource in resources { text += "- \(resource)\n" }
    return Array(text.utf8)
  }

  /// A label as the name of a folder: nothing that leads out of the tree, and nothing that YAML would
  /// read as something else.
  private static func folder(_ label: String) -> String {
    let name = String(
      label.unicodeScalars.map { scalar in
        let isPlain = scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
        return isPlain || scalar == "-" || scalar == "_" || scalar == "." ? Character(scalar) : "-"
      })
    return name.first.map { $0 == "." || $0 == "-" } ?? true ? "_\(name)" : name
  }
}

extension CompileResult {
  /// Everything as files below an output folder, sorted by path; see `ManifestTree`.
  package func files(
    _ format: ManifestFormat, sourceComments: Bool = true
  ) -> [(path: String, bytes: [UInt8])] {
    ManifestTree(self, format, comments: sourceComments).files
  }
}

extension CompileResult {
  /// An object that two clusters have in two forms, which a single stream cannot hold.
  package var ambiguousTitle: String? {
    for (a, b) in zip(manifests, manifests.dropFirst()) where a.name == b.name {
      if a.group == b.group, a.title == b.title, a.text != b.text { return a.title }
    }
    return nil
  }
}
