// SPDX-License-Identifier: Apache-2.0
//
// The checked program: what the checker hands to the code generator. Every name is resolved, every
// expression has a type, every default is filled in, every operator is one of a closed set.

import DrBase

/// A function (also a lambda, a thunk, a runbook, an emit), by its place in
/// `CheckedProgram.functions`.
package struct FunctionID: Hashable, Sendable {
  package let rawValue: Int32
  package init(_ rawValue: Int32) { self.rawValue = rawValue }
}

/// A module-level `let`, `input` or named block, by its place in `CheckedProgram.globals`.
package struct GlobalID: Hashable, Sendable {
  package let rawValue: Int32
  package init(_ rawValue: Int32) { self.rawValue = rawValue }
}

/// A parameter or local of one function. Numbered from 0 per function, parameters first;
/// a lambda's own locals go on from those of the function around it, so that a number is unique
/// within the outermost function and a use inside a lambda of an outer number is a capture.
package struct LocalID: Hashable, Sendable {
  package let rawValue: Int32
  package init(_ rawValue: Int32) { self.rawValue = rawValue }
}

/// What a function may do to the world. Ordered: what is allowed to act may also read.
package enum Effect: UInt8, Sendable, Comparable {
  case pure, reads, acts
  package static func < (a: Effect, b: Effect) -> Bool { a.rawValue < b.rawValue }
}

/// How an act in doubt is settled after a crash (`docs/runbooks.md`).
package enum ActClass: String, Sendable {
  /// May be repeated freely.
  case read
  /// Declarative: a resourceVersion or server-side apply makes a repetition harmless.
  case apply
  /// The target takes an idempotency key.
  case keyed
  /// Reading back decides: done, not done, or unknown.
  case verify
  /// At most once; when in doubt, stop and ask.
  case once
}

/// An expression with its type and place.
package struct Expr: Sendable {
  /// What an expression does.
  package indirect enum Kind: Sendable {
    case bool(Bool)
    /// An Int or, by the expression's type, any quantity in its base unit.
    case int(Int64)
    case float(Double)
    case string(String)
    case nilValue
    case local(LocalID)
    case global(GlobalID)
    /// A named function as a value.
    case function(FunctionID)
    /// The parts' texts, one after the other; parts may be of any type.
    case interpolation([Expr])
    case list([Element])
    case map([Entry])
    case object([Member])
    /// A record built at once: `fields` in declaration order; `nil` where the type's default holds,
    /// which is `RecordField.defaultValue` called with the new record once the given fields are
    /// set.
    case record(RecordID, fields: [Expr?])
    /// `field` of a record. Slots of named blocks are evaluated when first loaded.
    case field(Expr, Int)
    /// `?.`: nil when the base is nil.
    case optionalField(Expr, Int)
    /// `object.name` and `object["name"]`: nil when there is none.
    case member(Expr, Expr)
    /// `list[i]`: an error when out of range. `map[k]` and `Object` go through `member`: nil when
    /// absent.
    case index(Expr, Expr)
    case not(Expr)
    case negateInt(Expr)
    case negateFloat(Expr)
    case binary(BinaryOperator, Expr, Expr)
    case and(Expr, Expr)
    case or(Expr, Expr)
    case coalesce(Expr, Expr)
    /// Half-open.
    case range(Expr, Expr)
    case call(FunctionID, [Expr])
    case callValue(Expr, [Expr])
    case lambda(FunctionID)
    case `if`(Expr, Expr, else: Expr?)
    case match(Expr, local: LocalID, [Arm])
    case comprehension(Comprehension)
    case block([Statement], result: Expr?)
    case convert(Conversion, Expr)
    case directive(DirectiveKind, [Expr])
  }

  /// What it does.
  package let kind: Kind
  /// The type of its value.
  package let type: TypeID
  package let span: Span

  package init(_ kind: Kind, _ type: TypeID, _ span: Span) {
    self.kind = kind
    self.type = type
    self.span = span
  }
}

/// One part of a list literal.
package enum Element: Sendable {
  case value(Expr)
  /// `...list`
  case spread(Expr)
}

