// SPDX-License-Identifier: Apache-2.0

/// Natives on texts.
enum Strings {
  static let all: [NativeFunction] = [
    NativeFunction("string.count", "(text: String) -> Int") { machine, arguments throws(Stop) in
      try machine.heap.charge(arguments.string(0).count / 4)
      return .int(Int64(arguments.string(0).text.count))
    },
    NativeFunction("string.upper", "(text: String) -> String") { machine, arguments throws(Stop) in
      try changed(machine, arguments) { $0.uppercased() }
    },
    NativeFunction("string.lower", "(text: String) -> String") { machine, arguments throws(Stop) in
      try changed(machine, arguments) { $0.lowercased() }
    },
    NativeFunction("string.trim", "(text: String) -> String") { machine, arguments throws(Stop) in
      try trimmed(machine, arguments)
    },
    NativeFunction("string.split", "(text: String, by: String) -> [String]") {
      machine, arguments throws(Stop) in
      try split(machine, arguments.string(0).bytes, arguments.string(1).bytes)
    },
    NativeFunction("string.lines", "(text: String) -> [String]") {
      machine, arguments throws(Stop) in
      try lines(machine, arguments.string(0).bytes)
    },
    NativeFunction("string.join", "(parts: [String], by: String) -> String") {
      machine, arguments throws(Stop) in
      try join(machine, arguments.list(0), arguments.string(1).bytes)
    },
    NativeFunction("string.replace", "(text: String, part: String, by: String) -> String") {
      machine, arguments throws(Stop) in
      try replace(machine, arguments)
    },
    NativeFunction("string.starts_with", "(text: String, part: String) -> Bool") {
      _, arguments throws(Stop) in
      .bool(Bytes.begins(arguments.string(0).bytes, at: 0, with: arguments.string(1).bytes))
    },
    NativeFunction("string.ends_with", "(text: String, part: String) -> Bool") {
      _, arguments throws(Stop) in
      let (text, part) = (arguments.string(0).bytes, arguments.string(1).bytes)
      return .bool(Bytes.begins(text, at: text.count - part.count, with: part))
    },
    NativeFunction("string.contains", "(text: String, part: String) -> Bool") {
      machine, arguments throws(Stop) in
      let (text, part) = (arguments.string(0).bytes, arguments.string(1).bytes)
      try machine.heap.charge(text.count / 16)
      return .bool(try Bytes.position(of: part, in: text, from: 0, machine.heap) != nil)
    },
    NativeFunction("string.pad_left", "(text: String, width: Int, with: String) -> String") {
      machine, arguments throws(Stop) in
      try padded(machine, arguments, left: true)
    },
    NativeFunction("string.pad_right", "(text: String, width: Int, with: String) -> String") {
      machine, arguments throws(Stop) in
      try padded(machine, arguments, left: false)
    },
    NativeFunction("string.repeat", "(text: String, count: Int) -> String") {
      machine, arguments throws(Stop) in
      try repeated(machine, arguments.string(0).bytes, arguments.whole(1))
    },
    NativeFunction("string.slug", "(text: String) -> String") { machine, arguments throws(Stop) in
      try machine.heap.charge(arguments.string(0).count / 4)
      return try machine.heap.makeString(slug(arguments.string(0).bytes))
    },
    NativeFunction("string.from", "(value: T) -> String") { machine, arguments throws(Stop) in
      try machine.interpolated(UnsafeBufferPointer(start: arguments.base, count: 1))
    },
    NativeFunction("hash.short", "(text: String) -> String") { machine, arguments throws(Stop) in
      try machine.heap.charge(arguments.string(0).count / 16)
      return try machine.heap.makeString(Bytes.shortHash(arguments.string(0).bytes))
    },
    NativeFunction("version.at_least", "(version: String, least: String) -> Bool") {
      machine, arguments throws(Stop) in
      try machine.heap.charge((arguments.string(0).count + arguments.string(1).count) / 16)
      return .bool(isVersion(arguments.string(0).bytes, atLeast: arguments.string(1).bytes))
    },
  ]

