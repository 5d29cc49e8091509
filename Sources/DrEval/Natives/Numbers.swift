// SPDX-License-Identifier: Apache-2.0

/// Natives on plain numbers.
enum Numbers {
  static let all: [NativeFunction] = [
    NativeFunction("int.parse", "(text: String) -> Int?") { _, arguments throws(Stop) in
      let text = arguments.string(0)
      guard text.count <= 20, let value = Int64(text.text) else { return .nilValue }
      return .int(value)
    },
    NativeFunction("int.to_float", "(number: Int) -> Float") { _, arguments throws(Stop) in
      .float(Double(arguments.whole(0)))
    },
    NativeFunction("float.floor", "(number: Float) -> Int") { _, arguments throws(Stop) in
      try whole(arguments[0].double, .down)
    },
    NativeFunction("float.ceil", "(number: Float) -> Int") { _, arguments throws(Stop) in
      try whole(arguments[0].double, .up)
    },
    NativeFunction("float.round", "(number: Float) -> Int") { _, arguments throws(Stop) in
      try whole(arguments[0].double, .nearest)
    },
  ]

  private static func whole(
    _ number: Double, _ rule: Rounding
  ) throws(Stop) -> Value {
    guard let value = rule.whole(number) else {
      throw .arithmetic("\(Text.float(number)) is too large for an Int")
    }
    return .int(value)
  }
}
