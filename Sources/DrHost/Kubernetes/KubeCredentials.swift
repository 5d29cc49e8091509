// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrBase
import DrData
import DrSystem
import NIOSSL

/// How one user proves who they are, right now.
struct KubeCredentials: Sendable {
  /// `authorization` and impersonation.
  var headers: [HTTPRequest.Header] = []
  /// PEM of a client certificate and its key.
  var certificate: [UInt8]?
  var key: [UInt8]?
  /// In seconds since 1970; `nil` where they do not expire.
  var expires: Int64?
}

/// So that nothing that prints a value can print a secret.
extension KubeCredentials: CustomStringConvertible, CustomReflectable {
  var description: String { "credentials" }
  var customMirror: Mirror { Mirror(self, children: []) }
}

extension Kubeconfig.User: CustomStringConvertible, CustomReflectable {
  var description: String { "user \(name)" }
  var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why there are no credentials, without a word of them.
struct CredentialFailure: Error, Sendable {
  let message: String
}

/// Gets a user's credentials, anew where that costs little, from memory where a program gives them.
actor KubeCredentialSource {
  private let user: Kubeconfig.User
  private let cluster: Kubeconfig.Cluster
  private var cached: KubeCredentials?

  init(user: Kubeconfig.User, cluster: Kubeconfig.Cluster) {
    self.user = user
    self.cluster = cluster
  }

  /// Whether asking again may give others, as after a 401.
  nonisolated var isRenewable: Bool { user.exec != nil || user.tokenFile != nil }

  /// Forgets what a server did not accept.
  func discard() { cached = nil }

  func current() async throws(CredentialFailure) -> KubeCredentials {
    var credentials = KubeCredentials()
    if let exec = user.exec {
      credentials = try await fromProgram(exec)
    } else {
      if let certificate = user.clientCertificate, let key = user.clientKey {
        credentials.certificate = try Self.bytes(certificate, "client certificate")
        credentials.key = try Self.bytes(key, "client key")
      }
      if let authorization = try authorization() {
        credentials.headers.append(.init("authorization", authorization))
      }
    }
    if let name = user.impersonatedUser {
      credentials.headers.append(.init("impersonate-user", name))
      for group in user.impersonatedGroups {
        credentials.headers.append(.init("impersonate-group", group))
      }
    }
    return credentials
  }

  /// A token file goes before a token, as with kubectl; it is read each time since its token is
  /// replaced every hour or so.
  private func authorization() throws(CredentialFailure) -> String? {
    if let path = user.tokenFile {
      let bytes = try Self.bytes(.file(path), "token")
      let text = String(decoding: bytes, as: UTF8.self)
      let token = text.filter { !$0.isWhitespace }
      guard !token.isEmpty else {
        throw CredentialFailure(message: "the token file \(path) is empty")
      }
      return "Bearer \(token)"
    }
    if let token = user.token { return "Bearer \(token)" }
    if let name = user.username {
      return "Basic \(Base64.encode(Array("\(name):\(user.password ?? "")".utf8)))"
    }
    return nil
  }

  private func fromProgram(_ exec: Kubeconfig.Exec) async throws(CredentialFailure)
    -> KubeCredentials
  {
    let now = WallClock.now().nanoseconds / 1_000_000_000
    if let cached, cached.expires.map({ $0 - 10 > now }) ?? true { return cached }
    let credentials = try await ExecPlugin(exec: exec, cluster: cluster, user: user.name).run()
    cached = credentials
    return credentials
  }

  static func bytes(
    _ material: Kubeconfig.Material, _ what: String
  ) throws(CredentialFailure) -> [UInt8] {
    switch material {
    case .inline(let bytes): return bytes
    case .file(let path):
      do throws(FileFailure) {
        return try readSmallFile(path)
      } catch {
        throw CredentialFailure(message: "the \(what) in \(path) cannot be read: \(error.reason)")
      }
    }
  }
}
