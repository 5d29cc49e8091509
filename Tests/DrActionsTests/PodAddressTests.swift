// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import Testing

@testable import DrActions

/// URLs of ports of pods.
@Suite("Ports of pods") struct PodAddressTests {
  @Test("the URL names the cluster, whatever it is called, and the request follows from it")
  func roundTrip() throws {
    for cluster in ["a", "arn:aws:eks:r:1:cluster/x", "ü %", ""] {
      let url = PodAddress(cluster: cluster, namespace: "n", pod: "p-0", port: 8000).url
      let address = try #require(PodAddress("\(url)/v1/models?a=b/c"))
      #expect(address.cluster == cluster && address.namespace == "n" && address.pod == "p-0")
      #expect(address.port == 8000 && address.path == "/v1/models?a=b/c")
      #expect(PodAddress(url)?.path == "/")
      let request = address.request(agent: "dr")
      #expect(request.path == "/api/v1/namespaces/n/pods/p-0/portforward")
      #expect(request.query == [.init("ports", "8000")] && request.method == .get)
    }
  }

  @Test(
    "what names no port of a pod is none",
    arguments: [
      "http://a/n/p:1", "pod://", "pod://a", "pod://a/n", "pod://a/n/p", "pod://a/n/p:0",
      "pod://a/n/p:65536", "pod://a/n/p:x", "pod://a//p:1", "pod://a/n/:1", "pod://%zz/n/p:1",
    ])
  func wrong(_ url: String) { #expect(PodAddress(url) == nil) }

  @Test("a pod that runs has one; one that does not, or is not there, is told")
  func reads() {
    func run(_ turns: [Transcript.Turn]) -> Transcript.End {
      Transcript(turns).run(
        "kube.forward", ["cluster": "a", "namespace": "n", "pod": "p", "port": 8000], .read)
    }
    let path = "GET /api/v1/namespaces/n/pods/p"
    #expect(
      run([turn(path, 200, #"{"status":{"phase":"Running"}}"#)]) == .finish("pod://a/n/p:8000"))
    #expect(
      run([turn(path, 200, #"{"status":{"phase":"Pending"}}"#)])
        == .fail(.refused("nothing runs in pod p in n: it is Pending")))
    #expect(run([turn(path, 404)]) == .fail(.refused("pod p in n does not exist")))
  }
}
