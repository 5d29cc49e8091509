// SPDX-License-Identifier: Apache-2.0

/// An absolute path on an API server, percent-encoded.
struct KubePath: Equatable {
  let text: String

  /// Of a resource: `core("v1", in: "deepseek", "pods", "x", "eviction")`. An empty namespace is
  /// that of resources without one, or all of them.
  init(
    group: String = "", version: String, namespace: String = "", _ resource: String,
    _ name: String? = nil, _ subresource: String? = nil
  ) {
    var text = group.isEmpty ? "/api/" : "/apis/\(Self.encode(group))/"
    text += Self.encode(version)
    if !namespace.isEmpty { text += "/namespaces/\(Self.encode(namespace))" }
    text += "/\(Self.encode(resource))"
    if let name { text += "/\(Self.encode(name))" }
    if let subresource { text += "/\(Self.encode(subresource))" }
    self.text = text
  }

  init(absolute text: String) { self.text = text }

  static func node(_ name: String) -> KubePath { KubePath(version: "v1", "nodes", name) }

  static func pods(in namespace: String) -> KubePath {
    KubePath(version: "v1", namespace: namespace, "pods")
  }

  static func pod(_ name: String, in namespace: String) -> KubePath {
    KubePath(version: "v1", namespace: namespace, "pods", name)
  }

  static func deployment(
    _ name: String, in namespace: String, _ subresource: String? = nil
  ) -> KubePath {
    KubePath(
      group: "apps", version: "v1", namespace: namespace, "deployments", name, subresource)
  }

  /// `httproutes of gateway.networking.k8s.io/v1`, for people.
  var kind: String {
    let parts = text.split(separator: "/")
    let start = text.hasPrefix("/apis/") ? 3 : 2
    guard parts.count > start else { return text }
    let rest = parts[start...]
    let resource =
      rest.first == "namespaces" && rest.count > 2 ? rest.dropFirst(2).first : rest.first
    return "\(resource ?? "") of \(parts[1..<start].joined(separator: "/"))"
  }

  /// RFC 3986: all but unreserved characters; a name can never add a segment or a query.
  static func encode(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      case UInt8(ascii: ".") where text != "." && text != "..":
        encoded += "."
      case _:
        let digits = String(byte, radix: 16, uppercase: true)
        encoded += (byte < 16 ? "%0" : "%") + digits
      }
    }
    return encoded
  }
}
