// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// Changes of source text that mend values of the wrong type, and names that other languages have.
extension Checker {
  /// A quantity of another kind, or a number without a unit.
  func fixesForUnit(_ expr: Expr, wanted: TypeID) -> [Fix] {
    let text = program.sources.text(expr.span)
    switch (wanted, expr.type) {
    case (TypeTable.float, TypeTable.int):
      return [Fix("turn it into a Float", replacing: expr.span, with: "to_float(\(text))")]
    case (TypeTable.int, TypeTable.float):
      return [Fix("round it", replacing: expr.span, with: "rounded(\(text))")]
    default: break  // open: all other quantities have units
    }
    guard case .int = expr.kind, let unit = exampleUnit(wanted) else { return [] }
    return [Fix("give it a unit", replacing: expr.span, with: text + unit, .manual)]
  }

  private func exampleUnit(_ id: TypeID) -> String? {
    switch id {
    case TypeTable.duration: "s"
    case TypeTable.bytes: "Gi"
    case TypeTable.percent: "%"
    case TypeTable.rate: "rps"
    case TypeTable.throughput: "GB/s"
    default: nil  // open: no other type has units
    }
  }

  func fixesForValue(_ expr: Expr, wanted: TypeID) -> [Fix] {
    let text = program.sources.text(expr.span)
    guard !text.isEmpty, !text.contains("\n") else { return [] }
    switch type(wanted) {
    case .int:
      guard case .string(let digits) = expr.kind, Int64(digits) != nil else { return [] }
      return [Fix("write the number without quotes", replacing: expr.span, with: digits)]
    case .string:
      guard isQuantity(expr.type), !text.contains("\"") else { return [] }
      return [
        Fix("write it as a text", replacing: expr.span, with: "\"\(literalOrValue(expr, text))\"")
      ]
    case .list(let element) where fitting(expr.type, element) == .same:
      return [Fix("put it into a list", replacing: expr.span, with: "[\(text)]")]
    default: return []  // open: what else is meant is not known
    }
  }

  /// Inside a string: a number as it is, anything else as an interpolation.
  private func literalOrValue(_ expr: Expr, _ text: String) -> String {
    text.first.map { ("0"..."9").contains($0) } == true && !text.contains(" ")
      ? text : "\\(\(text))"
  }

  /// What another language calls a value of this one.
  static func foreignName(_ name: String) -> String? {
    switch name {
    case "null", "None", "NULL", "Nil", "nullptr", "undefined": "nil"
    case "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": "true"
    case "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": "false"
    case "strlen": "len"
    default: nil  // open: any other name
    }
  }

  /// What another language calls a function, be it called or only named.
  static func foreignFunction(_ name: String) -> String? {
    switch name {
    case "length", "size", "count": "len"
    case "toUpperCase", "toUpper", "uppercase", "uppercased", "upcase": "upper"
    case "toLowerCase", "toLower", "lowercase", "lowercased", "downcase": "lower"
    case "startsWith", "hasPrefix", "startswith": "starts_with"
    case "endsWith", "hasSuffix", "endswith": "ends_with"
    case "includes", "has", "indexOf": "contains"
    case "sort", "sort_by", "sortBy": "sorted"
    case "reverse": "reversed"
    case "distinct", "uniq": "unique"
    case "flat", "concat": "flatten"
    case "where", "select": "filter"
    case "round", "toInt", "to_int": "rounded"
    case "toFloat", "float": "to_float"
    default: nil  // open: any other name
    }
  }

  /// What manifests and other tools call a field of the library.
  static func foreignField(_ name: String) -> String? {
    switch name {
    case "env", "envs", "env_vars", "variables": "environment"
    case "args": "arguments"
    case "cmd", "entrypoint", "entry_point": "command"
    case "resources", "requests", "limits": "needs"
    case "serviceAccountName", "serviceAccount", "service_account": "account"
    case "terminationGracePeriodSeconds", "stop_timeout": "grace"
    case "imagePullSecrets", "image_pull_secrets": "pull_from"
    case "imagePullPolicy", "image_pull_policy": "pull"
    case "ns": "namespace"
    case "zones": "over"
    default: nil  // open: any other name
    }
  }

