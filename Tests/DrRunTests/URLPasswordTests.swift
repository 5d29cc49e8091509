// SPDX-License-Identifier: Apache-2.0

import DrRun
import Testing

@Suite struct URLPasswordTests {
  @Test(arguments: [
    "https://ann:secret@web.example/", "http://ann@web.example", "sse://://x@y",
    "url=\"https://ann:secret@web.example\"", "see http://a.example/ and ftp://b:c@d.example",
    "http://日本@web.example/",
  ])
  func isFound(in text: String) { #expect(URLPassword.isIn(text)) }

  @Test(arguments: [
    "", "://", "https://", "ann:secret@web.example", "https://web.example/ann@", "mailto:ann@web",
    "https://web.example?to=ann@web", "https://web.example#ann@",
    "\"https://web.example\" by ann@web",
    "https://web.example\nann@web", "http:/ann@web", "http:///ann@web",
  ])
  func isNotFound(in text: String) { #expect(!URLPassword.isIn(text)) }
}
