// SPDX-License-Identifier: Apache-2.0
//
// Conditions of Deployments and nodes are those of the world; controllers of other kinds, which are not simulated,
// have done what they are for.

import DrData
import DrRun

extension SimulatedWorld {
  func condition(_ arguments: CallArguments) throws(WorldFailure) -> Document {
    let cluster = try reachableCluster(arguments)
    let resource = try arguments.text("resource")
    let name = try arguments.text("condition")
    let holds: Bool
    switch (resource, name) {
    case ("deployments", "Available"), ("deployments", "Progressing"):
      let replicas = try readReplicas(arguments)
      func count(_ name: String) -> Int64 { replicas[name]?.intValue ?? 0 }
      holds = name == "Progressing" || count("available") >= count("desired")
    case ("nodes", "Ready"):
      let label = try arguments.text("name")
      let found = nodes.indices.first {
        self.cluster(ofNode: $0) == cluster && nodes[$0].name == label
      }
      guard let found else { throw .refused("nodes/\(label) does not exist") }
      holds = nodes[found].isReady
    case _: holds = true  // open: any kind of object has conditions
    }
    return [
      "status": .string(holds ? "True" : "False"), "reason": "Simulated", "message": "",
      "stale": false, "holds": .bool(holds),
    ]
  }
}
