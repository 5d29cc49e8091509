// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrData
import DrSchema
import DrSystem

/// Definitions of custom resources named on the command line.
enum CustomSchemas {
  /// The schemas of files and of all `.yaml`, `.yml` and `.json` files below folders.
  static func read(_ paths: [String]) throws -> [SchemaTables] {
    guard !paths.isEmpty else { return [] }
    var resources = CustomResources()
    for path in paths {
      let before = resources.kinds.count
      for (file, documents) in try ManifestFiles.read(path) {
        for document in documents {
          do throws(CustomResourceFailure) {
            try resources.add(document)
          } catch {
            throw ValidationError("\(file): \(error.message)")
          }
        }
      }
      if resources.kinds.count == before {
        throw ValidationError("\(path) defines no custom resource")
      }
    }
    return [resources.tables]
  }
}

/// Manifests on disk.
enum ManifestFiles {
  /// The documents of a file, or of all `.yaml`, `.yml` and `.json` files below a folder, sorted by
  /// path; `-` is standard input.
  static func read(_ path: String) throws -> [(file: String, documents: [Document])] {
    guard ProgramFiles.isFolder(path) else { return [(path, try documents(path))] }
    guard let all = ProgramFiles.below(path, endings: endings) else {
      throw ValidationError("\(path) cannot be read, or is nested too deep")
    }
    return try all.map { ($0, try documents($0)) }
  }

  private static let endings = [".yaml", ".yml", ".json"]

  private static func documents(_ path: String) throws -> [Document] {
    let bytes = try Input.read(path)
    do throws(DataError) {
      return path.hasSuffix(".json") ? [try JSON.parse(bytes)] : try YAML.parse(bytes)
    } catch {
      throw ValidationError("\(path):\(error.line):\(error.column): \(error.message)")
    }
  }
}
