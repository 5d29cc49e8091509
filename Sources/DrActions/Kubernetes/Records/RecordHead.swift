// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

/// The object by which a run's journal is known in a cluster: what the run was started with, whose
/// the journal is, which chunks it has, and its end, which is not a chunk yet.
///
/// Every change of the journal is one write of this object on the version that was seen, so a flush
/// is there whole or not at all, and of two writers one loses. `epoch` rises with every holder: who
/// was taken over from finds a version that is not theirs.
package struct RecordHead: Sendable, Equatable {
  /// Chunks of one epoch that follow one another.
  struct Stretch: Sendable, Equatable {
    let epoch: Int64
    var count: Int
  }

  package let id: String
  let launch: [UInt8]
  package var epoch: Int64
  package var holder: String
  var stretches: [Stretch]
  /// Bytes of the whole journal.
  package var size: Int
  var tail: [UInt8]
  var resourceVersion: String

  private static let format: Int64 = 1

  /// Of a run that has not begun.
  init(id: String, launch: [UInt8]) {
    self.id = id
    self.launch = launch
    epoch = 0
    holder = ""
    stretches = []
    size = 0
    tail = []
    resourceVersion = ""
  }

  /// `nil` where an object is not what dr wrote.
  init?(_ object: Document) {
    let metadata = object["metadata"]
    guard let id = metadata?["labels"]?[RecordName.runLabel]?.stringValue,
      let version = metadata?["resourceVersion"]?.stringValue,
      let launch = object["data"]?["launch.json"]?.stringValue,
      let text = object["data"]?["head.json"]?.stringValue,
      let head = try? JSON.parse(Array(text.utf8)), head["format"]?.intValue == Self.format,
      let epoch = head["epoch"]?.intValue, let holder = head["holder"]?.stringValue,
      let size = head["size"]?.intValue, size >= 0, let chunks = head["chunks"]?.arrayValue,
      let tail = Base64.decode(object["binaryData"]?["tail"]?.stringValue ?? "")
    else { return nil }
    var stretches: [Stretch] = []
    for chunk in chunks {
      guard let pair = chunk.arrayValue, pair.count == 2, let epoch = pair[0].intValue,
        let count = pair[1].intValue, (1...1 << 20).contains(count)
      else { return nil }
      stretches.append(Stretch(epoch: epoch, count: Int(count)))
    }
    self.id = id
    self.launch = Array(launch.utf8)
    self.epoch = epoch
    self.holder = holder
    self.stretches = stretches
    self.size = Int(size)
    self.tail = tail
    resourceVersion = version
  }

  func object(in namespace: String) -> Document {
    let chunks = stretches.map { Document.array([.int($0.epoch), .int(Int64($0.count))]) }
    let head: Document = [
      "format": .int(Self.format), "epoch": .int(epoch), "holder": .string(holder),
      "size": .int(Int64(size)), "chunks": .array(chunks),
    ]
    var metadata = RecordName.metadata(RecordName.head(id), in: namespace, run: id, kind: "head")
    if !resourceVersion.isEmpty { metadata["resourceVersion"] = .string(resourceVersion) }
    return [
      "apiVersion": "v1", "kind": "ConfigMap", "metadata": .object(metadata),
      "data": [
        "launch.json": .string(String(decoding: launch, as: UTF8.self)),
        "head.json": .string(JSON.write(head)),
      ],
      "binaryData": ["tail": .string(Base64.encode(tail))],
    ]
  }

  /// Names of the chunks, in order.
  var chunkNames: [String] {
    var names: [String] = []
    for stretch in stretches {
      for _ in 0..<stretch.count {
        names.append(RecordName.chunk(id, names.count, epoch: stretch.epoch))
      }
    }
    return names
  }

  mutating func addChunk() {
    if let last = stretches.indices.last, stretches[last].epoch == epoch {
      stretches[last].count += 1
    } else {
      stretches.append(Stretch(epoch: epoch, count: 1))
    }
  }
}

/// What the objects of a run are called and found by.
enum RecordName {
  static let runLabel = "dr.run/run"
  static let kindLabel = "dr.run/record"

  static func head(_ id: String) -> String { "dr-run-\(id.lowercased())" }

  /// With the epoch: whoever was taken over from can only make chunks that nobody looks at.
  static func chunk(_ id: String, _ index: Int, epoch: Int64) -> String {
    "\(head(id))-\(index)-\(epoch)"
  }

  static func answer(_ id: String, _ question: String) -> String {
    "\(head(id))-answer-\(SHA256.hexDigest(question.utf8).prefix(16))"
  }

  static let alerts = "dr-alerts"

  static func metadata(
    _ name: String, in namespace: String, run: String?, kind: String
  ) -> DocumentObject {
    var labels = DocumentObject([(kindLabel, .string(kind))])
    if let run { labels[runLabel] = .string(run) }
    return DocumentObject([
      ("name", .string(name)), ("namespace", .string(namespace)), ("labels", .object(labels)),
    ])
  }
}