/// One part of a map literal.
package enum Entry: Sendable {
  case entry(key: Expr, value: Expr)
  /// `...map`: its entries.
  case spread(Expr)
}

/// One part of an object literal.
package enum Member: Sendable {
  /// Left out when the value is nil.
  case member(name: Expr, value: Expr)
  /// `...object`: its members; nil spreads nothing.
  case spread(Expr)
}

/// One case of a `match`.
package struct Arm: Sendable {
  /// What a case takes.
  package enum Pattern: Sendable {
    case any
    /// Equal to this literal.
    case value(Expr)
    /// A record of that type, bound to a local where one is named.
    case record(RecordID, LocalID?)
    case nilValue
  }
  /// What it takes.
  package let pattern: Pattern
  /// What it gives.
  package let body: Expr

  package init(_ pattern: Pattern, _ body: Expr) {
    self.pattern = pattern
    self.body = body
  }
}

/// `[for local in source if condition: key : value]`; a list when `key` is nil.
package struct Comprehension: Sendable {
  /// The variable.
  package let local: LocalID
  /// What is gone through.
  package let source: Expr
  /// Which elements count; `nil` for all.
  package let condition: Expr?
  /// Of a map; `nil` of a list.
  package let key: Expr?
  /// The element, or the value of the key.
  package let value: Expr

  package init(
    local: LocalID, source: Expr, condition: Expr?, key: Expr?, value: Expr
  ) {
    self.local = local
    self.source = source
    self.condition = condition
    self.key = key
    self.value = value
  }
}

/// What a block of code does, one after the other.
package enum Statement: Sendable {
  case `let`(LocalID, Expr)
  case expression(Expr)
  /// Over a list, map (its keys) or range.
  case `for`(LocalID, Expr, body: [Statement])
  /// Appends to the objects that the `emit` function gives.
  case yield(Expr)
  case assert(Expr, message: Expr?, Span)
}

/// Values are checked to have the types named; every operation that can overflow, divide by zero or
/// leave its range fails with E0404 at the expression's span.
package enum BinaryOperator: UInt8, Sendable {
  // Int and every quantity with its like
  case addInt, subtractInt
  // Int × Int, Int × quantity, quantity × Int; Int / Int and quantity / Int, toward zero
  case multiplyInt, divideInt
  case addFloat, subtractFloat, multiplyFloat, divideFloat
  /// quantity / like quantity, as Float
  case ratio
  /// quantity × Float (Float on the right), rounded to nearest
  case scale
  /// quantity × Percent (Percent on the right), rounded to nearest
  case share
  /// Bytes / Throughput as Duration; Throughput × Duration as Bytes; Bytes / Duration as Throughput
  case transferTime, transferSize, transferRate
  /// Rate × Duration as Float count
  case rateCount
  case concatenateStrings, concatenateLists
  case equal, notEqual
  case lessInt, lessOrEqualInt, lessFloat, lessOrEqualFloat, lessString, lessOrEqualString
  /// in a list, a map's keys, a range, a string (substring)
  case contains
}

/// A change of representation that the checker puts in.
package enum Conversion: UInt8, Sendable {
  case intToFloat
  /// A record, list, map or scalar as Object data: records by field name without `name`, `label`,
  /// parents and subjects; named blocks by label; durations as `30s`, bytes as Kubernetes
  /// quantities.
  case toObject
}

/// The statements of runbooks. Code generation makes each of them one suspension, whose operands
/// are listed here in order; an absent clause is nil. `() -> T` operands are closures.
package enum DirectiveKind: UInt8, Sendable {
  /// title String, within Duration?, retry Int?, every Duration?, backoff Float?, condition (() ->
  /// Bool)?, body () -> T, jitter Percent?. Gives the body's value.
  case step
  /// body () -> Unit
  case undo
  /// condition () -> Bool, within Duration?, every Duration?
  case wait
  /// length Duration
  case pause
  /// condition () -> Bool, message (() -> String)?
  case require
  /// condition () -> Bool, within Duration?, every Duration?, message (() -> String)?
  case verify
  /// question String, by String?, within Duration?, otherwise String ("abort", "continue"), quorum Int?
  case approve
  /// limit Int?, bodies [() -> T], quorum Int?. Gives the list of the values of those that succeeded.
  case parallel
  /// runbook name String, body () -> T
  case run
  /// name String, for Duration
  case lock
  /// handler (String) -> Unit: what to do when the run fails; the argument says why
  case onFailure
  /// message String
  case fail
}

