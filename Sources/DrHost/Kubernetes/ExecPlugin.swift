// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrBase
import DrData
import DrRun

/// Runs a credential program (KEP-541; kubernetes.io, "client-go credential plugins") without a
/// shell and without a terminal, and reads the ExecCredential that it prints.
struct ExecPlugin: Sendable {
  let exec: Kubeconfig.Exec
  let cluster: Kubeconfig.Cluster
  let user: String

  func run() async throws(CredentialFailure) -> KubeCredentials {
    var child = ChildProcess(program: exec.command, arguments: exec.arguments)
    child.environment = exec.environment.map { ($0.name, $0.value) }
    child.environment.append(("KUBERNETES_EXEC_INFO", JSON.write(try information())))
    let output: ChildProcess.Output
    switch await child.run() {
    case .success(let result): output = result
    case .failure(.notStarted(let reason)):
      let hint = exec.installHint.map { "; \($0)" } ?? ""
      throw failure("cannot be started: \(reason)\(hint)")
    case .failure(.timedOut): throw failure("gives no credentials within a minute")
    case .failure(.tooMuchOutput): throw failure("prints more than credentials")
    case .failure(.givenUp): throw failure("was given up")
    }
    guard output.status == 0 else {
      let errors = SecretMask.own.hiding(exec.environment.map(\.value)).mask(output.errors)
      let line = errors.split(separator: UInt8(ascii: "\n")).first ?? []
      let said = SecretText.mask(String(decoding: line.prefix(1_000), as: UTF8.self)).prefix(200)
      throw failure("ends with status \(output.status)" + (said.isEmpty ? "" : ": \(said)"))
    }
    return try credentials(output.output)
  }

  private func credentials(_ bytes: [UInt8]) throws(CredentialFailure) -> KubeCredentials {
    // The reader's message could quote what was printed; it is not passed on.
    guard let answer = try? JSON.parse(bytes), answer["kind"]?.stringValue == "ExecCredential"
    else {
      throw failure("prints no ExecCredential")
    }
    guard answer["apiVersion"]?.stringValue == exec.apiVersion else {
      throw failure("prints another version than \(exec.apiVersion)")
    }
    let status = answer["status"]
    var credentials = KubeCredentials()
    if let token = status?["token"]?.stringValue, !token.isEmpty {
      guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
        throw failure("prints a token that no header can hold")
      }
      credentials.headers.append(.init("authorization", "Bearer \(token)"))
    }
    credentials.certificate = status?["clientCertificateData"]?.stringValue.map { Array($0.utf8) }
    credentials.key = status?["clientKeyData"]?.stringValue.map { Array($0.utf8) }
    guard (credentials.certificate == nil) == (credentials.key == nil) else {
      throw failure("prints a certificate without its key, or a key without its certificate")
    }
    guard !credentials.headers.isEmpty || credentials.certificate != nil else {
      throw failure("prints neither a token nor a certificate")
    }
    credentials.expires = status?["expirationTimestamp"]?.stringValue
      .flatMap(Timestamp.parseRFC3339)
    return credentials
  }

  /// What the program is told, by version of the protocol.
  private func information() throws(CredentialFailure) -> Document {
    var spec = DocumentObject([("interactive", false)])
    if exec.providesClusterInfo {
      var info = DocumentObject([("server", .string(cluster.server))])
      if let name = cluster.tlsServerName { info["tls-server-name"] = .string(name) }
      if let authority = cluster.certificateAuthority {
        let bytes = try KubeCredentialSource.bytes(authority, "certificate authority")
        info["certificate-authority-data"] = .string(Base64.encode(bytes))
      }
      if let proxy = cluster.proxyURL { info["proxy-url"] = .string(proxy) }
      if cluster.skipsVerification { info["insecure-skip-tls-verify"] = true }
      info["config"] = cluster.execConfig
      spec["cluster"] = .object(info)
    }
    return [
      "apiVersion": .string(exec.apiVersion), "kind": "ExecCredential", "spec": .object(spec),
    ]
  }

  private func failure(_ text: String) -> CredentialFailure {
    let name = exec.command.split(separator: "/").last ?? "program"
    return CredentialFailure(message: "the credential program \(name) of user \(user) \(text)")
  }
}
