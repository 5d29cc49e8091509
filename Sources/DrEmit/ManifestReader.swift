// SPDX-License-Identifier: Apache-2.0

import DrEval
import DrSchema

/// Reads what every object must have.
struct ManifestReader {
  private let machine: Machine
  private let schemas: SchemaSet
  private var types: [TypeName: ManifestType] = [:]
  /// The first of them, looked at before a name is made of bytes.
  private var first: [(apiVersion: [UInt8], kind: [UInt8], type: ManifestType)] = []
  private static let firstCount = 16

  /// Kinds of groups by number.
  private var kinds: [KindName: Int] = [:]

  private struct TypeName: Hashable {
    let apiVersion: String
    let kind: String
  }

  private struct KindName: Hashable {
    let group: String
    let kind: String
  }

  init(_ machine: Machine, _ schemas: SchemaSet) {
    self.machine = machine
    self.schemas = schemas
  }

  /// The object without its text; says what is missing or wrong.
  mutating func manifest(
    _ value: Value, from origin: ManifestSource
  ) throws(InvalidManifest) -> Manifest {
    guard let apiVersion = machine.bytes(machine.member(value, "apiVersion")) else {
      throw InvalidManifest("it has no apiVersion")
    }
    guard let kind = machine.bytes(machine.member(value, "kind")) else {
      throw InvalidManifest("it has no kind")
    }
    let type = type(apiVersion, kind)
    let metadata = machine.member(value, "metadata")
    guard let metadata, let name = machine.bytes(machine.member(metadata, "name")) else {
      throw InvalidManifest("a \(type.kind) has no metadata.name")
    }
    try type.checkName(name)
    let namespace = machine.bytes(machine.member(metadata, "namespace"))
    if let namespace { try ManifestType.checkNamespace(namespace) }
    let labels = machine.member(metadata, "labels")
    let zone = labels.flatMap {
      machine.bytes(machine.member($0, "topology.kubernetes.io/zone"))
    }
    return Manifest(
      type: type, origin: origin, namespace: namespace.map(Self.text), name: Self.text(name),
      zone: zone.map(Self.text))
  }

  private mutating func type(
    _ apiVersion: UnsafeBufferPointer<UInt8>, _ kind: UnsafeBufferPointer<UInt8>
  ) -> ManifestType {
    for known in first
    where known.kind.elementsEqual(kind) && known.apiVersion.elementsEqual(apiVersion) {
      return known.type
    }
    let name = TypeName(apiVersion: Self.text(apiVersion), kind: Self.text(kind))
    if let known = types[name] { return known }
    let kindName = KindName(group: ManifestType.group(of: name.apiVersion), kind: name.kind)
    let number = kinds[kindName] ?? kinds.count
    kinds[kindName] = number
    let type = ManifestType(
      apiVersion: name.apiVersion, kind: name.kind, groupAndKind: number,
      schema: schemas.look(up: name.kind, in: name.apiVersion),
      rule: schemas.rule(of: name.kind, in: name.apiVersion))
    types[name] = type
    if first.count < Self.firstCount { first.append((Array(apiVersion), Array(kind), type)) }
    return type
  }

  private static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }
}