/// A function with code, or a native one.
package struct Function: Sendable {
  /// What a function does when it is called.
  package enum Body: Sendable {
    case expression(Expr)
    /// Bound by name to Swift: a pure built-in or, with an effect, a call on the world.
    case native(name: String, actClass: ActClass?)
    /// Of a function that had mistakes; never called.
    case missing
  }
  /// What a function is for.
  package enum Role: Sendable {
    case function, lambda
    /// A lambda without parameters that says whether something holds: of `require`, a guard, …
    case condition
    /// Of a field of a named block, a record default or a constraint: parameter 0 is the record.
    case thunk
    case runbook, emit, rule, test

    /// Whether nobody takes the value that its code ends with.
    var losesItsEnd: Bool { self == .runbook || self == .emit || self == .rule || self == .test }
  }

  package var name: String
  /// What it is for.
  package var role: Role
  /// What it may do to the world, all it calls included.
  package var effect: Effect
  /// In the order in which they are declared.
  package var parameters: [Parameter]
  /// The type that it gives.
  package var result: TypeID
  /// Number of locals, parameters included; for a lambda up to its highest local.
  package var localCount: Int32
  package var body: Body
  package var span: Span
  package var documentation: String?

  package init(
    name: String, role: Role, effect: Effect, parameters: [Parameter], result: TypeID,
    localCount: Int32, body: Body, span: Span, documentation: String? = nil
  ) {
    self.name = name
    self.role = role
    self.effect = effect
    self.parameters = parameters
    self.result = result
    self.localCount = localCount
    self.body = body
    self.span = span
    self.documentation = documentation
  }
}

/// A parameter of a function.
package struct Parameter: Sendable {
  /// What callers write before the colon.
  package let label: String
  /// What the body reads it by.
  package let local: LocalID
  package let type: TypeID
  /// Evaluated at the call where the argument is left out; sees no other parameter.
  package let defaultValue: Expr?

  package init(label: String, local: LocalID, type: TypeID, defaultValue: Expr?) {
    self.label = label
    self.local = local
    self.type = type
    self.defaultValue = defaultValue
  }
}

/// A record type.
package struct Record: Sendable {
  package var name: String
  /// The block keyword that the type declares.
  package var keyword: String?
  /// In the order of their slots.
  package var fields: [RecordField]
  package var span: Span
  package var documentation: String?
  /// Records of block vocabulary begin with the fields `name`, `label` and `origin` (file:line).
  package var isVocabulary: Bool { keyword != nil }

  package init(
    name: String, keyword: String?, fields: [RecordField], span: Span, documentation: String?
  ) {
    self.name = name
    self.keyword = keyword
    self.fields = fields
    self.span = span
    self.documentation = documentation
  }
}

/// A field of a record type.
package struct RecordField: Sendable {
  /// Who gives the field its value: the block, the language, `for`, or the block around it.
  package enum Mark: Sendable { case ordinary, implicit, subject, parent }

  package var name: String
  package var type: TypeID
  /// Who gives the field its value.
  package var mark: Mark
  /// Whether the declaration gives a default.
  package var hasDefault = false
  /// A thunk of the record; nil where the field must be given (optional fields default to nil).
  package var defaultValue: FunctionID?
  /// A thunk of the record that gives Bool; evaluated once the slot has its value.
  package var constraint: FunctionID?
  /// A thunk of the record that gives the String to say when the constraint does not hold.
  package var constraintMessage: FunctionID?
  package var span: Span
  package var documentation: String?

  package init(name: String, type: TypeID, mark: Mark, span: Span, documentation: String? = nil) {
    self.name = name
    self.type = type
    self.mark = mark
    self.span = span
    self.documentation = documentation
  }
}

