// SPDX-License-Identifier: Apache-2.0

import DrBase
import Testing

@testable import DrHost
@testable import DrSystem

struct KubeconfigTests {
  private let text = """
    apiVersion: v1
    kind: Config
    current-context: b
    clusters:
    - name: c1
      cluster: {server: "https://10.0.0.1:6443", certificate-authority: ca.crt}
    - name: c2
      cluster:
        server: https://c2.example/k8s/
        certificate-authority-data: Y2E=
        tls-server-name: kubernetes
        proxy-url: socks5://p:1081
    users:
    - name: u1
      user: {client-certificate-data: Y3J0, client-key: /k/u1.key}
    - name: u2
      user:
        exec:
          apiVersion: client.authentication.k8s.io/v1
          command: bin/login
          args: [--cluster, c2]
          env: [{name: A, value: b}]
    contexts:
    - {name: a, context: {cluster: c1, user: u1, namespace: x}}
    - {name: b, context: {cluster: c2, user: u2}}
    - {name: anonymous, context: {cluster: c1}}
    - {name: broken, context: {cluster: c9, user: u1}}
    """

  private func failure(_ body: () throws -> Void) -> Diagnostic? {
    do {
      try body()
      return nil
    } catch {
      return error as? Diagnostic
    }
  }

  @Test("reads clusters, users and contexts; paths are relative to the file")
  func reads() throws {
    let folder = try TestFolder()
    let path = try folder.write("config", text)
    let config = try KubeconfigSource(given: path).load()
    #expect(config.contextNames == ["a", "b", "anonymous", "broken"])
    let a = try config.resolve(cluster: "a", chosen: nil)
    #expect(a.cluster.certificateAuthority == .file("\(folder.path)/ca.crt"))
    #expect(a.user.clientCertificate == .inline(Array("crt".utf8)))
    #expect(a.user.clientKey == .file("/k/u1.key"))
    let current = try config.resolve(cluster: "deepseek-dr-cluster", chosen: nil)
    #expect(current.context == "b" && current.cluster.tlsServerName == "kubernetes")
    #expect(
      current.user.exec
        == Kubeconfig.Exec(
          apiVersion: "client.authentication.k8s.io/v1", command: "\(folder.path)/bin/login",
          arguments: ["--cluster", "c2"], environment: [.init(name: "A", value: "b")],
          installHint: nil, providesClusterInfo: false))
    #expect(try config.resolve(cluster: "a", chosen: "anonymous").user.name == "")
    var acting = config
    acting.impersonation = Impersonation(user: "ann", groups: ["ops"])
    for context in ["a", "b", "anonymous"] {
      let user = try acting.resolve(cluster: "a", chosen: context).user
      #expect(user.impersonatedUser == "ann" && user.impersonatedGroups == ["ops"])
      #expect(user.impersonatedUID == nil && user.impersonatedExtras.isEmpty)
    }
    #expect(
      failure { _ = try config.resolve(cluster: "broken", chosen: nil) }?.message
        == "context broken of \(path) names cluster c9, which is missing")
    let unknown = failure { _ = try config.resolve(cluster: "a", chosen: "z") }
    #expect(unknown?.message == "\(path) has no context z")
    #expect(unknown?.help == "choose one of its contexts: a, b, anonymous, broken")
  }

  @Test("files of a list are merged, the first entry of a name counts, missing ones are skipped")
  func merges() throws {
    let folder = try TestFolder()
    let first = try folder.write(
      "1", "clusters: [{name: c2, cluster: {server: 'https://first'}}]\ncurrent-context: a\n")
    let second = try folder.write("2", text)
    var source = KubeconfigSource()
    source.list = "\(folder.path)/none:\(first):\(second)"
    let config = try source.load()
    #expect(config.currentContext == "a")
    #expect(try config.resolve(cluster: "b", chosen: nil).cluster.server == "https://first")
    source.list = "\(folder.path)/none"
    #expect(
      failure { _ = try source.load() }?.message
        == "none of the files in KUBECONFIG exists: \(folder.path)/none")
  }

  @Test("without a file, the pod's service account is used where there is one")
  func inCluster() throws {
    let folder = try TestFolder()
    var source = KubeconfigSource()
    source.home = folder.path
    source.serviceHost = "fd00::1"
    source.servicePort = "443"
    source.serviceAccount = folder.path
    #expect(
      failure { _ = try source.load() }?.message
        == "there is no kubeconfig: ~/.kube/config does not exist")
    try folder.write("token", "t")
    let config = try source.load()
    let resolved = try config.resolve(cluster: "any", chosen: nil)
    #expect(resolved.cluster.server == "https://[fd00::1]:443")
  }

  @Test("what is no YAML is shown by line, without secrets")
  func notYAML() throws {
    let folder = try TestFolder()
    let path = try folder.write(
      "config", "apiVersion: v1\nusers:\n- name: a\n\tuser: x\n")
    let found = failure { _ = try KubeconfigSource(given: path).load() }
    #expect(found?.code == .invalidKubeconfig)
    #expect(
      found?.message
        == "the kubeconfig \(path) is not YAML: line 4, column 1: a tab indents this line; "
        + "YAML takes spaces only")
    #expect(found?.notes == ["line 4 reads: \tuser: x"])
    let secret = try folder.write("config2", "users:\n- user: {token: 'abc': def}\n")
    let other = failure { _ = try KubeconfigSource(given: secret).load() }
    #expect(other?.notes.first?.contains("abc") == false)
  }

  @Test(
    "no line shows a secret",
    arguments: [
      ("    token: eyJhbGciOi", "    token: …"),
      ("  client-key-data: LS0t", "  client-key-data: …"),
      ("  password: x", "  password: …"),
      ("    server: https://10.0.0.1:6443", "    server: https://10.0.0.1:6443"),
      ("    server: https://u:p@h", "    server: …"),
      ("  proxy-url: http://u:p@h", "  proxy-url: …"),
      ("eyJhbGciOiJSUzI1NiIsImtpZCI6IkFCQ0RFRiJ9", "eyJhbGciOi…"), ("- name: a", "- name: a"),
      ("    user: {token: abc}", "    user: …"),
    ])
  func hides(line: String, shown: String) {
    #expect(KubeconfigReader.withoutSecrets(line) == shown)
  }

  @Test(
    "what cannot be used is refused with the place",
    arguments: [
      ("[]", "is not one YAML mapping"),
      ("kind: Deployment\n", "is a Deployment, not a Config"),
      ("clusters: x\n", "clusters is not a list"),
      ("clusters: [{cluster: {}}]\n", "clusters[0] has no name"),
      (
        "clusters: [{name: a, cluster: {server: 1}}]\n",
        "server of cluster a is not a string; put it in quotes"
      ),
      (
        "clusters: [{name: a, cluster: {certificate-authority-data: '!'}}]\n",
        "certificate-authority-data of a is not base64"
      ),
      (
        "users: [{name: a, user: {exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}}}]\n",
        "exec.apiVersion of user a must be client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1"
      ),
      (
        "users: [{name: a, user: {auth-provider: {name: gcp}}}]\n",
        "user a has an auth-provider, which Kubernetes 1.26 took away; use exec"
      ),
      (
        "users: [{name: a, user: {client-key-data: YQ==}}]\n",
        "user a has a client-certificate without a client-key, or a key without it"
      ),
      (
        "users: [{name: a, user: {as-groups: [g]}}]\n",
        "user a acts as a group, a uid or extras without `as`: as whom?"
      ),
      (
        "users: [{name: a, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Ask}}}]\n",
        "exec.interactiveMode of user a must be Never, IfAvailable or Always"
      ),
    ])
  func refuses(text: String, message: String) throws {
    let folder = try TestFolder()
    let path = try folder.write("config", text)
    #expect(
      failure { _ = try KubeconfigSource(given: path).load() }?.message
        == "the kubeconfig \(path): \(message)")
  }

  @Test(
    "server and proxy addresses",
    arguments: [
      ("https://10.0.0.1:6443", "10.0.0.1", 6443, ""), ("https://h/k8s/c/", "h", nil, "/k8s/c"),
      ("https://[fd00::1]:6443", "[fd00::1]", 6443, ""), ("HTTPS://h", "h", nil, ""),
    ] as [(String, String, Int?, String)])
  func addresses(text: String, host: String, port: Int?, path: String) throws {
    let address = try ServerAddress(text, cluster: "c")
    #expect(address.host == host && address.port == port && address.path == path)
  }

  @Test(
    "addresses that are none",
    arguments: [
      "", "10.0.0.1:6443", "ftp://h", "https://", "https://h:0", "https://h:x", "https://u@h",
      "https://h?x",
    ])
  func badAddresses(text: String) {
    #expect(throws: CredentialFailure.self) { try ServerAddress(text, cluster: "c") }
  }

  @Test("proxies are HTTP or SOCKS5")
  func proxies() throws {
    #expect(
      try ProxyAddress.parse("http://u:p%40@h:3128", named: "it")
        == .http(host: "h", port: 3128, user: "u", password: "p@"))
    #expect(try ProxyAddress.parse("socks5://h", named: "it") == .socks5(host: "h", port: 1080))
    #expect(throws: CredentialFailure.self) { try ProxyAddress.parse("https://h", named: "it") }
  }

  @Test(
    "the proxy of the environment is for servers that are no exception",
    arguments: [
      ("https://api.example.com:6443", "", "p"), ("http://api.example.com", "", "q"),
      ("https://localhost:6443", "", nil), ("https://127.0.0.9:6443", "", nil),
      ("https://[::1]:6443", "", nil), ("https://api.example.com", "*", nil),
      ("https://api.example.com", "other.com, example.com", nil),
      ("https://api.example.com", ".example.com", nil),
      ("https://example.com", ".example.com", "p"),
      ("https://api.example.com", "*.example.com", nil),
      ("https://notexample.com", "example.com", "p"),
      ("https://api.example.com:6443", "api.example.com:6443", nil),
      ("https://api.example.com:6443", "api.example.com:443", "p"),
      ("https://10.1.2.3:6443", "10.0.0.0/8", nil), ("https://11.1.2.3:6443", "10.0.0.0/8", "p"),
      ("https://[fd00::1]:6443", "fd00::/16", nil), ("https://[fd00::1]:6443", "fd00::1", nil),
      ("https://[fe00::1]:6443", "[fd00::1]", "p"), ("https://10.1.2.3", "10.1.2.3", nil),
      ("https://api.example.com", ",,:", "p"),
    ] as [(String, String, String?)])
  func proxyEnvironment(server: String, exceptions: String, proxy: String?) throws {
    var environment = ProxyEnvironment()
    environment.https = "p:3128"
    environment.http = "http://q:3128"
    environment.exceptions = exceptions
    #expect(
      try environment.proxy(for: ServerAddress(server, cluster: "c"))
        == proxy.map { .http(host: $0, port: 3128, user: nil, password: nil) })
  }

  @Test("a proxy that cannot be is refused without its password")
  func badProxy() throws {
    var environment = ProxyEnvironment()
    environment.https = "ftp://u:c4nary@p"
    do {
      _ = try environment.proxy(for: ServerAddress("https://h", cluster: "c"))
      Issue.record("it was taken")
    } catch {
      #expect(error.message == "HTTPS_PROXY must begin with http:// or socks5://")
    }
  }
}