  /// What a type of another language is called here.
  static func foreignType(_ name: String) -> String? {
    switch name.lowercased() {
    case "integer", "int", "long", "int64", "i64", "uint", "number": "Int"
    case "str", "string", "text", "char": "String"
    case "boolean", "bool": "Bool"
    case "double", "float", "float64", "f64", "decimal": "Float"
    case "any", "json", "dynamic": "Object"
    case "void", "none", "null": "Unit"
    case "size", "quantity": "Bytes"
    default: nil  // open: any other name
    }
  }

  /// How a type with parameters of another language is written here.
  func foreignGeneric(_ node: SyntaxNode) -> String? {
    let parts = node.children.filter { $0.kind != .name && !$0.isLeaf && $0.kind != .missing }
      .map(\.text)
    switch (node.name?.lowercased() ?? "", parts.count) {
    case ("list", 1), ("array", 1), ("vec", 1), ("set", 1), ("sequence", 1): return "[\(parts[0])]"
    case ("map", 2), ("dict", 2), ("hashmap", 2), ("dictionary", 2), ("record", 2):
      return "[\(parts[0]): \(parts[1])]"
    case ("option", 1), ("optional", 1), ("maybe", 1): return "\(parts[0])?"
    default: return nil  // open: any other name
    }
  }

  /// Says of a word of another language that may be misused as a value what to do instead.
  static func foreignWord(_ name: String) -> String? {
    switch name {
    case "print", "println", "echo", "log", "console":
      "a program does not print; look at a value with `dr eval FILE NAME`"
    case "return": "code is worth its last expression: leave `return` out"
    case "str", "string", "toString", "format": "put the value into a text: \"… \\(value) …\""
    case "exec", "shell", "sh", "bash", "system", "subprocess", "kubectl", "popen":
      "a program runs no commands; its drivers act, as in `kube.scale(…)`"
    case "range": "a range is written `0..3`"
    case "self", "this": "write the name of the field or value alone"
    case "var", "local", "input", "params": "write the name of the input alone"
    case "env", "getenv", "environ", "process", "os":
      "a program sees no environment: declare `input name: String`, and give it with `--set`"
    case "now", "today", "time", "date", "random", "rand", "uuid", "open", "read", "fetch", "http":
      "values know no clock, chance, file or network: declare an `input`, and give it with `--set`"
    case "assert", "require", "verify": "write `\(name) condition else \"…\"`"
    case "assertEqual", "assertEquals", "assert_eq", "assertTrue", "assert_equal", "expect":
      "write `assert a == b`"
    case "pause", "sleep": "write `pause 5s`"
    case "approve": "write `approve \"…\" by \"…\"`"
    case "wait": "write `wait until condition within 5m`"
    case "lock": "write `lock \"name\" for 15m`"
    case "fail", "throw", "raise": "write `fail \"why\"`"
    case "step": "write `step \"title\" { … }`"
    case "pass": "leave it out: braces may be empty"
    case "it": "a function is written `x => …`"
    case "new": "a record is made without `new`: `Name { field = value }`"
    case "await", "async": "nothing waits but `wait until`: leave it out"
    default: nil  // open: any other name
    }
  }

  /// Adds a module to the file's first `use`.
  func fixesForUse(_ module: String) -> [Fix] {
    let root = modules[self.module].tree.root
    if let item = root.first(.useDecl)?.all(.useItem).last {
      let end = Span(item.span.file, item.span.end, item.span.end)
      return [Fix("use it", replacing: end, with: ", \(module)")]
    }
    guard let first = root.children.first(where: { !$0.isLeaf }), first.span.start == 0 else {
      return []
    }
    return [Fix("use it", replacing: Span(first.span.file, 0, 0), with: "use \(module)\n\n")]
  }
}
