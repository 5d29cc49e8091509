// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DrActions

struct QuantityTests {
  @Test(
    "reads quantities as the scheduler does, rounding up",
    arguments: [
      ("1", 1000, 1), ("100m", 100, 1), ("0.5", 500, 1), ("1500m", 1500, 2), ("2.5", 2500, 3),
      ("100n", 1, 1), ("250u", 1, 1), ("1001u", 2, 1), ("1k", 1_000_000, 1000),
      ("1e3", 1_000_000, 1000), ("1E3", 1_000_000, 1000), ("5e-1", 500, 1), ("0", 0, 0),
      (".5", 500, 1), ("+1", 1000, 1), ("-1", -1000, -1),
    ] as [(String, Int64, Int64)])
  func reads(text: String, milli: Int64, whole: Int64) {
    #expect(Quantity.milliCPU(text) == milli)
    #expect(Quantity.whole(text) == whole)
  }

  @Test(
    "reads sizes",
    arguments: [
      ("4Gi", 4 << 30), ("33554432Ki", 32 << 30), ("1.5Gi", 3 << 29), ("128M", 128_000_000),
      ("1E", 1_000_000_000_000_000_000), ("7Ei", 7 << 60), ("100Ei", .max), ("1Ti", 1 << 40),
    ] as [(String, Int64)])
  func sizes(text: String, bytes: Int64) {
    #expect(Quantity.whole(text) == bytes)
  }

  @Test(
    "refuses what is no quantity", arguments: ["", "m", "1x", "1 Gi", "1.2.3", "Gi", "1e", "--1"])
  func refuses(text: String) {
    #expect(Quantity.whole(text) == nil)
  }

  @Test(
    "dates come and go in both forms",
    arguments: [
      ("Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000000Z", 0),
      ("Mon, 23 Nov 2026 20:15:00 GMT", "2026-11-23T20:15:00.000000Z", 1_795_464_900),
      ("Thu, 29 Feb 2024 23:59:59 GMT", "2024-02-29T23:59:59.000000Z", 1_709_251_199),
      ("Sun, 31 Dec 2000 00:00:01 GMT", "2000-12-31T00:00:01.000000Z", 978_220_801),
      ("Fri, 01 Mar 2399 12:00:00 GMT", "2399-03-01T12:00:00.000000Z", 13_543_070_400),
    ] as [(String, String, Int64)])
  func dates(http: String, micro: String, seconds: Int64) {
    #expect(Timestamp.parseHTTPDate(http) == seconds)
    #expect(Timestamp.parseRFC3339(micro) == seconds)
    #expect(Timestamp.microTime(seconds) == micro)
  }

  @Test("percents and durations read as people write them")
  func texts() {
    #expect(Unit.percentText(1_000_000_000) == "100%")
    #expect(Unit.percentText(125_000_000) == "12.5%")
    #expect(Unit.percentText(333_333_333) == "33.3333333%")
    #expect(Unit.durationText(30_000_000_000) == "30s")
    #expect(Unit.durationText(1_500_000_000) == "1500ms")
  }
}
