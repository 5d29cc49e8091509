// swift-tools-version:6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// Our own code is compiled in Swift 6 mode. `.ci/run` makes warnings errors; a newer compiler's new
/// warnings must not keep users from building.
let settings: [SwiftSetting] =
  [.enableUpcomingFeature("ExistentialAny")]
  + (Context.environment["DR_WARNINGS_ARE_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)])

/// `DR_OFFLINE=1 swift build` leaves out the commands that talk to clusters and with them the network
/// stack, which takes most of a build: for work on the language.
let isOffline = Context.environment["DR_OFFLINE"] != nil

func target(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let networkDependencies: [Package.Dependency] = [
  .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
]

let networkTargets: [Target] = [
  .systemLibrary(name: "CNSS"),
  .systemLibrary(name: "CSpawn"),
  target(
    "DrHost",
    [
      "CNSS", "CSpawn", "DrBase", "DrData", "DrSema", "DrRun", "DrActions", "DrSystem",
      .product(name: "NIOCore", package: "swift-nio"),
      .product(name: "NIOPosix", package: "swift-nio"),
      .product(name: "NIOHTTP1", package: "swift-nio"),
      .product(name: "NIOTLS", package: "swift-nio"),
      .product(name: "NIOWebSocket", package: "swift-nio"),
      .product(name: "NIOSSL", package: "swift-nio-ssl"),
    ]),
  tests(
    "DrHostTests",
    [
      "DrBase", "DrData", "DrRun", "DrActions", "DrSystem", "DrHost",
      .product(name: "NIOCore", package: "swift-nio"),
      .product(name: "NIOPosix", package: "swift-nio"),
      .product(name: "NIOHTTP1", package: "swift-nio"),
      .product(name: "NIOEmbedded", package: "swift-nio"),
      .product(name: "NIOWebSocket", package: "swift-nio"),
      .product(name: "NIOSSL", package: "swift-nio-ssl"),
    ]),
]

/// What of `Sources/dr` needs `DrHost`.
let networkCommands = [
  "Apply", "Live", "Run", "Render/RunReport.swift", "Render/Timestamp.swift",
  "Commands/Apply.swift", "Commands/Approve.swift", "Commands/Diff.swift", "Commands/Drill.swift",
  "Commands/Plan.swift",
  "Commands/Resume.swift", "Commands/Run.swift", "Commands/Runs", "Commands/Watch.swift", "Watch",
  "Drill", "Rehearsal",
]

let package = Package(
  name: "dr",
  products: [
    .executable(name: "dr", targets: ["dr"]),
    .library(name: "Dr", targets: ["Dr"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ] + (isOffline ? [] : networkDependencies),
  targets: [
    // L0
    .systemLibrary(
      name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CMalloc"),
    .target(name: "CDigest"),
    .target(name: "CStdlib"),
    .target(name: "CCatalogue"),
    .target(name: "CSchemas"),
    target("DrBase", ["CDigest"]),
    // L1
    target("DrSyntax", ["DrBase"]),
    // L2
    target("DrSema", ["DrBase", "DrSyntax"]),
    target("DrData", ["DrBase", "CYAML"]),
    // L3
    target("DrEval", ["DrBase", "DrData", "DrSema"]),
    target("DrFormat", ["DrBase", "DrSyntax"]),
    target("DrDoc", ["DrBase", "DrSyntax", "DrSema"]),
    target("DrSchema", ["DrBase", "DrData", "CSchemas"]),
    target("DrStdlib", ["CStdlib"]),
    target("DrCatalogue", ["DrBase", "CCatalogue"]),
    target("DrSystem", ["DrSema"]),
    // L4
    target("DrEmit", ["DrBase", "DrData", "DrSema", "DrEval", "DrSchema"]),
    target("DrGraph", ["DrBase", "DrSema", "DrEval"]),
    target("DrImport", ["DrBase", "DrData", "DrSyntax", "DrFormat"]),
    target("DrRun", ["DrBase", "DrData", "DrSema", "DrEval"]),
    target("DrActions", ["DrBase", "DrData", "DrSema", "DrRun"]),
    target("DrAnswers", ["DrBase", "DrData", "DrSema", "DrEval"]),
    // L5
    target(
      "DrLint", ["DrBase", "DrData", "DrSyntax", "DrSchema", "DrSema", "DrEval", "DrEmit"]),
    target("DrSim", ["DrBase", "DrData", "DrSema", "DrEval", "DrRun"]),
    // L6
    target("DrProve", ["DrBase", "DrData", "DrSema", "DrEval", "DrRun", "DrSim"]),
    target(
      "DrRepl",
      [
        "DrBase", "DrSyntax", "DrSema", "DrData", "DrEval", "DrAnswers", "DrEmit", "DrRun", "DrSim",
      ]),
    target("DrSpec", ["DrBase", "DrData", "DrSema", "DrEval", "DrRun", "DrSim"]),
    // L7
    target(
      "Dr",
      [
        "DrBase", "DrSyntax", "DrSema", "DrData", "DrEval", "DrStdlib", "DrEmit", "DrSystem",
      ]),
    .executableTarget(
      name: "dr",
      dependencies: [
        "CMalloc", "DrBase", "DrSyntax", "DrSema", "DrData", "DrEval", "DrFormat", "DrStdlib",
        "DrCatalogue", "DrDoc", "DrEmit", "DrLint", "DrProve", "DrGraph", "DrImport", "DrRun",
        "DrActions",
        "DrSchema",
        "DrSim",
        "DrRepl", "DrSpec", "DrAnswers", "DrSystem",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ] + (isOffline ? [] : ["DrHost"]),
      exclude: isOffline ? networkCommands : [],
      swiftSettings: settings + (isOffline ? [.define("DR_OFFLINE")] : []),
      // Without libraries to load and relocations to do, it reaches main in a third of the time. What
      // that means for looking up names is in DrHost/HTTP/NameLookup.swift. A file whose pages several
      // threads have written starts a third slower, until it is read from the disk again.
      linkerSettings: [
        .unsafeFlags(
          ["-static-executable", "-use-ld=lld", "-Xlinker", "--threads=1"],
          .when(configuration: .release))
      ]),
    // Tools for ourselves
    .executableTarget(
      name: "drdev",
      dependencies: [
        "DrBase", "DrSyntax", "DrSema", "DrData", "DrEval", "DrFormat", "DrSchema", "DrStdlib",
        "DrEmit", "DrDoc", "DrLint", "DrRun", "DrSim", "DrProve",
      ],
      swiftSettings: settings),
    // Tests
    tests("DrBaseTests", ["DrBase"]),
    tests("DrSyntaxTests", ["DrBase", "DrSyntax"]),
    tests("DrFormatTests", ["DrBase", "DrSyntax", "DrFormat"]),
    tests("DrSemaTests", ["DrBase", "DrSyntax", "DrSema", "DrEval", "DrEmit", "DrData"]),
    tests(
      "DrCatalogueTests", ["DrBase", "DrSema", "DrEval", "DrEmit", "DrLint", "DrCatalogue"]),
    tests(
      "DrLintTests",
      [
        "DrBase", "DrData", "DrSema", "DrEval", "DrFormat", "DrStdlib", "DrSyntax", "DrEmit",
        "DrLint",
      ]),
    tests(
      "DrProveTests",
      [
        "drdev", "DrBase", "DrData", "DrSema", "DrEval", "DrEmit", "DrStdlib", "DrProve",
      ]),
    tests("DrDocTests", ["DrBase", "DrSyntax", "DrSema", "DrStdlib", "DrDoc"]),
    tests("DrDataTests", ["DrBase", "DrData"]),
    tests("DrEvalTests", ["DrBase", "DrData", "DrSema", "DrEval"]),
    tests("DrSchemaTests", ["DrBase", "DrData", "DrSchema"]),
    tests("DrEmitTests", ["DrBase", "DrData", "DrSema", "DrEval", "DrSchema", "DrEmit"]),
    tests("DrGraphTests", ["DrBase", "DrSema", "DrEval", "DrStdlib", "DrGraph"]),
    tests(
      "DrImportTests",
      ["DrBase", "DrData", "DrSema", "DrEval", "DrStdlib", "DrEmit", "DrImport"]),
    tests("DrRunTests", ["DrBase", "DrData", "DrSema", "DrEval", "DrRun"]),
    tests("DrActionsTests", ["DrBase", "DrData", "DrSema", "DrRun", "DrActions"]),
    tests("DrSimTests", ["DrBase", "DrData", "DrSema", "DrEval", "DrRun", "DrSim"]),
    tests("DrLibraryTests", ["Dr"]),
    .testTarget(
      name: "ExampleTests", dependencies: ["Dr"], path: "examples/embedding",
      exclude: ["Package.swift", "README.md", "failover.dr", "Sources/embedding/main.swift"],
      sources: ["Sources/embedding/Failover.swift", "Tests"], swiftSettings: settings),
    tests("DrReplTests", ["DrBase", "DrAnswers", "DrSema", "DrRun", "DrStdlib", "DrRepl"]),
    tests(
      "DrSpecTests",
      ["DrBase", "DrData", "DrSema", "DrEval", "DrStdlib", "DrSpec"]),
    tests(
      "DrAnswersTests",
      ["DrBase", "DrData", "DrSema", "DrEval", "DrStdlib", "DrAnswers", "DrSpec"]),
    tests(
      "DrTests",
      [
        "dr", "drdev", "DrBase", "DrData", "DrSyntax", "DrSema", "DrEval", "DrEmit", "DrFormat",
        "DrSchema", "DrStdlib", "DrSystem",
      ]),
  ] + (isOffline ? [] : networkTargets),
  swiftLanguageModes: [.v6],
  // C23 embeds files; as a flag of its own target it would keep others from depending on the package.
  cLanguageStandard: .c2x
)