/// A module-level value.
package struct Global: Sendable {
  /// Where a global has its value from.
  package enum Body: Sendable {
    /// Evaluated when first used.
    case value(Expr)
    /// A named block: a record whose slots are evaluated when first loaded. One entry per field;
    /// nil where the default holds. The expressions see the record as local 0.
    case block(RecordID, fields: [Expr?])
    /// Given from outside; the default where it is not.
    case input(default: Expr?)
    case missing
  }
  package var name: String
  /// Name of the module that declares it: `main` for the user's file.
  package var module: String
  package var type: TypeID
  package var body: Body
  package var localCount: Int32
  package var span: Span
  package var documentation: String?

  package init(
    name: String, module: String, type: TypeID, body: Body, localCount: Int32, span: Span,
    documentation: String? = nil
  ) {
    self.name = name
    self.module = module
    self.type = type
    self.body = body
    self.localCount = localCount
    self.span = span
    self.documentation = documentation
  }
}

/// A check of the program's own blocks: `rule CODE name severity { … }`.
package struct Rule: Sendable {
  /// Gives a list of findings, each a list: the block or object, what is wrong, the help or nil, the
  /// slots that lead from the block to the field in question, or the path of an object's member as a
  /// text, and what mends it if it stands there, or nil.
  package let function: FunctionID
  /// `DR107`
  package let code: String
  /// What it finds: `two-zone-quorum`
  package let name: String
  package let severity: Severity
  /// Whether it comes with the standard library.
  package let isStandard: Bool
}

/// What rules and backends see of a runbook, or of what a policy does.
package struct Outline: Sendable {
  /// What was read.
  package enum Source: Sendable {
    case runbook(FunctionID)
    case policy(GlobalID)
  }
  package let source: Source
  /// A block of the type `Runbook` or `Reaction`.
  package let block: GlobalID
}

/// What rules see of the objects that a program gives.
package enum ManifestList: String, Sendable, CaseIterable {
  /// All objects, those of the library's backends too.
  case all
  /// Those that the program writes itself: its `manifest` blocks, and what its own backends yield.
  case own
  /// The version of Kubernetes that they are for.
  case kubernetes
}

/// A whole program that has been checked.
package struct CheckedProgram: Sendable {
  /// All files, those of the standard library included.
  package var sources: SourceMap
  /// What a `TypeID` stands for.
  package var types: TypeTable
  /// What a `RecordID` stands for.
  package var records: [Record]
  /// What a `FunctionID` stands for.
  package var functions: [Function]
  /// What a `GlobalID` stands for.
  package var globals: [Global]
  /// `emit` functions of all modules, in the order of module and source.
  package var emits: [FunctionID]
  /// Rules of all modules, in the order of module and source, each code once.
  package var rules: [Rule]
  /// By type, the global that lists the program's named blocks of the type, for those that code
  /// asked for: `model.services`.
  package var models: [RecordID: GlobalID]
  /// Runbooks and policies as blocks, where code asked for them; no `roots`.
  package var outlines: [Outline]
  /// The globals that stand for `manifests.all`, `manifests.own` and `manifests.kubernetes`, those
  /// that code asked for. Who runs rules defines them.
  package var manifests: [ManifestList: GlobalID]
  /// Whether the program's own code asks for one of them.
  package var namesManifests: Bool
  /// Runbooks of the first file, by name.
  package var runbooks: [String: FunctionID]
  /// Globals of the user's modules that are named blocks or lets, in source order.
  package var roots: [GlobalID]
  /// The program's own files by their paths from the project root, the first one first.
  package var files: [(path: String, file: FileID)]

  package init() {
    sources = SourceMap()
    types = TypeTable()
    records = []
    functions = []
    globals = []
    emits = []
    rules = []
    models = [:]
    outlines = []
    manifests = [:]
    namesManifests = false
    runbooks = [:]
    roots = []
    files = []
  }

  package subscript(id: FunctionID) -> Function { functions[Int(id.rawValue)] }
  package subscript(id: RecordID) -> Record { records[Int(id.rawValue)] }
  package subscript(id: GlobalID) -> Global { globals[Int(id.rawValue)] }

  /// The type of a named block; `nil` of every other value. Nothing of the block is copied.
  package func blockType(of id: GlobalID) -> RecordID? {
    if case .block(let record, _) = globals[Int(id.rawValue)].body { record } else { nil }
  }
}
