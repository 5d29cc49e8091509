// SPDX-License-Identifier: Apache-2.0

/// Natives on secrets. A secret that a program names is only a reference to where it is kept.
enum Secrets {
  static let all: [NativeFunction] = [
    NativeFunction("secret.named", "(name: String) -> Secret") { machine, arguments throws(Stop) in
      try machine.heap.makeSecret(arguments[0], isReference: true)
    },
    NativeFunction("secret.name", "(secret: Secret) -> String") { machine, arguments throws(Stop) in
      let secret = SecretRef(arguments[0])
      guard secret.isReference else {
        throw .failed(
          "this secret was given as a text and has no name",
          help: "refer to it with secret(\"namespace/name\")")
      }
      return try machine.heap.makeString(parts(secret).name)
    },
    NativeFunction("secret.namespace", "(secret: Secret) -> String?") {
      machine, arguments throws(Stop) in
      let secret = SecretRef(arguments[0])
      guard secret.isReference, let namespace = parts(secret).namespace else { return .nilValue }
      return try machine.heap.makeString(namespace)
    },
    NativeFunction("secret.reference", "(secret: Secret) -> Object?") {
      machine, arguments throws(Stop) in
      try reference(machine, SecretRef(arguments[0]))
    },
  ]

  /// `namespace/name`, or only a name.
  static func parts(_ secret: SecretRef) -> (namespace: String?, name: String) {
    let text = secret.text.text
    guard let slash = text.firstIndex(of: "/") else { return (nil, text) }
    return (String(text[..<slash]), String(text[text.index(after: slash)...]))
  }

  private static func reference(_ machine: Machine, _ secret: SecretRef) throws(Stop) -> Value {
    guard secret.isReference else { return .nilValue }
    let (namespace, name) = parts(secret)
    let heap = machine.heap
    var result = try heap.makeTable(.object, capacity: 2)
    if let namespace {
      result = try heap.set(
        try heap.makeString("namespace"), try heap.makeString(namespace), in: result)
    }
    return try heap.set(try heap.makeString("name"), try heap.makeString(name), in: result)
  }
}
