// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrSystem

/// Reads one kubeconfig file. What is wrong with it becomes E0602 with the line at fault, of which
/// nothing is shown that could be a secret.
struct KubeconfigReader {
  let path: String

  func read(_ bytes: [UInt8]) throws(Diagnostic) -> Kubeconfig {
    let documents: [Document]
    do throws(DataError) {
      documents = try YAML.parse(bytes)
    } catch {
      throw notYAML(error, bytes)
    }
    var config = Kubeconfig(origin: path)
    guard let document = documents.first(where: { $0 != .null }) else { return config }
    guard documents.count == 1, let root = document.objectValue else {
      throw problem("is not one YAML mapping")
    }
    if let kind = root["kind"]?.stringValue, kind != "Config" {
      throw problem("is a \(kind), not a Config")
    }
    config.currentContext = try string(root["current-context"], "current-context")
    for entry in try entries(root["clusters"], "clusters", "cluster") {
      config.clusters.append(try cluster(entry))
    }
    for entry in try entries(root["users"], "users", "user") {
      config.users.append(try user(entry))
    }
    for entry in try entries(root["contexts"], "contexts", "context") {
      config.contexts.append(
        Kubeconfig.Context(
          name: entry.name,
          cluster: try string(entry.body["cluster"], "\(entry.place).cluster") ?? "",
          user: try string(entry.body["user"], "\(entry.place).user") ?? ""))
    }
    return config
  }

  // MARK: Entries

  private struct Entry {
    let name: String
    let body: DocumentObject
    let place: String
  }

  /// `- name: …` with the rest under `key`.
  private func entries(
    _ list: Document?, _ member: String, _ key: String
  ) throws(Diagnostic) -> [Entry] {
    guard let list, list != .null else { return [] }
    guard let elements = list.arrayValue else { throw problem("\(member) is not a list") }
    var entries: [Entry] = []
    for (index, element) in elements.enumerated() {
      guard let name = element["name"]?.stringValue else {
        throw problem("\(member)[\(index)] has no name")
      }
      let place = "\(key) of \(name)"
      switch element[key] {
      case nil, .null: entries.append(Entry(name: name, body: DocumentObject(), place: place))
      case .object(let body): entries.append(Entry(name: name, body: body, place: place))
      case _: throw problem("\(place) is not a mapping")
      }
    }
    return entries
  }

  private func cluster(_ entry: Entry) throws(Diagnostic) -> Kubeconfig.Cluster {
    func text(_ name: String) throws(Diagnostic) -> String? {
      try string(entry.body[name], "\(name) of cluster \(entry.name)")
    }
    var cluster = Kubeconfig.Cluster(name: entry.name, server: try text("server") ?? "")
    cluster.certificateAuthority = try material(
      entry, data: "certificate-authority-data", file: "certificate-authority")
    cluster.skipsVerification = try bool(entry, "insecure-skip-tls-verify")
    cluster.tlsServerName = try text("tls-server-name")
    cluster.proxyURL = try text("proxy-url")
    cluster.execConfig =
      entry.body["extensions"]?.arrayValue?
      .first { $0["name"]?.stringValue == "client.authentication.k8s.io/exec" }?["extension"]
    return cluster
  }

  private func user(_ entry: Entry) throws(Diagnostic) -> Kubeconfig.User {
    func text(_ name: String) throws(Diagnostic) -> String? {
      try string(entry.body[name], "\(name) of user \(entry.name)")
    }
    var user = Kubeconfig.User(name: entry.name)
    user.clientCertificate = try material(
      entry, data: "client-certificate-data", file: "client-certificate")
    user.clientKey = try material(entry, data: "client-key-data", file: "client-key")
    user.token = try text("token")
    user.tokenFile = try text("tokenFile").map(absolute)
    user.username = try text("username")
    user.password = try text("password")
    user.impersonatedUser = try text("as")
    for (index, group) in (entry.body["as-groups"]?.arrayValue ?? []).enumerated() {
      guard let group = group.stringValue else {
        throw problem("as-groups[\(index)] of user \(entry.name) is not a string")
      }
      user.impersonatedGroups.append(group)
    }
    user.impersonatedUID = try text("as-uid")
    for (name, values) in entry.body["as-user-extra"]?.objectValue?.members ?? [] {
      for value in values.arrayValue ?? [.null] {
        guard let value = value.stringValue else {
          throw problem("as-user-extra.\(name) of user \(entry.name) is not a list of strings")
        }
        user.impersonatedExtras.append((name, value))
      }
    }
    let impersonates =
      !user.impersonatedGroups.isEmpty || user.impersonatedUID != nil
      || !user.impersonatedExtras.isEmpty
    if impersonates, user.impersonatedUser == nil {
      throw problem("user \(entry.name) acts as a group, a uid or extras without `as`: as whom?")
    }
    if (user.clientCertificate == nil) != (user.clientKey == nil) {
      throw problem(
        "user \(entry.name) has a client-certificate without a client-key, or a key without it")
    }
    if let provider = entry.body["auth-provider"], provider != .null {
      throw problem(
        "user \(entry.name) has an auth-provider, which Kubernetes 1.26 took away; use exec")
    }
    if let exec = entry.body["exec"], exec != .null { user.exec = try self.exec(exec, entry.name) }
    return user
  }

