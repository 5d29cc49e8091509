// swift-tools-version:6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
  name: "embedding",
  dependencies: [.package(name: "dr", path: "../..")],
  targets: [
    .executableTarget(name: "embedding", dependencies: [.product(name: "Dr", package: "dr")])
  ],
  swiftLanguageModes: [.v6]
)
