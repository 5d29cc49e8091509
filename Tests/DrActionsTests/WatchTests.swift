// SPDX-License-Identifier: Apache-2.0

import DrActions
import Testing

/// What is made of a watch's stream, however it is cut into pieces and whatever stands in it.
struct WatchTests {
  private func event(_ type: String, _ version: String) -> String {
    #"{"type":"\#(type)","object":{"kind":"Pod","metadata":{"name":"a","resourceVersion":"\#(version)"}}}"#
      + "\n"
  }

  private func read(_ text: String) -> (events: [WatchReader.Event], version: String) {
    var reader = WatchReader(from: "1")
    let events = reader.take(Array(text.utf8))
    return (events, reader.resourceVersion)
  }

  @Test("changes and bookmarks move the version on, wherever the bytes are cut")
  func pieces() {
    let text = event("ADDED", "5") + "\r\n" + event("BOOKMARK", "9") + event("DELETED", "12")
    let bytes = Array(text.utf8)
    for cut in 0...bytes.count {
      var reader = WatchReader(from: "1")
      let events = reader.take(bytes[..<cut]) + reader.take(bytes[cut...])
      #expect(events == [.changed, .bookmark, .changed], "cut at \(cut)")
      #expect(reader.resourceVersion == "12")
    }
  }

  @Test("a half line counts for nothing, and is told again by the next connection")
  func halves() {
    var reader = WatchReader(from: "1")
    #expect(
      reader.take(Array((event("ADDED", "5") + event("ADDED", "6").dropLast(9)).utf8)) == [.changed]
    )
    #expect(reader.resourceVersion == "5")
    reader.reconnect()
    #expect(reader.take(Array(event("ADDED", "6").utf8)) == [.changed])
    #expect(reader.resourceVersion == "6")
  }

  @Test(
    "an ERROR, and what is no watch, ends it",
    arguments: [
      (
        #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}"#,
        WatchReader.Event.gone
      ),
      (#"{"type":"ERROR","object":{"kind":"Status","reason":"Gone"}}"#, .gone),
      (
        #"{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd is away"}}"#,
        .failed("etcd is away")
      ),
      ("<html>", .garbage), ("{}", .garbage), (#"{"type":"ADDED","object":{}}"#, .garbage),
      (#"{"type":"MADE","object":{"metadata":{"resourceVersion":"7"}}}"#, .garbage),
    ])
  func ends(_ line: String, _ last: WatchReader.Event) {
    // Nothing after it is believed.
    let (events, version) = read(event("ADDED", "5") + line + "\n" + event("ADDED", "8"))
    #expect(events == [.changed, last])
    #expect(version == "5")
  }

  @Test("an endless line is given up, and does not fill the memory")
  func endless() {
    var reader = WatchReader(from: "1")
    let piece = [UInt8](repeating: 0x61, count: 1 << 20)
    var events: [WatchReader.Event] = []
    for _ in 0..<12 where events.isEmpty { events = reader.take(piece) }
    #expect(events == [.garbage])
    #expect(reader.take(piece).isEmpty)
  }

  @Test("what a read asks for is a collection, one object of it, or nothing that can be watched")
  func targets() {
    func target(_ path: String, _ query: [KubernetesRequest.QueryItem] = []) -> String? {
      let request = KubernetesRequest(
        cluster: "c", method: .get, path: path, query: query, agent: "a")
      return WatchTarget(request).map {
        "\($0.path) [\($0.labelSelector)] [\($0.fieldSelector)]"
      }
    }
    #expect(
      target("/api/v1/namespaces/x/pods", [.init("labelSelector", "a=b"), .init("limit", "500")])
        == "/api/v1/namespaces/x/pods [a=b] []")
    #expect(target("/api/v1/nodes") == "/api/v1/nodes [] []")
    #expect(target("/api/v1/nodes/n1") == "/api/v1/nodes [] [metadata.name=n1]")
    #expect(target("/api/v1/namespaces/x") == "/api/v1/namespaces [] [metadata.name=x]")
    #expect(
      target("/apis/apps/v1/namespaces/x/deployments/d")
        == "/apis/apps/v1/namespaces/x/deployments [] [metadata.name=d]")
    #expect(target("/apis/apps/v1/namespaces/x/deployments/d/scale") == nil)
    #expect(target("/api/v1/namespaces/x/pods/p/log", [.init("tailLines", "5")]) == nil)
    #expect(target("/readyz") == nil)
    #expect(target("/version") == nil)
    let post = KubernetesRequest(
      cluster: "c", method: .post, path: "/api/v1/nodes", agent: "a")
    #expect(WatchTarget(post) == nil)
  }
}
