// SPDX-License-Identifier: Apache-2.0

/// An image by the parts of its name: `registry.example/team/name:tag`, or `…@sha256:…`.
struct ImageName: Equatable {
  /// As it was written.
  let text: String
  /// `https://registry.example`; registries on this machine are spoken to plainly.
  let origin: String
  /// `team/name`
  let repository: String
  /// A tag, or a digest, which goes before a tag.
  let reference: String

  /// `docker.io/library/` is what may be left out, and the tag `latest`. `nil` where it is no name.
  init?(_ text: String) {
    var rest = Substring(text)
    var reference: String?
    if let at = rest.lastIndex(of: "@") {
      reference = String(rest[rest.index(after: at)...])
      rest = rest[..<at]
    }
    let lastSlash = rest.lastIndex(of: "/") ?? rest.startIndex
    if let colon = rest[lastSlash...].lastIndex(of: ":") {
      reference = reference ?? String(rest[rest.index(after: colon)...])
      rest = rest[..<colon]
    }
    var parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    var host = "registry-1.docker.io"
    if parts.count > 1, parts[0].contains(".") || parts[0].contains(":") || parts[0] == "localhost"
    {
      host = parts.removeFirst()
      if host == "docker.io" { host = "registry-1.docker.io" }
    }
    if host == "registry-1.docker.io", parts.count == 1 { parts.insert("library", at: 0) }
    guard reference != "", parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    let name = host.prefix { $0 != ":" }
    let isLocal = name == "localhost" || name == "127.0.0.1"
    self.text = text
    origin = "\(isLocal ? "http" : "https")://\(host)"
    repository = parts.map(KubePath.encode).joined(separator: "/")
    self.reference = reference ?? "latest"
  }

  var isByDigest: Bool { reference.contains(":") }

  /// The URL of something of its repository: `manifests/1.2`, `blobs/sha256:…`.
  func url(_ path: String) -> String { "\(origin)/v2/\(repository)/\(path)" }

  /// Where its manifest is.
  var manifest: String {
    "manifests/\(isByDigest ? reference : KubePath.encode(reference))"
  }
}
