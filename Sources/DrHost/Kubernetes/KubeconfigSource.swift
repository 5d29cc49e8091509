// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrSystem
import Glibc

/// Where kubeconfigs are looked for, by kubectl's rules: a file given by hand alone; else the list
/// in KUBECONFIG, of which missing files are skipped; else `~/.kube/config`; else the service
/// account of the pod that this process runs in.
package struct KubeconfigSource: Sendable {
  /// `--kubeconfig`; must exist.
  package var given: String?
  /// KUBECONFIG: paths with `:` between them.
  package var list: String?
  package var home: String?
  /// KUBERNETES_SERVICE_HOST and …_PORT, which every pod has.
  package var serviceHost: String?
  package var servicePort: String?
  var serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

  package init(given: String? = nil) { self.given = given }

  /// As this process's environment says.
  package static func standard(given: String? = nil) -> KubeconfigSource {
    var source = KubeconfigSource(given: given)
    source.list = Environment.variable("KUBECONFIG")
    source.home = Environment.variable("HOME")
    source.serviceHost = Environment.variable("KUBERNETES_SERVICE_HOST")
    source.servicePort = Environment.variable("KUBERNETES_SERVICE_PORT")
    return source
  }

  /// The kubeconfig, merged of all files: of entries of one name the first counts.
  package func load() throws(Diagnostic) -> Kubeconfig {
    if let given { return try read([given], mustExist: true) }
    if let list, !list.isEmpty {
      let paths = list.split(separator: ":").map(String.init)
      return try read(paths, mustExist: false)
    }
    if let home, case let path = "\(home)/.kube/config", access(path, F_OK) == 0 {
      return try read([path], mustExist: true)
    }
    if let inCluster = inCluster() { return inCluster }
    throw Diagnostic(
      .invalidKubeconfig, "there is no kubeconfig: ~/.kube/config does not exist",
      help: "set KUBECONFIG, or name a file with --kubeconfig")
  }

  private func read(_ paths: [String], mustExist: Bool) throws(Diagnostic) -> Kubeconfig {
    var merged = Kubeconfig(origin: paths.joined(separator: ":"))
    var found = 0
    for path in paths {
      let bytes: [UInt8]
      do throws(FileFailure) {
        bytes = try readSmallFile(path)
      } catch {
        if error.code == ENOENT, !mustExist { continue }
        throw Diagnostic(
          .invalidKubeconfig, "the kubeconfig \(path) cannot be read: \(error.reason)",
          help: "name another file with --kubeconfig or KUBECONFIG")
      }
      found += 1
      merged.add(try KubeconfigReader(path: path).read(bytes))
    }
    guard found > 0 else {
      throw Diagnostic(
        .invalidKubeconfig, "none of the files in KUBECONFIG exists: \(merged.origin)",
        help: "set KUBECONFIG to a file that exists, or name one with --kubeconfig")
    }
    return merged
  }

  private func inCluster() -> Kubeconfig? {
    guard let serviceHost, !serviceHost.isEmpty, access("\(serviceAccount)/token", R_OK) == 0 else {
      return nil
    }
    let host = serviceHost.contains(":") ? "[\(serviceHost)]" : serviceHost
    var config = Kubeconfig(origin: "the pod's service account")
    config.clusters = [
      Kubeconfig.Cluster(
        name: "in-cluster", server: "https://\(host):\(servicePort ?? "443")",
        certificateAuthority: .file("\(serviceAccount)/ca.crt"))
    ]
    config.users = [
      Kubeconfig.User(name: "service-account", tokenFile: "\(serviceAccount)/token")
    ]
    config.contexts = [
      Kubeconfig.Context(name: "in-cluster", cluster: "in-cluster", user: "service-account")
    ]
    config.currentContext = "in-cluster"
    return config
  }
}

extension Kubeconfig {
  /// Adds what another file says where this one says nothing.
  mutating func add(_ other: Kubeconfig) {
    if currentContext?.isEmpty ?? true { currentContext = other.currentContext }
    clusters += other.clusters.filter { entry in !clusters.contains { $0.name == entry.name } }
    users += other.users.filter { entry in !users.contains { $0.name == entry.name } }
    contexts += other.contexts.filter { entry in !contexts.contains { $0.name == entry.name } }
  }
}
