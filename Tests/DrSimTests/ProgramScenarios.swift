// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrRun
import Testing

@testable import DrSim

private let az1 = "cn-beijing-az1"

/// The example program with the real standard library, in the simulated world. Zone az1 is lost 10
/// s after the beginning; the run begins at 60 s.
@Suite struct EvacuationTests {
  private let loss: [(at: Int64, fault: SimulatedFault)] = [(at: 10, fault: .fail(zone: az1))]

  @Test func modelIsReadAsTheStandardLibraryHasIt() throws {
    let clusters = try SimulatedCluster.all(of: ProgramFixture.example().machine())
    #expect(clusters.count == 1)
    let cluster = clusters[0]
    #expect(cluster.label == "deepseek-dr-cluster" && cluster.kubernetesMinor == 26)
    #expect(cluster.zones.map(\.label) == [az1, "cn-beijing-az2", "cn-beijing-az3"])
    #expect(cluster.zones.map(\.nodes.count) == [3, 3, 0])
    #expect(
      cluster.zones[0].nodes[0].room
        == SimulatedCluster.Size(cpuMillis: 16_000, memory: 64 << 30, gpu: 1))
    #expect(cluster.controlPlane.count == 3)
    let service = cluster.services[0]
    #expect(
      service.deployments.map(\.name) == [
        "deepseek-inference-cn-beijing-az1", "deepseek-inference-cn-beijing-az2",
      ])
    #expect(service.deployments.map(\.replicas) == [1, 1])
    #expect(service.deployments[1].autoscaler == .init(least: 1, most: 10))
    #expect(
      service.deployments[0].labels == [
        .init("app.kubernetes.io/name", "deepseek-inference"),
        .init("topology.kubernetes.io/zone", az1),
      ])
    #expect(service.weights?.size == 15_000_000_000 && service.weights?.warmUp == 5_000_000_000)
    #expect(service.ready == .init(after: 5 * Second.one, every: 5 * Second.one))
    #expect(service.atLeast == 2 && service.rto == 300 * Second.one)
    #expect(cluster.fronts[0].kind == .gslb(domain: "deepseek.example.net", ttl: 30 * Second.one))
    #expect(cluster.fronts[0].zones == [az1, "cn-beijing-az2"])
  }

  @Test func modelsBeyondASimulationAreRefused() throws {
    let fixture = try ProgramFixture.example(
      replacing: [(old: "replicas  = 2", new: "replicas  = 6000")])
    #expect(throws: Diagnostic.self) { try SimulatedCluster.all(of: fixture.machine()) }
  }

  @Test func evacuationSucceedsAndKeepsThePromise() throws {
    let trial = try SimulatedTrial(.example(), faults: loss)
    #expect(trial.report.result?.status == .succeeded)
    #expect(trial.world.services[0].serving.last?.count == 2)
    #expect(trial.world.deployments[1].pods.allSatisfy { trial.world.serves($0) })
    let summary = trial.report.services[0]
    #expect(summary.keptRTO == true)
    #expect(
      summary.lines(since: seconds(10)) == [
        "deepseek-inference: full service lost +0s, back +1m25s",
        "degraded +0s to +1m25s: 1m25s",
        "1625 of 7858 requests lost",
        "recovery within 5m promised, 1m25s needed: kept",
      ])
    #expect(trial.lines.contains { $0.contains("weight of cn-beijing-az2 50% → 100%") })
    print(summary.lines(since: seconds(10)).joined(separator: "\n"))
  }

  @Test func haproxyIsFasterByTheTTL() throws {
    let trial = try SimulatedTrial(
      .example(inputs: ["front_door": "haproxy"]), faults: loss)
    #expect(trial.report.result?.status == .succeeded)
    #expect(trial.report.services[0].downtime < 118 * Second.one)
  }

  @Test func theSameSeedGivesTheSameJournal() throws {
    func journal(_ seed: UInt64) throws -> [UInt8] {
      try SimulatedTrial(.example(), faults: loss, seed: seed, chance: .usual).journal
    }
    let first = try journal(1)
    #expect(!first.isEmpty)
    #expect(try journal(1) == first)
    #expect(try journal(2) != first)
    #expect(try Journal(bytes: first).count > 20)
  }

  @Test func missingCapacityIsRefusedBeforeAnything() throws {
    let trial = try SimulatedTrial(.example(), faults: loss) { clusters in
      clusters[0].zones[1].nodes.removeLast(2)
    }
    let result = try #require(trial.report.result)
    #expect(result.status != .succeeded)
    #expect(result.message?.contains("cannot hold 2 replicas") == true)
    #expect(!trial.report.progress.contains { $0.kind == .actStarted })
    #expect(trial.report.services[0].keptRTO == false)
  }

  @Test func replicasThatNeverGetReadyRollTheRunBack() throws {
    // A process that hangs: nothing in az2 begins to answer after the loss.
    let trial = try SimulatedTrial(.example(), faults: loss) { clusters in
      clusters[0].services[0].weights?.loadRate = 1
    }
    let result = try #require(trial.report.result)
    #expect(result.status == .rolledBack)
    #expect(trial.lines.contains { $0.contains("undoStarted") })
    let scales = trial.report.progress.filter {
      $0.kind == .actStarted && $0.text.hasPrefix("kube.scale")
    }
    #expect(scales.count == 2)
    #expect(scales.last?.text.hasSuffix("replicas 2 → 1") == true)
    #expect(!trial.lines.contains { $0.contains("set_weights") })
    #expect(trial.world.deployments.map(\.replicas) == [1, 1])
    #expect(trial.world.deployments[1].least == 1)
  }

  @Test func hungServersRollTheRunBack() throws {
    let hang = SimulatedFault.hang(service: "deepseek-inference", zone: "cn-beijing-az2")
    let trial = try SimulatedTrial(.example(), faults: loss + [(at: 50, fault: hang)])
    #expect(trial.report.result?.status == .rolledBack)
    #expect(trial.report.services[0].outage > 0)
  }

  @Test func aNoRollsTheRunBack() throws {
    let trial = try SimulatedTrial(
      .example(), faults: loss, people: SimulatedPeople(approves: false))
    #expect(trial.report.result?.status == .rolledBack)
    #expect(trial.lines.contains { $0.contains("replicas 2 → 1") })
  }

  @Test func anAnswerThatComesTooLateIsNone() throws {
    let people = SimulatedPeople(delay: 11 * 60 * Second.one)
    let trial = try SimulatedTrial(.example(), faults: loss, people: people)
    #expect(trial.report.result?.status == .rolledBack)
  }

  @Test func withoutAnAPIServerTheRunDoesNotBegin() throws {
    let outage = SimulatedFault.apiServerDown(for: 3_600 * Second.one)
    let trial = try SimulatedTrial(.example(), faults: loss + [(at: 30, fault: outage)])
    #expect(trial.report.result?.status == .unreachable)
    #expect(!trial.report.progress.contains { $0.kind == .actStarted })
  }

  @Test func aShortOutageOfTheAPIServerIsSurvived() throws {
    let outage = SimulatedFault.apiServerDown(for: 40 * Second.one)
    let trial = try SimulatedTrial(.example(), faults: loss + [(at: 70, fault: outage)])
    #expect(trial.report.result?.status == .succeeded)
  }

  @Test func aRunThatGoesOnForTooLongIsInterrupted() throws {
    let fixture = try ProgramFixture.example(
      replacing: [
        (old: ">= deepseek.replicas within 5m", new: ">= deepseek.replicas within 24h")
      ])
    let trial = try SimulatedTrial(fixture, faults: loss, runLimit: 1_800 * Second.one) {
      $0[0].services[0].weights?.loadRate = 1
    }
    #expect(trial.report.result?.status == .paused)
    #expect(trial.report.result?.endedAt == seconds(60 + 1_800))
  }
}
