// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSchema
import DrSema

/// An object that a backend yielded, as a value that rules can look at.
package struct EmittedObject {
  package let value: Value
  package let backend: FunctionID
  /// The block that it was yielded for.
  package let block: GlobalID
  /// Whether the program writes it itself: a `manifest` block, or a backend of its own.
  package let isOwn: Bool
}

extension CheckedProgram {
  /// Whether the program writes objects itself, beside what its services and fronts give.
  package var writesObjects: Bool {
    emits.contains { !isStandard(self[$0].span) }
      || roots.contains { id in
        if case .block(let record, _) = self[id].body { isManifest(record) } else { false }
      }
  }

  fileprivate func isManifest(_ record: RecordID) -> Bool {
    self[record].keyword == "manifest" && isStandard(self[record].span)
  }
}

extension Machine {
  /// What all backends yield for all blocks, files left out: neither written nor compared with
  /// schemas. The values stay in the machine.
  package func emittedObjects(for version: String) throws(Diagnostic) -> [EmittedObject] {
    let checked = program.checked
    var blocks: [RecordID: [GlobalID]] = [:]
    for id in checked.roots + checked.outlines.map(\.block) {
      guard case .block(let record, _) = checked[id].body else { continue }
      blocks[record, default: []].append(id)
    }
    var objects: [EmittedObject] = []
    for id in checked.emits {
      let function = checked[id]
      guard function.parameters.count == 2,
        case .record(let wanted) = checked.types[function.parameters[0].type]
      else { continue }
      let target = try value(["kubernetes": .string(version)], as: function.parameters[1].type)
      let isOwn = !checked.isStandard(function.span) || checked.isManifest(wanted)
      for block in blocks[wanted] ?? [] {
        for object in try emitted(try call(id, [try global(block), target])) {
          if kind(of: object) == nil { continue }
          objects.append(
            EmittedObject(value: object, backend: id, block: block, isOwn: isOwn))
        }
      }
    }
    return objects
  }

  private func kind(of object: Value) -> String? { member(object, "kind").flatMap(string) }

  /// The version of Kubernetes that the program's first cluster runs; `nil` where it has none.
  package func clusterVersion() throws(Diagnostic) -> String? {
    for id in program.checked.roots {
      guard case .block(let record, _) = program.checked[id].body,
        program.checked[record].name == "Cluster"
      else { continue }
      return try field(global(id), named: "kubernetes").flatMap(string)
    }
    return nil
  }

  /// Where a member of an emitted object is written: in the program's own files where that is known,
  /// else in the backend's. `nil` where nothing of its path could be followed.
  package func place(of path: SchemaPath, in object: EmittedObject) -> Span? {
    var origin = ManifestOrigin(program.checked)
    let kind = kind(of: object.value) ?? ""
    guard
      let place = origin.place(
        of: path, kind: kind, backend: program.checked[object.backend], block: object.block),
      place.found > 0
    else { return nil }
    return origin.userSource(of: place)?.span ?? place.value.span
  }
}
