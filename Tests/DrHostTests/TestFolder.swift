// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOSSL

@testable import DrHost
@testable import DrSystem

/// A folder for one test, removed with its owner.
final class TestFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/dr-test-XXXXXX".utf8CString)
    guard
      let made = template.withUnsafeMutableBufferPointer({ buffer in
        buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
      })
    else { throw FileFailure("/tmp", "create", code: errno) }
    path = made
  }

  deinit { Self.removeAll(path) }

  private static func removeAll(_ path: String) {
    if let entries = opendir(path) {
      while let entry = readdir(entries) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
          pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { removeAll("\(path)/\(name)") }
      }
      closedir(entries)
    }
    remove(path)
  }

  /// Writes a file and gives its path.
  @discardableResult
  func write(_ name: String, _ text: String, mode: UInt32 = 0o644) throws -> String {
    let full = "\(path)/\(name)"
    try makeDirectories(directory(of: full))
    try AtomicFile.write(Array(text.utf8), to: full, mode: mode)
    return full
  }

  /// Writes a kubeconfig of one context, `c`, and gives its path. What its cluster and its user are is YAML.
  func kubeconfig(cluster: String, user: String = "{}") throws -> String {
    try write("config", Self.kubeconfigText(cluster: cluster, user: user))
  }

  static func kubeconfigText(cluster: String, user: String) -> String {
    """
    current-context: c
    clusters: [{name: k, cluster: \(cluster)}]
    users: [{name: u, user: \(user)}]
    contexts: [{name: c, context: {cluster: k, user: u}}]
    """
  }

  func text(_ name: String) throws -> String {
    String(decoding: try readSmallFile("\(path)/\(name)"), as: UTF8.self)
  }
}

/// Certificates that openssl makes: an authority, and what it signs.
struct TestCertificates {
  let folder: TestFolder

  init() async throws {
    folder = try TestFolder()
    try await openssl(
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ca "
        + "-keyout ca.key -out ca.crt")
  }

  var authority: String { "\(folder.path)/ca.crt" }

  /// A certificate for those names: `IP:127.0.0.1`, `DNS:example`.
  func issue(_ name: String, for names: String, days: Int = 2) async throws {
    try folder.write("\(name).ext", "subjectAltName=\(names)\n")
    try await openssl(
      "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=\(name) "
        + "-keyout \(name).key -out \(name).csr")
    try await openssl(
      "x509 -req -in \(name).csr -CA ca.crt -CAkey ca.key -CAcreateserial -days \(days) "
        + "-extfile \(name).ext -out \(name).crt")
  }

  func serverConfiguration(_ name: String, requiresClient: Bool = false) throws -> TLSConfiguration
  {
    let chain = try NIOSSLCertificate.fromPEMBytes(Array(folder.text("\(name).crt").utf8))
    let key = try NIOSSLPrivateKey(bytes: Array(folder.text("\(name).key").utf8), format: .pem)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    if requiresClient {
      configuration.certificateVerification = .noHostnameVerification
      configuration.trustRoots = .certificates(
        try NIOSSLCertificate.fromPEMBytes(Array(folder.text("ca.crt").utf8)))
    }
    return configuration
  }

  private func openssl(_ arguments: String) async throws {
    let words = arguments.split(separator: " ").map { word in
      let name = String(word)
      let isFile = [".key", ".crt", ".csr", ".ext"].contains { name.hasSuffix($0) }
      return isFile ? "\(folder.path)/\(name)" : name
    }
    let result = await ChildProcess(program: "openssl", arguments: words).run()
    guard case .success(let output) = result, output.status == 0 else {
      throw FileFailure(folder.path, "make certificates in", reason: "\(result)")
    }
  }
}

/// A port that refuses connections: taken, so that no other test gets it, but not listened at.
final class ClosedPort: Sendable {
  private let socket: CInt
  let port: Int

  init() throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = socket
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(descriptor, generic, length) == 0 ? getsockname(descriptor, generic, &length) : -1
      }
    }
    guard result == 0 else { throw FileFailure("127.0.0.1", "bind", code: errno) }
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  deinit { close(socket) }
}
