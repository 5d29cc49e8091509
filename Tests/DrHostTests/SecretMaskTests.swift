// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DrHost

struct SecretMaskTests {
  @Test(
    "secrets of the environment are hidden, and nothing else",
    arguments: [
      ("", ""), ("plain", "plain"), ("c4nary-one", "•••"), ("ac4nary-onec4nary-oneb", "a••••••b"),
      ("c4nary-on", "c4nary-on"), ("/home/user", "/home/user"), ("short", "short"),
      ("asked for /services/T0/c4nary-two", "asked for •••"), ("c4nary-three", "•••"),
      ("c4nary-threec4nary-one", "••••••"),
    ])
  func masks(_ text: String, _ shown: String) {
    let mask = SecretMask(
      [
        ("API_TOKEN", "c4nary-one"), ("HOME", "/home/user"), ("my_password", "short"),
        ("CHAT", "https://chat.example/services/T0/c4nary-two"),
      ]
    ).hiding(["https://chat.example/services/T0/c4nary-two", "c4nary-three"])
    #expect(String(decoding: mask.mask(Array(text.utf8)), as: UTF8.self) == shown)
  }
}
