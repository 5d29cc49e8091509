// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema
import Testing

@Suite struct InstructionTests {
  let build = Build()

  @Test("whole numbers add, subtract, multiply and divide toward zero")
  func wholeNumbers() throws {
    let seven = E.int(7)
    #expect(try build.show(E.add(seven, E.int(-9))) == "-2")
    #expect(try build.show(E.add(E.int(1 << 40), E.int(1 << 40))) == "2199023255552")
    #expect(try build.show(E.binary(.subtractInt, seven, E.int(1 << 40))) == "-1099511627769")
    #expect(try build.show(E.binary(.multiplyInt, seven, E.int(-3))) == "-21")
    #expect(try build.show(E.binary(.divideInt, E.int(-7), E.int(2))) == "-3")
    #expect(try build.show(E.make(.negateInt(E.add(seven, seven)), TypeTable.int)) == "-14")
  }

  @Test("floats compute and show the shortest text")
  func floats() throws {
    func f(_ o: BinaryOperator, _ a: Double, _ b: Double) -> Expr {
      E.binary(o, E.float(a), E.float(b), TypeTable.float)
    }
    #expect(try build.show(f(.addFloat, 0.1, 0.2)) == "0.30000000000000004")
    #expect(try build.show(f(.subtractFloat, 5, 1)) == "4.0")
    #expect(try build.show(f(.multiplyFloat, 1.5, 2)) == "3.0")
    #expect(try build.show(f(.divideFloat, 1, 4)) == "0.25")
    let sum = E.binary(.addFloat, E.float(1), E.float(1), TypeTable.float)
    #expect(try build.show(E.make(.negateFloat(sum), TypeTable.float)) == "-2.0")
    let whole = E.make(.convert(.intToFloat, E.add(E.int(1), E.int(2))), TypeTable.float)
    #expect(try build.show(whole) == "3.0")
  }

