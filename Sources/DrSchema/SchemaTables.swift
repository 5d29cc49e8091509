// SPDX-License-Identifier: Apache-2.0
//
// DrSchema: what Kubernetes takes, version by version, without a cluster. Types are rows of tables
// that refer to one another by number; one set of tables holds every version, and a bit mask says
// which versions a row belongs to. The tables of the core objects are embedded; those of custom
// resources are built from their definitions. A validator walks the tables along with the events of
// an object, in one pass and without allocating.

/// What a value must be.
package enum SchemaKind: UInt8, Sendable, Hashable {
  /// Anything at all, at any depth.
  case any
  case bool, integer, number, string, intOrString, quantity
  /// One of a few texts.
  case choice
  case array, map, object
}

/// What a text must look like, beyond being one.
package enum SchemaFormat: UInt8, Sendable, Hashable {
  case none
  /// Base64.
  case bytes
  case dateTime
  /// At most 63 of small letters, digits and `-`.
  case label
  /// Labels with dots between them, at most 253.
  case subdomain
  /// At most 63 of letters, digits, `-`, `_` and `.`, or nothing.
  case labelValue
  /// `prefix/name`, the prefix a subdomain; also of the keys of a map.
  case qualifiedName
  /// At most 15 of small letters, digits and `-`, with a letter among them.
  case portName
}

/// The number of a type.
package typealias SchemaTypeID = Int

/// What a value must be, in the terms of its kind.
package struct SchemaType: Sendable, Hashable {
  package var kind: SchemaKind
  /// Of a string, or of the keys of a map.
  package var format = SchemaFormat.none
  /// Of an object: members that it does not name are anything.
  package var isOpen = false
  /// Of an array or a map: what is in it.
  package var element: SchemaTypeID = 0
  /// Of an object: its fields; of a choice: its texts. Places in the table of the kind.
  package var rows = 0..<0
  /// Of a number or an integer; the place in the table of bounds.
  package var bounds: Int?

  package init(_ kind: SchemaKind) { self.kind = kind }
}

/// The least and the greatest number of a type.
package struct SchemaBounds: Sendable, Hashable {
  package var least: Int64?
  package var greatest: Int64?

  package init(least: Int64? = nil, greatest: Int64? = nil) {
    self.least = least
    self.greatest = greatest
  }
}

/// Versions of Kubernetes, a bit each: bit 0 is 1.20.
package struct VersionMask: OptionSet, Sendable, Hashable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
  package init(_ version: KubernetesVersion) {
    self.init(rawValue: 1 << UInt32(version.minor - KubernetesVersion.known.lowerBound.minor))
  }

  /// What custom resources have: their definitions know nothing of Kubernetes' versions.
  package static let all = VersionMask(rawValue: .max)

  /// The earliest of them.
  package var first: KubernetesVersion? {
    rawValue == 0
      ? nil
      : KubernetesVersion(
        minor: KubernetesVersion.known.lowerBound.minor + rawValue.trailingZeroBitCount)
  }

  /// The latest of them.
  package var last: KubernetesVersion? {
    rawValue == 0
      ? nil
      : KubernetesVersion(
        minor: KubernetesVersion.known.lowerBound.minor + 31 - rawValue.leadingZeroBitCount)
  }
}

/// A field of an object. One name may have several rows, of different versions.
package struct SchemaField: Sendable, Hashable {
  package var name: String
  package var type: SchemaTypeID
  package var versions: VersionMask
  /// Those in which it must be there.
  package var required: VersionMask
  /// Those in which the API server takes it and drops it in silence, as its feature is off.
  package var dropped: VersionMask

  package init(
    _ name: String, _ type: SchemaTypeID, versions: VersionMask = .all,
    required: VersionMask = [], dropped: VersionMask = []
  ) {
    self.name = name
    self.type = type
    self.versions = versions
    self.required = required
    self.dropped = dropped
  }
}

/// One text of a choice.
package struct SchemaOption: Sendable, Hashable {
  package var text: String
  package var versions: VersionMask

  package init(_ text: String, versions: VersionMask = .all) {
    self.text = text
    self.versions = versions
  }
}

/// A kind of object.
package struct SchemaRoot: Sendable, Equatable {
  /// Group and version: `apps/v1`.
  package var apiVersion: String
  package var kind: String
  package var type: SchemaTypeID
  package var versions: VersionMask
  /// Of a custom resource: what the tables cannot say.
  package var rule: StructuralRule?

  package init(
    apiVersion: String, kind: String, type: SchemaTypeID, versions: VersionMask = .all,
    rule: StructuralRule? = nil
  ) {
    self.apiVersion = apiVersion
    self.kind = kind
    self.type = type
    self.versions = versions
    self.rule = rule
  }

  /// `apps` of `apps/v1`; nothing of `v1`.
  package var group: Substring { apiVersion.split(separator: "/").dropLast().last ?? "" }
}

/// Types, and the kinds of object that are of them.
package struct SchemaTables: Sendable, Equatable {
  package var types: [SchemaType] = []
  /// Of each object side by side, sorted by the bytes of their names.
  package var fields: [SchemaField] = []
  /// Of each choice side by side.
  package var options: [SchemaOption] = []
  package var bounds: [SchemaBounds] = []
  package var roots: [SchemaRoot] = []

  package init() {}
}
