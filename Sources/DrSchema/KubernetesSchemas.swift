// SPDX-License-Identifier: Apache-2.0

import CSchemas

/// The schemas of Kubernetes' own objects, from 1.20 on, as published by its project (Apache-2.0;
/// names of fields and types, no prose). Written by `drdev schemas`.
package enum KubernetesSchemas {
  /// Every version; nil only in a build without its tables.
  package static let tables: SchemaTables? = SchemaTables(
    decoding: UnsafeBufferPointer(start: dr_schemas_bytes(), count: dr_schemas_count()))

  /// What one version takes, with custom resources beside it.
  package static func set(
    for version: KubernetesVersion, custom: [SchemaTables] = []
  ) -> SchemaSet {
    SchemaSet(core: tables ?? SchemaTables(), custom: custom, version: version)
  }
}