  private func exec(_ exec: Document, _ user: String) throws(Diagnostic) -> Kubeconfig.Exec {
    let versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]
    let version = try string(exec["apiVersion"], "exec.apiVersion of user \(user)") ?? ""
    guard versions.contains(version) else {
      throw problem("exec.apiVersion of user \(user) must be \(versions[0]) or \(versions[1])")
    }
    let command = try string(exec["command"], "exec.command of user \(user)") ?? ""
    guard !command.isEmpty else { throw problem("exec of user \(user) has no command") }
    let modes: [Document?] = [nil, .null, "Never", "IfAvailable", "Always"]
    guard modes.contains(exec["interactiveMode"]) else {
      throw problem("exec.interactiveMode of user \(user) must be Never, IfAvailable or Always")
    }
    if exec["interactiveMode"]?.stringValue == "Always" {
      throw problem("exec of user \(user) always wants a terminal, which dr does not give it")
    }
    var arguments: [String] = []
    for argument in exec["args"]?.arrayValue ?? [] {
      guard let text = argument.stringValue else {
        throw problem("exec.args of user \(user) must be strings; put them in quotes")
      }
      arguments.append(text)
    }
    var variables: [Kubeconfig.Exec.Variable] = []
    for variable in exec["env"]?.arrayValue ?? [] {
      guard let name = variable["name"]?.stringValue,
        let value = variable["value"]?.stringValue
      else { throw problem("exec.env of user \(user) must have names and values that are strings") }
      variables.append(Kubeconfig.Exec.Variable(name: name, value: value))
    }
    return Kubeconfig.Exec(
      apiVersion: version, command: command.contains("/") ? absolute(command) : command,
      arguments: arguments, environment: variables,
      installHint: exec["installHint"]?.stringValue,
      providesClusterInfo: exec["provideClusterInfo"]?.boolValue ?? false)
  }

  // MARK: Values

  private func string(_ value: Document?, _ what: String) throws(Diagnostic) -> String? {
    switch value {
    case nil, .null: return nil
    case .string(let text): return text.isEmpty ? nil : text
    case _: throw problem("\(what) is not a string; put it in quotes")
    }
  }

  private func bool(_ entry: Entry, _ name: String) throws(Diagnostic) -> Bool {
    switch entry.body[name] {
    case nil, .null: return false
    case .bool(let value): return value
    case _: throw problem("\(name) of \(entry.name) is neither true nor false")
    }
  }

  /// Inline data goes before a file, as with kubectl.
  private func material(
    _ entry: Entry, data: String, file: String
  ) throws(Diagnostic) -> Kubeconfig.Material? {
    if let text = try string(entry.body[data], "\(data) of \(entry.name)") {
      guard let bytes = Base64.decode(text) else {
        throw problem("\(data) of \(entry.name) is not base64")
      }
      return .inline(bytes)
    }
    return try string(entry.body[file], "\(file) of \(entry.name)").map { .file(absolute($0)) }
  }

  /// Paths in a kubeconfig are relative to its own folder.
  private func absolute(_ text: String) -> String {
    text.hasPrefix("/") ? text : "\(directory(of: path))/\(text)"
  }

  // MARK: Diagnostics

  private func problem(_ message: String) -> Diagnostic {
    Diagnostic(
      .invalidKubeconfig, "the kubeconfig \(path): \(message)",
      help: "`kubectl config view --kubeconfig \(path)` shows what kubectl reads")
  }

  private func notYAML(_ error: DataError, _ bytes: [UInt8]) -> Diagnostic {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var notes: [String] = []
    if error.line <= lines.count {
      let line = String(decoding: lines[error.line - 1], as: UTF8.self)
      notes.append("line \(error.line) reads: \(Self.withoutSecrets(line))")
    }
    return Diagnostic(
      .invalidKubeconfig,
      "the kubeconfig \(path) is not YAML: line \(error.line), column \(error.column): "
        + error.message,
      notes: notes, help: "mend that line, or name another file with --kubeconfig or KUBECONFIG")
  }

  /// Members whose values are no secrets.
  private static let openMembers: Set<String> = [
    "apiVersion", "kind", "current-context", "clusters", "users", "contexts", "cluster", "user",
    "context", "name", "server", "namespace", "preferences", "certificate-authority",
    "client-certificate", "client-key", "insecure-skip-tls-verify", "tls-server-name", "command",
    "exec", "tokenFile", "extensions",
  ]

  /// The line with everything hidden that could be a token, a key or a password.
  static func withoutSecrets(_ line: String) -> String {
    let text = line.prefix(120)
    guard let colon = text.firstIndex(of: ":") else {
      return text.count > 30 ? "\(text.prefix(10))…" : String(text)
    }
    let name = text[..<colon].drop { " \t-".contains($0) }
    // A flow mapping may hold any member, a URL a user and a password.
    let isOpen = openMembers.contains(String(name)) && !text.contains { "{[@".contains($0) }
    return isOpen ? String(text) : "\(text[...colon]) …"
  }
}
