// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrSystem

/// A file that sets inputs: one object in YAML or JSON.
enum ValuesFile {
  /// Its members as inputs are written: `name:=JSON`.
  static func read(_ path: String) throws -> [String] {
    let bytes: [UInt8]
    switch readFile(path) {
    case .success(let found): bytes = found
    case .failure(.notFound): throw refusal("there is no file \(path)")
    case .failure(let failure): throw refusal("\(path) cannot be read: \(failure)")
    }
    do throws(DataError) {
      let documents =
        path.hasSuffix(".json") ? [try JSON.parse(bytes)] : try YAML.parse(bytes)
      guard documents.count <= 1, let object = (documents.first ?? [:]).objectValue else {
        throw DataError(message: "this is not one object of names and values", line: 1, column: 1)
      }
      return object.members.map { "\($0.name):=\(JSON.write($0.value))" }
    } catch {
      throw refusal("\(path):\(error.line):\(error.column): \(error.message)")
    }
  }

  /// Refuses `name:=…` with something else than JSON after it.
  static func check(_ assignment: String) throws {
    guard let mark = assignment.firstRange(of: ":="),
      !assignment[..<mark.lowerBound].contains("=")
    else { return }
    do throws(DataError) {
      _ = try JSON.parse(Array(assignment[mark.upperBound...].utf8))
    } catch {
      throw refusal("--set \(assignment): what follows := is no JSON: \(error.message)")
    }
  }

  /// Wrong usage that needs no list of options.
  private static func refusal(_ message: String) -> ExitCode {
    Console.write("error: \(visible(message))\n", to: .error)
    return ExitCode(2)
  }
}