  @Test("a quantity keeps its unit whichever side the plain number is on")
  func quantities() throws {
    let d = TypeTable.duration
    let minute = E.int(60_000_000_000, d)
    #expect(try build.show(E.binary(.addInt, minute, E.int(1_000_000_000, d), d)) == "1m1s")
    #expect(try build.show(E.binary(.multiplyInt, E.int(90), minute, d)) == "1h30m")
    #expect(try build.show(E.binary(.multiplyInt, minute, E.int(90), d)) == "1h30m")
    #expect(try build.show(E.binary(.divideInt, minute, E.int(240), d)) == "250ms")
    #expect(try build.show(E.binary(.ratio, minute, E.int(1 << 30, d), TypeTable.float)) != "")
    #expect(try build.show(E.binary(.scale, minute, E.float(1.5), d)) == "1m30s")
    let seventy = E.int(700_000_000, TypeTable.percent)
    #expect(try build.show(E.binary(.share, minute, seventy, d)) == "42s")
    #expect(
      try build.show(E.binary(.share, E.int(5), E.int(500_000_000, TypeTable.percent))) == "3")
    let size = E.int(15_000_000_000, TypeTable.bytes)
    let speed = E.int(2_000_000_000, TypeTable.throughput)
    #expect(try build.show(E.binary(.transferTime, size, speed, d)) == "7s500ms")
    #expect(try build.show(E.binary(.transferSize, speed, minute, TypeTable.bytes)) == "120GB")
    #expect(
      try build.show(E.binary(.transferRate, size, minute, TypeTable.throughput))
        == "250MB/s")
    let rate = E.int(50_000_000, TypeTable.rate)
    #expect(try build.show(E.binary(.rateCount, rate, minute, TypeTable.float)) == "3000.0")
  }

  @Test(
    "comparisons agree as values and as conditions", arguments: [-3, 0, 2, 3, 70_000] as [Int64])
  func comparisons(x: Int64) throws {
    let build = Build()
    let int = TypeTable.int
    for (operation, holds) in [
      (BinaryOperator.lessInt, x < 2), (.lessOrEqualInt, x <= 2), (.equal, x == 2),
      (.notEqual, x != 2),
    ] {
      for right in [E.int(2), E.local(1)] {
        let condition = E.binary(operation, E.local(0), right, TypeTable.bool)
        let negated = E.make(.not(condition), TypeTable.bool)
        let f = build.function(
          "f", parameters: [int, int], result: TypeTable.bool, condition)
        let g = build.function(
          "g", parameters: [int, int], E.if(condition, E.int(1), E.int(0)))
        let h = build.function(
          "h", parameters: [int, int], E.if(negated, E.int(0), E.int(1)))
        let machine = build.machine()
        let arguments = [Value.int(x), .int(2)]
        #expect(machine.bool(try machine.call(f, arguments)) == holds)
        #expect(machine.int(try machine.call(g, arguments)) == (holds ? 1 : 0))
        #expect(machine.int(try machine.call(h, arguments)) == (holds ? 1 : 0))
      }
    }
  }

  @Test("and, or and ?? evaluate the right side only when it matters")
  func shortCircuit() throws {
    let fails = E.binary(.divideInt, E.int(1), E.add(E.int(0), E.int(0)))
    let wrong = E.less(fails, E.int(1))
    let bool = TypeTable.bool
    #expect(try build.show(E.make(.and(E.bool(false), wrong), bool)) == "false")
    #expect(try build.show(E.make(.or(E.bool(true), wrong), bool)) == "true")
    #expect(try build.show(E.make(.coalesce(E.int(4), fails), TypeTable.int)) == "4")
    #expect(try build.show(E.make(.coalesce(E.none, E.int(5)), TypeTable.int)) == "5")
    let both = E.make(.and(E.bool(true), E.make(.or(E.bool(false), E.bool(true)), bool)), bool)
    #expect(try build.show(E.if(both, E.int(1), E.int(2))) == "1")
    let either = E.make(.or(E.make(.and(E.bool(false), wrong), bool), E.bool(false)), bool)
    #expect(try build.show(E.if(either, E.int(1), E.int(2))) == "2")
  }

  @Test("texts compare by code point, join, and interpolate every kind of value")
  func texts() throws {
    let s = TypeTable.string
    let less = E.binary(.lessString, E.string("az1"), E.string("az2"), TypeTable.bool)
    #expect(try build.show(less) == "true")
    let lessOrEqual = E.binary(.lessOrEqualString, E.string("b"), E.string("a"), TypeTable.bool)
    #expect(try build.show(lessOrEqual) == "false")
    #expect(
      try build.show(E.binary(.concatenateStrings, E.string("a"), E.string("b"), s))
        == "\"ab\"")
    let parts = [
      E.string("x="), E.int(4), E.float(4), E.bool(true), E.none, E.string(" "),
      E.int(5_400_000_000_000, TypeTable.duration), E.int(1 << 34, TypeTable.bytes),
      E.int(999_500_000, TypeTable.percent), E.int(50_000_000, TypeTable.rate),
      E.int(2_000_000_000, TypeTable.throughput), E.list([E.string("q"), E.int(1)]),
      E.range(E.int(1), E.int(3)),
    ]
    let text = E.make(.interpolation(parts), s)
    #expect(
      try build.show(text)
        == #""x=44.0truenil 1h30m16Gi99.95%50rps2GB/s[\"q\", 1]1..3""#)
    #expect(try build.show(E.make(.interpolation([]), s)) == "\"\"")
    let many = E.make(.interpolation((0..<500).map { E.int(Int64($0 % 10)) }), s)
    #expect(try build.show(many).count == 502)
  }

  @Test("lists, maps and objects keep order, spread, and leave out nil members")
  func building() throws {
    let o = TypeTable.object
    let list = E.make(
      .list([.value(E.int(1)), .spread(E.list([E.int(2), E.int(3)])), .value(E.int(4))]), o)
    #expect(try build.show(list) == "[1, 2, 3, 4]")
    let range = E.make(.list([.spread(E.range(E.int(0), E.int(3)))]), o)
    #expect(try build.show(range) == "[0, 1, 2]")
    #expect(
      try build.show(E.binary(.concatenateLists, list, list, o)) == "[1, 2, 3, 4, 1, 2, 3, 4]")
    let map = E.make(
      .map([
        .entry(key: E.string("b"), value: E.int(1)), .entry(key: E.string("a"), value: E.int(2)),
        .entry(key: E.string("b"), value: E.int(3)),
      ]), o)
    #expect(try build.show(map) == #"["b": 3, "a": 2]"#)
    let object = E.make(
      .object([
        .member(name: E.string("kind"), value: E.string("Deployment")),
        .member(name: E.string("gone"), value: E.none),
        .spread(E.make(.object([.member(name: E.string("x/y"), value: E.int(1))]), o)),
        .spread(E.none),
      ]), o)
    #expect(try build.show(object) == #"{ kind: "Deployment", "x/y": 1 }"#)
    #expect(try build.show(E.make(.member(object, E.string("kind")), o)) == "\"Deployment\"")
    #expect(try build.show(E.make(.member(object, E.string("nope")), o)) == "nil")
    #expect(try build.show(E.make(.index(list, E.int(2)), o)) == "3")
  }

  @Test("a table with many entries finds each of them and keeps their order")
  func manyEntries() throws {
    let o = TypeTable.object
    let n: Int64 = 5_000
    let map = E.each(
      0, E.range(E.int(0), E.int(n)), key: E.local(0), E.add(E.local(0), E.int(1)), o)
    let body = E.block(
      [.let(LocalID(1), map)],
      E.each(
        2, E.range(E.int(0), E.int(n)),
        if: E.binary(
          .notEqual, E.make(.member(E.local(1, o), E.local(2)), TypeTable.int),
          E.add(E.local(2), E.int(1)), TypeTable.bool), E.local(2), o), o)
    #expect(try build.show(body) == "[]")
    let f = build.function("m", result: o, map)
    let machine = build.machine()
    let entries = try #require(machine.entries(try machine.call(f, [])))
    #expect(entries.map { machine.int($0.key) } == (0..<n).map { $0 })
  }

  @Test("in looks into lists, maps, ranges and texts")
  func membership() throws {
    let o = TypeTable.object
    func isIn(_ key: Expr, _ owner: Expr) -> Expr {
      E.binary(.contains, key, owner, TypeTable.bool)
    }
    let list = E.list([E.int(1), E.int(2)])
    #expect(try build.show(isIn(E.int(2), list)) == "true")
    #expect(try build.show(isIn(E.int(3), list)) == "false")
    #expect(try build.show(isIn(E.int(3), E.range(E.int(0), E.int(3)))) == "false")
    #expect(try build.show(isIn(E.string("bc"), E.string("abcd"))) == "true")
    #expect(try build.show(isIn(E.string("bd"), E.string("abcd"))) == "false")
    let map = E.make(.map([.entry(key: E.string("k"), value: E.none)]), o)
    #expect(try build.show(isIn(E.string("k"), map)) == "true")
  }

  @Test("values are equal by what is in them")
  func equality() throws {
    func same(_ a: Expr, _ b: Expr) -> Expr { E.binary(.equal, a, b, TypeTable.bool) }
    let o = TypeTable.object
    func object(_ names: [String]) -> Expr {
      E.make(.object(names.map { .member(name: E.string($0), value: E.string($0)) }), o)
    }
    #expect(try build.show(same(E.list([E.string("a")]), E.list([E.string("a")]))) == "true")
    #expect(try build.show(same(object(["a", "b"]), object(["b", "a"]))) == "true")
    #expect(try build.show(same(object(["a", "b"]), object(["a", "c"]))) == "false")
    #expect(try build.show(same(E.float(0), E.float(-0.0))) == "true")
    #expect(try build.show(same(E.none, E.int(0))) == "false")
    let record = build.record("P", [Build.field("x")])
    let type = build.type(.record(record))
    func p(_ x: Int64) -> Expr { E.make(.record(record, fields: [E.int(x)]), type) }
    #expect(try build.show(same(p(1), p(1))) == "true")
    #expect(try build.show(same(p(1), p(2))) == "false")
  }

  @Test("loops walk ranges, lists, maps and objects")
  func loops() throws {
    let o = TypeTable.object
    let squares = E.each(
      0, E.range(E.int(0), E.int(6)),
      if: E.binary(.notEqual, E.local(0), E.int(2), TypeTable.bool),
      E.binary(.multiplyInt, E.local(0), E.local(0)), o)
    #expect(try build.show(squares) == "[0, 1, 9, 16, 25]")
    let map = E.make(
      .map([
        .entry(key: E.string("a"), value: E.int(1)), .entry(key: E.string("b"), value: E.int(2)),
      ]), o)
    #expect(try build.show(E.each(0, map, E.local(0))) == #"["a", "b"]"#)
    #expect(try build.show(E.each(0, E.range(E.int(3), E.int(1)), E.local(0))) == "[]")
    let stored = E.block(
      [.let(LocalID(3), E.range(E.int(2), E.int(4)))],
      E.each(0, E.local(3, TypeTable.range), E.local(0)), o)
    #expect(try build.show(stored) == "[2, 3]")
    let nested = E.each(
      0, E.range(E.int(0), E.int(2)),
      E.each(1, E.range(E.int(0), E.int(2)), E.add(E.local(0), E.local(1))))
    #expect(try build.show(nested) == "[[0, 1], [1, 2]]")
    let object = E.each(
      0, E.list([E.string("x")]), key: E.local(0, TypeTable.string), E.int(1), o)
    #expect(try build.show(object) == "{ x: 1 }")
  }

  @Test("match takes the first arm that fits")
  func matching() throws {
    let record = build.record("K8gb", [Build.field("ttl")])
    let other = build.record("Dns", [Build.field("ttl")])
    let union = build.type(.union([record, other]))
    func choose(_ subject: Expr) -> Expr {
      E.make(
        .match(
          subject, local: LocalID(0),
          [
            Arm(.nilValue, E.int(-1)), Arm(.record(other, nil), E.int(-2)),
            Arm(.record(record, LocalID(1)), E.field(E.local(1, union), 0)),
            Arm(.value(E.string("a")), E.int(1)), Arm(.any, E.int(0)),
          ]), TypeTable.int)
    }
    #expect(try build.show(choose(E.none)) == "-1")
    #expect(try build.show(choose(E.string("a"))) == "1")
    #expect(try build.show(choose(E.string("b"))) == "0")
    #expect(try build.show(choose(E.make(.record(record, fields: [E.int(30)]), union))) == "30")
    #expect(try build.show(choose(E.make(.record(other, fields: [E.int(30)]), union))) == "-2")
    let number = E.make(
      .match(
        E.add(E.int(2), E.int(2)), local: LocalID(0),
        [Arm(.value(E.int(4)), E.string("four")), Arm(.value(E.int(5)), E.string("five"))]),
      TypeTable.string)
    #expect(try build.show(number) == "\"four\"")
  }

  @Test("an if without else gives nil where a value may be missing, else nothing")
  func absence() throws {
    let optional = build.type(.optional(TypeTable.int))
    #expect(try build.show(E.if(E.bool(false), E.int(1), nil, optional)) == "nil")
    #expect(try build.show(E.if(E.bool(false), E.int(1), nil, TypeTable.unit)) == "()")
    let record = build.record("R", [Build.field("x")])
    let type = build.type(.record(record))
    let made = E.make(.record(record, fields: [E.int(8)]), type)
    #expect(try build.show(E.make(.optionalField(made, 0), optional)) == "8")
    #expect(try build.show(E.make(.optionalField(E.none, 0), optional)) == "nil")
    #expect(try build.show(made) == "R { x = 8 }")
  }
}
