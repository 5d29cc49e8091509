// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import Testing

struct SecretTextTests {
  @Test(
    "what is called like a secret is hidden, in every form of text",
    arguments: [
      // Parameters of URLs.
      (
        "GET https://a.example/x?token=c4nary&page=2 answers 500",
        "GET https://a.example/x?token=•••&page=2 answers 500"
      ),
      ("https://a.example/?API_KEY=c4nary", "https://a.example/?API_KEY=•••"),
      ("https://a.example/?access%5Ftoken=c4nary#top", "https://a.example/?access%5Ftoken=•••#top"),
      (
        "https://s3.example/b/k?X-Amz-Date=2026&X-Amz-Signature=c4nary",
        "https://s3.example/b/k?X-Amz-Date=2026&X-Amz-Signature=•••"
      ),
      ("https://blob.example/b?sv=1&sig=c4%2Fnary%3D)", "https://blob.example/b?sv=1&sig=•••)"),
      ("https://bob:c4nary@a.example/", "https://•••@a.example/"),
      // The addresses of chats.
      ("https://hooks.slack.com/services/T0/B0/c4nary", "https://hooks.slack.com/•••"),
      (
        "https://open.feishu.cn/open-apis/bot/v2/hook/c4nary-1",
        "https://open.feishu.cn/open-apis/bot/v2/hook/•••"
      ),
      (
        "https://oapi.dingtalk.com/robot/send?access_token=c4nary&sign=c4nary",
        "https://oapi.dingtalk.com/robot/send?access_token=•••&sign=•••"
      ),
      (
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=c4nary",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/•••?key=•••"
      ),
      (
        "https://api.telegram.org/bot12:c4nary/sendMessage",
        "https://api.telegram.org/•••/sendMessage"
      ),
      // Headers, as they are and inside of JSON.
      ("Authorization: Bearer c4nary\r\nAccept: */*", "Authorization: •••\r\nAccept: */*"),
      ("set-cookie: a=c4nary; Path=/\nx: y", "set-cookie: •••\nx: y"),
      (#"{"with": "Cookie: c4nary\nHost: h"}"#, #"{"with": "Cookie: •••\nHost: h"}"#),
      ("sent with bearer c4nary-c4nary-c4nary", "sent with bearer •••"),
      // Documents.
      (#"{"token": "c4nary \" c4nary", "size": 3}"#, #"{"token": "•••", "size": 3}"#),
      (#""{\"accessToken\":\"c4nary\",\"a\":1}""#, #""{\"accessToken\":\"•••\",\"a\":1}""#),
      ("db:\n  password: c4nary\n  user: a", "db:\n  password: •••\n  user: a"),
      (
        "<Code>1</Code><ClientSecret>c4nary</ClientSecret>",
        "<Code>1</Code><ClientSecret>•••</ClientSecret>"
      ),
      (
        "key: -----BEGIN EC PRIVATE KEY-----\nc4nary\n-----END EC PRIVATE KEY-----",
        "key: -----BEGIN EC PRIVATE KEY-----•••-----END EC PRIVATE KEY-----"
      ),
      ("got eyJhbGciOi.eyJzdWIi.c4nary_-, then", "got •••, then"),
      // Commands and programs.
      ("curl --token c4nary -v", "curl --token ••• -v"),
      ("DB_PASSWORD=c4nary run", "DB_PASSWORD=••• run"),
      (#"secret = "c4nary""#, #"secret = "•••""#),
      (#"{ authorization: "Bearer c4nary\(x("a", f(2)))c4nary" }"#, #"{ authorization: "•••" }"#),
    ])
  func hides(_ text: String, _ shown: String) {
    #expect(SecretText.mask(text) == shown)
    #expect(SecretText.mask(shown) == shown)
    #expect(SecretText.isIn(text))
  }

  @Test(
    "what only names a secret stays, and what is no secret",
    arguments: [
      "", "plain", "a=b", "Bearer env:CHAT_TOKEN", #"{ authorization: "Bearer env:CHAT_TOKEN" }"#,
      "secret: env:DR_KEY", #"secret = "file:/run/key""#, "authorization: Basic file:/run/user",
      #"web.post("\(url)/login", { token: \(token) })"#, "answer.token == \"x\"", "token != nil",
      "max_tokens: 16", #"{"eos_token": "</s>", "next_page_token": "x", "prompt_tokens": 7}"#,
      "vllm:time_to_first_token_seconds_sum 3", "invalid token: expired", "secretName: tls",
      "imagePullSecrets: [a]", "a Bearer realm=\"https://auth.example/token\",service=\"s\"",
      "https://a.example:8443/hook", "https://a.example/?page=2&groupKey=a", "token: null",
      "key: value", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
      "step “get http://a.example/?token=•••”: refused", "--dry-run --token", "password:", "://",
      "token=", "x://y?token=",
    ])
  func keeps(_ text: String) { #expect(SecretText.mask(text) == text) }

  @Test("texts of any kind are read to their end, and what is hidden stays as it is")
  func anyText() {
    var seed: UInt64 = 1
    let pieces = [
      "token", "=", ":", "\"", "\\", "(", ")", " ", "://", "@", "/", "?", "&", "--", "Bearer ",
      "eyJ", "-----BEGIN ",
      "PRIVATE KEY", "env:", "%5", "é", "hook", "\n", "authorization", "{", "c4nary",
    ]
    for _ in 0..<20_000 {
      var text = ""
      for _ in 0..<12 {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text += pieces[Int(seed >> 33) % pieces.count]
      }
      let once = SecretText.mask(text)
      #expect(SecretText.mask(once) == once, "\(text)")
    }
  }

  @Test("members of documents are hidden by their names, wherever they stand")
  func documents() {
    let document: Document = [
      "url": "https://a.example/?token=c4nary",
      "headers": [
        "X-API-Key": "c4nary", "authorization": "Bearer env:TOKEN", "key": "c4nary",
        "idempotency-key": "k",
      ],
      "body": [
        "user": ["password": "c4nary", "pin_passcode": 4711], "key": "open", "labels": ["a"],
      ],
      "command": ["login", "--password", "c4nary", "--verbose"],
      "manifest": [
        "kind": "Secret", "data": ["a": "Yw=="], "stringData": ["b": "c4nary"], "type": "Opaque",
      ],
      "env": [["name": "DB_PASSWORD", "value": "c4nary"], ["name": "LEVEL", "value": "info"]],
    ]
    let shown: Document = [
      "url": "https://a.example/?token=•••",
      "headers": [
        "X-API-Key": "•••", "authorization": "Bearer env:TOKEN", "key": "•••",
        "idempotency-key": "k",
      ],
      "body": [
        "user": ["password": "•••", "pin_passcode": "•••"], "key": "open", "labels": ["a"],
      ],
      "command": ["login", "--password", "•••", "--verbose"],
      "manifest": [
        "kind": "Secret", "data": ["a": "•••"], "stringData": ["b": "•••"], "type": "Opaque",
      ],
      "env": [["name": "DB_PASSWORD", "value": "•••"], ["name": "LEVEL", "value": "info"]],
    ]
    #expect(SecretText.mask(document) == shown)
    #expect(SecretText.mask(shown) == shown)
  }

  @Test("a call is known again in the journal, with its secret hidden or as older journals have it")
  func notedCalls() {
    let call: DocumentObject = ["url": "http://h/?token=abc", "status": 200]
    let noted = CallNote("web.get", call)
    #expect(noted.arguments == ["url": "http://h/?token=•••", "status": 200])
    #expect(noted.isOf("web.get", call))
    #expect(CallNote(name: "web.get", arguments: .object(call)).isOf("web.get", call))
    #expect(!noted.isOf("web.post", call))
    #expect(!noted.isOf("web.get", ["url": "http://other/?token=abc", "status": 200]))
    #expect(!noted.isOf("web.get", ["url": "http://h/", "status": 200]))
  }
}
