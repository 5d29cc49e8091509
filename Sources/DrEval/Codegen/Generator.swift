// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema

/// Collects the code of a whole program. Functions keep the numbers that the checker gave them;
/// what is made here (thunks of globals, of block fields and of defaults) follows after them.
final class Generator {
  let checked: CheckedProgram
  var code: [Instruction] = []
  var spans: [PlacedSpan] = []
  var functions: [CompiledFunction] = []
  var constants: [Constant] = []
  var globals: [GlobalPlan] = []
  var records: [[SlotPlan]] = []
  var parameterDefaults: [ParameterPlace: Int] = [:]
  /// What is shown of conditions that do not hold.
  var explanations: [[WitnessPlan]] = []
  private(set) var sites: [ObservedSite] = []
  private var lineSites: [Span: Int] = [:]
  let observing: Observation?
  let constraints: Set<FunctionID>
  private var constantNumbers: [Constant: Int] = [:]
  private var nilFunction: Int?
  private var constantFunctions: [ConstantSlot: Int] = [:]
  private var knownFreeLocals: [FunctionID: [LocalID]] = [:]

  /// Names of native functions that the host answers though they are pure.
  let hostFunctions: Set<String>

  init(
    _ checked: CheckedProgram, hostFunctions: Set<String> = [], observing: Observation? = nil
  ) {
    self.checked = checked
    self.observing = observing
    self.hostFunctions = hostFunctions
    constraints = Set(checked.records.flatMap { $0.fields.compactMap(\.constraint) })
  }

  func generate() {
    functions = checked.functions.map { CompiledFunction(name: $0.name, span: $0.span) }
    reserve()
    for record in checked.records { records.append(record.fields.map(slotPlan)) }
    for (index, function) in checked.functions.enumerated() {
      generate(function, number: index)
      switch function.role {
      case .function, .runbook, .emit, .rule, .test: generateDefaults(function, number: index)
      case .lambda, .condition, .thunk: break
      }
    }
    for index in checked.globals.indices {
      globals.append(plan(checked.globals[index], number: Int32(index)))
    }
  }

  /// Places for what a program of that size gives, so that no array has to move: of those that it
  /// does not need, nothing is touched.
  private func reserve() {
    let count = checked.functions.count + 2 * checked.globals.count
    functions.reserveCapacity(count)
    globals.reserveCapacity(checked.globals.count)
    code.reserveCapacity(16 * count)
    spans.reserveCapacity(16 * count)
  }

  /// The number of a constant, the same for equal ones.
  func number(of constant: Constant) -> Int {
    let number = constants.count
    // Found or added with one look.
    func known(_ place: inout Int) -> Int { place }
    let found = known(&constantNumbers[constant, default: number])
    if found == number { constants.append(constant) }
    return found
  }

  /// The number of a site; places in the source are the same one wherever they are passed.
  func number(of event: ObservedSite.Event, at span: Span) -> Int {
    if case .line = event {
      if let known = lineSites[span] { return known }
      lineSites[span] = sites.count
    }
    sites.append(ObservedSite(event: event, span: span))
    return sites.count - 1
  }

  /// Whether an observer need not be told that the source goes on from one span to another.
  func isSamePlace(_ a: Span, _ b: Span) -> Bool {
    guard observing == .lines, a.file == b.file else { return a == b }
    let source = checked.sources[a.file]
    return source.line(at: a.start) == source.line(at: b.start)
  }

  /// The locals around a lambda that it uses.
  func freeLocals(of lambda: FunctionID) -> [LocalID] {
    if let known = knownFreeLocals[lambda] { return known }
    let found = FreeLocals.of(lambda, in: checked)
    knownFreeLocals[lambda] = found
    return found
  }

  private func generate(_ function: Function, number: Int) {
    let id = FunctionID(Int32(number))
    let isClosure = function.role == .lambda || function.role == .condition
    let captures = isClosure ? freeLocals(of: id) : []
    var compiler = FunctionCompiler(self, parameters: function.parameters.map(\.local) + captures)
    compiler.observe(.enter(number), at: function.span)
    switch function.body {
    case .expression(let body):
      if function.role == .emit || function.role == .rule {
        compiler.compileEmit(body)
      } else if function.role == .condition || constraints.contains(id) {
        compiler.compileCondition(body)
      } else {
        compiler.compileBody(body)
      }
    case .native:
      compiler.compileNative(id)
    case .missing:
      compiler.raise("`\(function.name)` has a mistake and cannot run", function.span)
    }
    functions[number].captureCount = captures.count
    functions[number].parameterCount = function.parameters.count
    place(compiler, number: number)
  }

  private func generateDefaults(_ function: Function, number: Int) {
    for (index, parameter) in function.parameters.enumerated() {
      guard let value = parameter.defaultValue else { continue }
      parameterDefaults[ParameterPlace(function: number, index: index)] = add(
        value, name: parameter.label, parameters: [])
    }
  }

  /// A function made for an expression.
  private func add(_ expression: Expr, name: String, parameters: [LocalID]) -> Int {
    functions.append(CompiledFunction(name: name, span: expression.span))
    let number = functions.count - 1
    functions[number].parameterCount = parameters.count
    var compiler = FunctionCompiler(self, parameters: parameters)
    compiler.observe(.enter(number), at: expression.span)
    compiler.compileBody(expression)
    place(compiler, number: number)
    return number
  }

