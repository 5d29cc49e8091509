// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrBase
import DrData
import DrRun
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
  /// How often a program had given credentials before these.
  var generation = 0

  /// What must not be read where a server repeats it.
  var secrets: [String] {
    headers.compactMap { SecretText.secret(ofHeader: $0.name, $0.value) }
  }
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
  private var generation = 0
  /// The program, while it runs: requests that need its credentials at the same time wait for one of it.
  private var asking: Task<Result<KubeCredentials, CredentialFailure>, Never>?

  init(user: Kubeconfig.User, cluster: Kubeconfig.Cluster) {
    self.user = user
    self.cluster = cluster
  }

  /// Whether asking again may give others, as after a 401.
  nonisolated var isRenewable: Bool { user.exec != nil || user.tokenFile != nil }

  /// Forgets what a server did not accept, unless there are newer ones.
  func discard(_ refused: KubeCredentials) {
    if cached?.generation == refused.generation { cached = nil }
  }

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
      if let uid = user.impersonatedUID {
        credentials.headers.append(.init("impersonate-uid", uid))
      }
      for extra in user.impersonatedExtras {
        credentials.headers.append(
          .init("impersonate-extra-\(URLText.encode(extra.name.lowercased()))", extra.value))
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
      return try Self.bearer(token, "the token file \(path)")
    }
    if let token = user.token { return try Self.bearer(token, "the token of user \(user.name)") }
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
    let task: Task<Result<KubeCredentials, CredentialFailure>, Never>
    if let asking {
      task = asking
    } else {
      let plugin = ExecPlugin(exec: exec, cluster: cluster, user: user.name)
      // Not of the request that came first, which may be given up: others wait for it too.
      task = Task.detached {
        do throws(CredentialFailure) {
          return .success(try await plugin.run())
        } catch {
          return .failure(error)
        }
      }
      asking = task
    }
    let result = await task.value
    if asking == task {
      asking = nil
      generation += 1
      cached = try? result.get()
      cached?.generation = generation
    }
    switch result {
    case .failure(let failure): throw failure
    case .success(var credentials):
      credentials.generation = generation
      return credentials
    }
  }

  /// Refuses what no header can hold, without showing it.
  private static func bearer(
    _ token: String, _ place: String
  ) throws(CredentialFailure) -> String {
    guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw CredentialFailure(message: "\(place) holds what no header can")
    }
    return "Bearer \(token)"
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
