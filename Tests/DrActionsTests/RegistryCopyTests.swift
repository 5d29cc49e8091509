// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrBase
import DrData
import DrRun
import Testing

struct RegistryCopyTests {
  private let from = "127.0.0.1:5000/team/app:1"
  private let to = "127.0.0.1:5000/copy/app:1"
  private let away = "127.0.0.1:5001/copy/app:1"
  private let source = "http://127.0.0.1:5000/v2/team/app/"
  private let target = "http://127.0.0.1:5000/v2/copy/app/"
  private let other = "http://127.0.0.1:5001/v2/copy/app/"
  private let manifest = #"""
    {"schemaVersion":2,"config":{"digest":"sha256:c","size":2},"layers":[{"digest":"sha256:l","size":20000000}]}
    """#
  private var digest: String { "sha256:" + SHA256.hexDigest(Array(manifest.utf8)) }
  private var headers: [(String, String)] {
    [("docker-content-digest", digest), ("content-type", "application/x")]
  }

  private func run(
    _ to: String, _ phase: CallPhase, _ turns: [Transcript.Turn]
  ) -> Transcript.End {
    Transcript(turns).run("registry.copy", ["from": .string(from), "to": .string(to)], phase)
  }

  private var seen: Document { observed(["digest": .string(digest)], .string(digest)) }

  @Test("what is seen is a digest, and the tag that would be another one")
  func observes() {
    let now = Observation(
      target: to, changes: ["sha256:old → \(digest)"], permissions: [],
      state: ["digest": .string(digest)], result: .string(digest))
    #expect(
      run(
        to, .observe,
        [
          turn("GET \(source)manifests/1 ", 200, headers: headers),
          turn(
            "GET \(target)manifests/1 ", 200, headers: [("docker-content-digest", "sha256:old")]),
        ]) == .finish(now.document))
    #expect(
      run(to, .observe, [turn("GET \(source)manifests/1 ", 404)])
        == .fail(.refused("\(from) does not exist")))
  }

  @Test("in one registry, blobs are mounted and the tag comes last")
  func mounts() {
    let mount = "POST \(target)blobs/uploads/?mount=sha256:l&from=team%2Fapp "
    #expect(
      run(
        to, .perform(observed: seen),
        [
          turn("GET \(source)manifests/\(digest) ", 200, manifest, headers: headers),
          turn("HEAD \(target)blobs/sha256:c ", 200),
          turn("HEAD \(target)blobs/sha256:l ", 404),
          turn(mount, 201),
          turn("PUT \(target)manifests/1 \(manifest)", 201),
          turn("GET \(target)manifests/1 ", 200, headers: headers),
        ]) == .finish(.string(digest)))
  }

  @Test("to another registry, blobs go in pieces, from wherever the first one sends for them")
  func uploads() {
    let piece = String(repeating: "x", count: 16 << 20)
    let rest = String(repeating: "y", count: 20_000_000 - 16 << 20)
    #expect(
      run(
        away, .perform(observed: seen),
        [
          turn("GET \(source)manifests/\(digest) ", 200, manifest, headers: headers),
          turn("HEAD \(other)blobs/sha256:c ", 200),
          turn("HEAD \(other)blobs/sha256:l ", 404),
          turn("POST \(other)blobs/uploads/ ", 202, headers: [("location", "/up/1?s=a")]),
          turn(
            "GET \(source)blobs/sha256:l ", 307, headers: [("location", "https://cdn.example/l")]),
          turn("GET https://cdn.example/l ", 206, piece),
          turn(
            "PATCH http://127.0.0.1:5001/up/1?s=a \(piece)", 202,
            headers: [("location", "/up/1?s=b")]),
          turn("GET \(source)blobs/sha256:l ", 206, rest),
          turn(
            "PATCH http://127.0.0.1:5001/up/1?s=b \(rest)", 202,
            headers: [("location", "/up/1?s=c")]),
          turn("PUT http://127.0.0.1:5001/up/1?s=c&digest=sha256:l ", 201),
          turn("PUT \(other)manifests/1 \(manifest)", 201),
          turn("GET \(other)manifests/1 ", 200, headers: headers),
        ]) == .finish(.string(digest)))
  }

  @Test("an index brings the images that are not there, each by its digest")
  func indexes() {
    let index = #"{"manifests":[{"digest":"sha256:there"},{"digest":"\#(digest)"}]}"#
    let whole = "sha256:" + SHA256.hexDigest(Array(index.utf8))
    let found = [("docker-content-digest", whole)]
    #expect(
      run(
        to, .perform(observed: observed(["digest": .string(whole)], .string(whole))),
        [
          turn("GET \(source)manifests/\(whole) ", 200, index, headers: found),
          turn("HEAD \(target)manifests/sha256:there ", 200),
          turn("HEAD \(target)manifests/\(digest) ", 404),
          turn("GET \(source)manifests/\(digest) ", 200, manifest, headers: headers),
          turn("HEAD \(target)blobs/sha256:c ", 200),
          turn("HEAD \(target)blobs/sha256:l ", 200),
          turn("PUT \(target)manifests/\(digest) \(manifest)", 201),
          turn("PUT \(target)manifests/1 \(index)", 201),
          turn("GET \(target)manifests/1 ", 200, headers: found),
        ]) == .finish(.string(whole)))
  }

  @Test("a manifest that is not what its digest says is not copied")
  func verifies() {
    #expect(
      run(
        to, .perform(observed: seen),
        [turn("GET \(source)manifests/\(digest) ", 200, manifest + " ", headers: headers)])
        == .fail(.refused("what the registry gives for \(digest) is not what it names")))
  }

  @Test("a lost answer to the tag is in doubt, and settled by what the tag says")
  func settles() {
    #expect(
      run(
        to, .perform(observed: seen),
        [
          turn("GET \(source)manifests/\(digest) ", 200, manifest, headers: headers),
          turn("HEAD \(target)blobs/sha256:c ", 200),
          turn("HEAD \(target)blobs/sha256:l ", 200),
          turn("PUT \(target)manifests/1 \(manifest)", .lostAnswer("cut")),
        ]) == .fail(.inDoubt("cut")))
    #expect(
      run(to, .settle(observed: seen), [turn("GET \(target)manifests/1 ", 200, headers: headers)])
        == settled("done", .string(digest)))
    #expect(
      run(to, .settle(observed: seen), [turn("GET \(target)manifests/1 ", 404)])
        == settled("not_done"))
  }

  @Test("pushing takes a token of its own, got with the credentials of the environment")
  func tokens() {
    let push =
      #"Bearer realm="https://auth.example/token",service="r",scope="repository:b:pull,push""#
    let put = "PUT https://r.example/v2/b/manifests/2 \(manifest)"
    let call = Transcript([
      turn("GET https://r.example/v2/a/manifests/\(digest) ", 200, manifest, headers: headers),
      turn("HEAD https://r.example/v2/b/blobs/sha256:c ", 200),
      turn("HEAD https://r.example/v2/b/blobs/sha256:l ", 200),
      turn(put, 401, headers: [("www-authenticate", push)]),
      turn(
        "GET https://auth.example/token?service=r&scope=repository%3Ab%3Apull%2Cpush ", 200,
        #"{"token":"t"}"#),
      turn(put, 201),
      turn("GET https://r.example/v2/b/manifests/2 ", 200, headers: headers),
    ])
    #expect(
      call.run(
        "registry.copy",
        ["from": "r.example/a:1", "to": "r.example/b:2", "authorization": "env:AUTH"],
        .perform(observed: seen)) == .finish(.string(digest)))
    #expect(
      Transcript([]).run(
        "registry.copy", ["from": "a", "to": "r.example/b:2", "authorization": "Basic x"], .observe)
        == .fail(
          .refused(
            "registry.copy: the argument `authorization` must be env:NAME, the variable that holds it"
          )))
  }
}
