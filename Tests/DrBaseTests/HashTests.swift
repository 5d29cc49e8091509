// SPDX-License-Identifier: Apache-2.0

import DrBase
import Testing

struct HashTests {
  /// Vectors of FIPS 180-4's examples and NIST's CAVP short and long messages.
  @Test(
    "SHA-256 gives the published digests",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
          + "lmnopqrsmnopqrstnopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
      ),
    ])
  func knownDigests(message: String, digest: String) {
    #expect(SHA256.hexDigest(message.utf8) == digest)
  }

  @Test("SHA-256 of a million times a, in uneven pieces")
  func millionTimesA() {
    var hash = SHA256()
    var left = 1_000_000
    var piece = 1
    while left > 0 {
      let count = min(left, piece)
      hash.update([UInt8](repeating: 0x61, count: count))
      left -= count
      piece = (piece * 7 + 3) % 1009 + 1
    }
    #expect(
      SHA256.hex(hash.finish())
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test("pieces give the digest of the whole at every length up to three blocks")
  func piecewise() {
    for length in 0..<200 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      var hash = SHA256()
      for byte in bytes { hash.update(CollectionOfOne(byte)) }
      #expect(hash.finish() == SHA256.digest(bytes))
    }
  }

  @Test(
    "the processor's instructions give what is computed without them, at every length and place")
  func instructions() {
    for length in 0..<300 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* $0 &+ length) }
      for start in Set([0, min(1, length), min(7, length)]) {
        var (hash, crc) = (SHA256(isPortable: true), CRC32C(isPortable: true))
        hash.update(bytes[start...])
        crc.update(bytes[start...])
        #expect(hash.finish() == SHA256.digest(bytes[start...]))
        #expect(crc.value == CRC32C.checksum(bytes[start...]))
      }
    }
  }

  /// RFC 3720, appendix B.4, and the usual check value.
  @Test("CRC-32C gives the published checksums")
  func knownChecksums() {
    #expect(CRC32C.checksum("123456789".utf8) == 0xe306_9283)
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
    #expect(CRC32C.checksum([UInt8](repeating: 0xff, count: 32)) == 0x62a8_ab43)
    #expect(CRC32C.checksum((0..<32).map(UInt8.init)) == 0x46dd_794e)
    #expect(CRC32C.checksum((0..<32).reversed().map(UInt8.init)) == 0x113f_db5c)
    #expect(CRC32C.checksum([]) == 0)
  }

  /// RFC 4648, section 10.
  @Test(
    "base64 goes both ways",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
  func base64(plain: String, encoded: String) {
    #expect(Base64.encode(Array(plain.utf8)) == encoded)
    #expect(Base64.decode(encoded) == Array(plain.utf8))
  }

  @Test(
    "base64 that is not whole is refused",
    arguments: ["Zg", "Zg=", "Z===", "Zg==Zg==", "Zh==", "Zm9=", "Zm9v!", "====", "Zm-v", "=Zm9"])
  func brokenBase64(text: String) {
    #expect(Base64.decode(text) == nil)
  }

  @Test("base64 may be wrapped")
  func wrappedBase64() {
    #expect(Base64.decode("Zm9v\n  YmFy\r\n") == Array("foobar".utf8))
  }
}