  private static func changed(
    _ machine: Machine, _ arguments: Arguments, _ change: (String) -> String
  ) throws(Stop) -> Value {
    let text = arguments.string(0)
    try machine.heap.charge(text.count / 4)
    return try machine.heap.makeString(change(text.text))
  }

  private static func trimmed(
    _ machine: Machine, _ arguments: Arguments
  ) throws(Stop) -> Value {
    let text = arguments.string(0).bytes
    var start = 0
    var end = text.count
    while start < end, Bytes.isSpace(text[start]) { start += 1 }
    while end > start, Bytes.isSpace(text[end - 1]) { end -= 1 }
    return try machine.heap.makeString(Bytes.slice(text, start, end))
  }

  private static func split(
    _ machine: Machine, _ text: Bytes.Text, _ separator: Bytes.Text
  ) throws(Stop) -> Value {
    var parts: [Value] = []
    if separator.isEmpty {
      for character in String(decoding: text, as: UTF8.self) {
        try machine.heap.charge(1)
        parts.append(try machine.heap.makeString(String(character)))
      }
      return try machine.heap.makeList(parts)
    }
    try machine.heap.charge(text.count / 16)
    var start = 0
    while let end = try Bytes.position(of: separator, in: text, from: start, machine.heap) {
      parts.append(try machine.heap.makeString(Bytes.slice(text, start, end)))
      start = end + separator.count
    }
    parts.append(try machine.heap.makeString(Bytes.slice(text, start, text.count)))
    return try machine.heap.makeList(parts)
  }

  /// Without line endings; what follows the last one is a line only where it is not empty.
  private static func lines(_ machine: Machine, _ text: Bytes.Text) throws(Stop) -> Value {
    var lines: [Value] = []
    var start = 0
    try machine.heap.charge(text.count / 16)
    for (offset, byte) in text.enumerated() where byte == UInt8(ascii: "\n") {
      try machine.heap.charge(1)
      let isCarriage = offset > start && text[offset - 1] == UInt8(ascii: "\r")
      let end = isCarriage ? offset - 1 : offset
      lines.append(try machine.heap.makeString(Bytes.slice(text, start, end)))
      start = offset + 1
    }
    if start < text.count {
      lines.append(try machine.heap.makeString(Bytes.slice(text, start, text.count)))
    }
    return try machine.heap.makeList(lines)
  }

  private static func join(
    _ machine: Machine, _ parts: ListRef, _ separator: Bytes.Text
  ) throws(Stop) -> Value {
    try machine.heap.charge(parts.count)
    var count = max(0, parts.count - 1) * separator.count
    for part in parts.values {
      count += StringRef(part).count
      if count > machine.limits.memoryBytes { throw .memory }
    }
    try machine.heap.charge(count / 16)
    return try machine.heap.makeString(count: count) { buffer in
      var place = 0
      func add(_ bytes: Bytes.Text) {
        _ = UnsafeMutableBufferPointer(rebasing: buffer[place...]).initialize(from: bytes)
        place += bytes.count
      }
      for (index, part) in parts.values.enumerated() {
        if index > 0 { add(separator) }
        add(StringRef(part).bytes)
      }
    }
  }

  private static func replace(
    _ machine: Machine, _ arguments: Arguments
  ) throws(Stop) -> Value {
    let text = arguments.string(0).bytes
    let part = arguments.string(1).bytes
    let other = arguments.string(2).bytes
    if part.isEmpty { return arguments[0] }
    try machine.heap.charge(text.count / 16)
    var places: [Int] = []
    var start = 0
    while let place = try Bytes.position(of: part, in: text, from: start, machine.heap) {
      places.append(place)
      start = place + part.count
    }
    if places.isEmpty { return arguments[0] }
    let (growth, overflow) = places.count.multipliedReportingOverflow(by: other.count)
    if overflow || growth > machine.limits.memoryBytes { throw .memory }
    let count = text.count - places.count * part.count + growth
    try machine.heap.charge(count / 16)
    return try machine.heap.makeString(count: count) { buffer in
      var target = 0
      func add(_ bytes: Bytes.Text) {
        _ = UnsafeMutableBufferPointer(rebasing: buffer[target...]).initialize(from: bytes)
        target += bytes.count
      }
      var source = 0
      for place in places {
        add(Bytes.slice(text, source, place))
        add(other)
        source = place + part.count
      }
      add(Bytes.slice(text, source, text.count))
    }
  }

