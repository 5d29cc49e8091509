// SPDX-License-Identifier: Apache-2.0
//
// The built-in pure functions. `stdlib` declares each with a type (`fn … = native "string.upper"`);
// here they are bound by name. A native trusts its arguments' types as the loop does, and nothing
// else: it pays fuel for what it walks and asks the heap for what it makes, before it makes it.

/// One built-in function.
package struct NativeFunction: Sendable {
  /// `string.upper`
  package let name: String
  /// As `stdlib` may declare it: `(text: String) -> String`.
  package let signature: String
  let body: @Sendable (Machine, Arguments) throws(Stop) -> Value

  init(
    _ name: String, _ signature: String,
    _ body: @escaping @Sendable (Machine, Arguments) throws(Stop) -> Value
  ) {
    self.name = name
    self.signature = signature
    self.body = body
  }
}

/// The arguments of a native, side by side in the registers of its caller.
struct Arguments {
  let base: UnsafeMutablePointer<Value>

  subscript(index: Int) -> Value { base[index] }
  func string(_ index: Int) -> StringRef { StringRef(base[index]) }
  func list(_ index: Int) -> ListRef { ListRef(base[index]) }
  func table(_ index: Int) -> TableRef { TableRef(base[index]) }
  func whole(_ index: Int) -> Int64 { base[index].whole }
}

/// All built-in functions.
package enum Natives {
  package static let all: [NativeFunction] =
    Strings.all + Lists.all + Tables.all + Numbers.all + Quantities.all + Secrets.all

  private static let numbers: [String: Int] = {
    var numbers: [String: Int] = [:]
    for (number, native) in all.enumerated() {
      precondition(numbers[native.name] == nil, "two natives of one name")
      numbers[native.name] = number
    }
    return numbers
  }()

  /// The place of a native in `all`.
  static func number(of name: String) -> Int? { numbers[name] }
}