  private func place(_ compiler: FunctionCompiler, number: Int) {
    if compiler.isTooLarge {
      let function = functions[number]
      var compiler = FunctionCompiler(self, parameters: [])
      compiler.raise("`\(function.name)` is too large; split it", function.span)
      compiler.registerCount = max(1, function.parameterCount + function.captureCount)
      return place(compiler, number: number)
    }
    functions[number].start = code.count
    functions[number].registerCount = compiler.registerCount
    for span in compiler.spans {
      spans.append(PlacedSpan(offset: code.count + span.offset, span: span.span))
    }
    code += compiler.code
  }

  /// How a slot begins when the field is not given.
  private func slotPlan(_ field: RecordField) -> SlotPlan {
    guard let value = field.defaultValue else {
      return field.constraint == nil
        ? .constant(number(of: .nilValue)) : .function(functionThatGivesNil())
    }
    if field.constraint == nil, case .expression(let body) = checked[value].body,
      let constant = constant(of: body)
    {
      return .constant(number(of: constant))
    }
    return .function(Int(value.rawValue))
  }

  private func functionThatGivesNil() -> Int {
    if let nilFunction { return nilFunction }
    let span = Span(FileID(0), 0, 0)
    let number = add(Expr(.nilValue, TypeTable.never, span), name: "nil", parameters: [LocalID(0)])
    nilFunction = number
    return number
  }

  private func plan(_ global: Global, number: Int32) -> GlobalPlan {
    switch global.body {
    case .value(let expression):
      if let constant = constant(of: expression) {
        return .slot(.constant(self.number(of: constant)))
      }
      return .slot(.function(add(expression, name: global.name, parameters: [])))
    case .block(let id, let fields):
      let declared = checked[id].fields
      var slots: [SlotPlan] = []
      slots.reserveCapacity(declared.count)
      for (index, field) in declared.enumerated() {
        if let expression = index < fields.count ? fields[index] : nil {
          slots.append(slotPlan(given: expression, field, of: global))
        } else {
          slots.append(records[Int(id.rawValue)][index])
        }
      }
      return .block(id, slots: slots, spans: fields.map { $0?.span })
    case .input(let value):
      return .input(default: value.map { add($0, name: global.name, parameters: []) })
    case .missing: return .missing
    }
  }

  private func slotPlan(
    given expression: Expr, _ field: RecordField, of global: Global
  ) -> SlotPlan {
    if field.constraint == nil, let constant = constant(of: expression) {
      return .constant(number(of: constant))
    }
    if observing == nil, let constant = constant(of: expression) {
      let slot = ConstantSlot(field: field.name, constant: number(of: constant))
      return .function(function(of: slot, expression))
    }
    let name = "\(global.name).\(field.name)"
    return .function(add(expression, name: name, parameters: [LocalID(0)]))
  }

  /// What gives a field a constant that has a constraint to hold.
  private struct ConstantSlot: Hashable {
    let field: String
    let constant: Int
  }

  /// The function of such a slot: blocks that give a field the same share it.
  private func function(of slot: ConstantSlot, _ expression: Expr) -> Int {
    if let known = constantFunctions[slot] { return known }
    let number = add(expression, name: slot.field, parameters: [LocalID(0)])
    constantFunctions[slot] = number
    return number
  }

  /// What an expression gives, where that is plain to see.
  func constant(of expression: Expr) -> Constant? {
    switch expression.kind {
    case .bool(let value): return .bool(value)
    case .int(let value): return .whole(checked.types.wholeTag(expression.type), value)
    case .float(let value): return .float(value.bitPattern)
    case .string(let value): return .string(value)
    case .nilValue: return .nilValue
    case .function(let id): return .function(Int(id.rawValue))
    case .lambda(let id):
      return freeLocals(of: id).isEmpty ? .function(Int(id.rawValue)) : nil
    case .negateInt(let inner):
      guard case .whole(let tag, let value)? = constant(of: inner), value != .min else {
        return nil
      }
      return .whole(tag, -value)
    case .negateFloat(let inner):
      guard case .float(let bits)? = constant(of: inner) else { return nil }
      return .float((-Double(bitPattern: bits)).bitPattern)
    case .convert(.toObject, let inner):
      guard let value = constant(of: inner) else { return nil }
      switch value {
      case .nilValue, .bool, .string, .whole(.int, _): return value
      case .unit, .whole, .float, .function: return nil
      }
    case .local, .global, .interpolation, .list, .map, .object, .record, .field, .optionalField,
      .member, .index, .not, .binary, .and, .or, .coalesce, .range, .call, .callValue, .if, .match,
      .comprehension, .block, .convert, .directive:
      return nil
    }
  }
}

extension TypeTable {
  /// The tag of whole numbers of a type; `Int` where it is no quantity.
  func wholeTag(_ id: TypeID) -> Tag {
    switch self[id] {
    case .duration: .duration
    case .bytes: .bytes
    case .percent: .percent
    case .rate: .rate
    case .throughput: .throughput
    case .optional(let inner): wholeTag(inner)
    case .error, .never, .unit, .bool, .int, .float, .string, .secret, .object, .range, .list,
      .map, .choice, .record, .union, .function, .parameter:
      .int
    }
  }

  /// The tag of numbers of a type, whole or not.
  func numberTag(_ id: TypeID) -> Tag { id == TypeTable.float ? .float : wholeTag(id) }

  /// Whether all values of a type are numbers or truths that agree when their payloads do.
  func isWhole(_ id: TypeID) -> Bool {
    switch self[id] {
    case .bool, .int, .duration, .bytes, .percent, .rate, .throughput: true
    case .error, .never, .unit, .float, .string, .secret, .object, .range, .list, .map, .optional,
      .choice, .record, .union, .function, .parameter:
      false
    }
  }
}
