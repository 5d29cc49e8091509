// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema

/// Types as messages name them.
package enum Spelling {
  package static func of(_ id: TypeID, in program: CheckedProgram) -> String {
    switch program.types[id] {
    case .error, .parameter: "a value"
    case .never: "nil"
    case .unit: "nothing"
    case .bool: "a Bool"
    case .int: "an Int"
    case .float: "a Float"
    case .string: "a String"
    case .duration: "a Duration such as 30s"
    case .bytes: "Bytes such as 16Gi"
    case .percent: "a Percent such as 70%"
    case .rate: "a Rate such as 50rps"
    case .throughput: "a Throughput such as 2GB/s"
    case .secret: "a Secret"
    case .object: "an Object"
    case .range: "a range"
    case .list: "a list"
    case .map: "a map"
    case .optional(let inner): "\(of(inner, in: program)) or nothing"
    case .choice(let options): options.map { "\"\($0)\"" }.joined(separator: " or ")
    case .record(let id): withArticle(program[id].name, shown: "`\(program[id].name)`")
    case .union(let ids):
      ids.map { withArticle(program[$0].name, shown: "`\(program[$0].name)`") }.joined(
        separator: " or ")
    case .function: "a function"
    }
  }
}