  private static func padded(
    _ machine: Machine, _ arguments: Arguments, left: Bool
  ) throws(Stop) -> Value {
    let text = arguments.string(0)
    try machine.heap.charge(text.count / 4)
    let missing = arguments.whole(1) - Int64(text.text.count)
    let fill = arguments.string(2)
    guard missing > 0, fill.count > 0 else { return arguments[0] }
    let padding = StringRef(try repeated(machine, fill.bytes, missing))
    return try machine.heap.makeString(count: text.count + padding.count) { buffer in
      let (first, second) = left ? (padding, text) : (text, padding)
      _ = buffer.initialize(from: first.bytes)
      _ = UnsafeMutableBufferPointer(rebasing: buffer[first.count...]).initialize(
        from: second.bytes)
    }
  }

  private static func repeated(
    _ machine: Machine, _ text: Bytes.Text, _ times: Int64
  ) throws(Stop) -> Value {
    let (count, overflow) = text.count.multipliedReportingOverflow(by: max(0, Int(times)))
    if overflow || count > machine.limits.memoryBytes { throw .memory }
    try machine.heap.charge(count / 16)
    return try machine.heap.makeString(count: count) { buffer in
      for place in 0..<count { buffer.initializeElement(at: place, to: text[place % text.count]) }
    }
  }

  /// A DNS-1123 label: lower-case letters, digits and inner hyphens, at most 63. Where letters are
  /// lost, a hash of the whole text keeps different texts apart.
  static func slug(_ text: Bytes.Text) -> String {
    let dash = UInt8(ascii: "-")
    var label: [UInt8] = []
    label.reserveCapacity(text.count)
    var isLossy = false
    for byte in text {
      if Bytes.isDigit(byte) || Bytes.isLetter(byte) {
        label.append(Bytes.isLetter(byte) ? byte | 0x20 : byte)
      } else {
        if byte >= 0x80 { isLossy = true }
        if let last = label.last, last != dash { label.append(dash) }
      }
    }
    while label.last == dash { label.removeLast() }
    if label.isEmpty { return "x\(Bytes.shortHash(text))" }
    guard isLossy || label.count > 63 else { return String(decoding: label, as: UTF8.self) }
    label = Array(label.prefix(54))
    while label.last == dash { label.removeLast() }
    return "\(String(decoding: label, as: UTF8.self))-\(Bytes.shortHash(text))"
  }

  private static func isVersion(
    _ version: UnsafeBufferPointer<UInt8>, atLeast least: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    var (ours, theirs) = (VersionNumbers(version), VersionNumbers(least))
    while true {
      let (x, y) = (ours.next(), theirs.next())
      if x == nil, y == nil { return true }
      if x ?? 0 != y ?? 0 { return x ?? 0 > y ?? 0 }
    }
  }

  /// The numbers of `v1.26.3-rc1`: 1, 26, 3.
  private struct VersionNumbers {
    private var rest: Slice<UnsafeBufferPointer<UInt8>>

    init(_ text: UnsafeBufferPointer<UInt8>) {
      rest = text.first == UInt8(ascii: "v") ? text.dropFirst() : text[...]
    }

    mutating func next() -> Int64? {
      while rest.first == UInt8(ascii: ".") { rest.removeFirst() }
      var number: Int64?
      while let digit = rest.first.map({ Int64($0) - 0x30 }), (0...9).contains(digit) {
        let (shifted, overflow) = (number ?? 0).multipliedReportingOverflow(by: 10)
        let (sum, carry) = shifted.addingReportingOverflow(digit)
        number = overflow || carry ? .max : sum
        rest.removeFirst()
      }
      return number
    }
  }
}
