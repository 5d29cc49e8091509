// SPDX-License-Identifier: Apache-2.0

import DrRun
import DrSim

/// Clients of a service with a few servers: each thinks, asks, waits for its turn for as long as its
/// patience lasts, and tries again after a longer and longer pause. What simulators are compared by;
/// `Inputs.simpy` is the same model, which gives the same counts.
struct QueueModel {
  struct Outcome: Equatable {
    var served = 0
    /// Requests that a client did not wait for any longer.
    var left = 0
    /// Clients that did not try again.
    var failed = 0

    var text: String { "\(served) \(left) \(failed)" }
  }

  private enum Event {
    case asks(client: Int)
    case losesPatience(client: Int, request: Int)
    case served(client: Int)
  }

  private struct Client {
    /// Park and Miller's generator: each client draws its own numbers, so that they do not depend on
    /// the order of events.
    var random: Int64
    var attempt: Int64 = 0
    /// Counts its requests.
    var request = 0
    var isWaiting = false

    mutating func draw(_ least: Int64, _ span: Int64) -> Int64 {
      random = random * 48_271 % 2_147_483_647
      return least + random % span
    }
  }

  static let clients = 1_000
  static let servers = 8
  static let attempts: Int64 = 4
  /// In nanoseconds, as all times: the least and the span.
  static let thinking: (least: Int64, span: Int64) = (500_000_000, 1_000_000_000)
  static let serving: (least: Int64, span: Int64) = (5_000_000, 10_000_000)
  static let patience: Int64 = 250_000_000
  static let pause: Int64 = 200_000_000

  private var order = EventOrder()
  private var events: [Event] = []
  private var now = Instant(nanoseconds: 0)
  private var clients: [Client]
  private var free = Self.servers
  private var line: [(client: Int, request: Int)] = []
  private var head = 0
  private(set) var outcome = Outcome()
  private(set) var eventCount = 0

  init() {
    clients = (0..<Self.clients).map { Client(random: Int64($0) + 1) }
    for client in clients.indices { think(client) }
  }

  mutating func run(seconds: Int64) {
    let end = Instant(nanoseconds: seconds * Second.one)
    while let next = order.nextAt, next < end, let due = order.removeFirst() {
      now = due.at
      eventCount += 1
      switch events[due.place] {
      case .asks(let client): ask(client)
      case .losesPatience(let client, let request): leave(client, request)
      case .served(let client): finish(client)
      }
    }
  }

  private mutating func later(_ event: Event, after delay: Int64) {
    let place = order.add(at: now.advanced(by: delay))
    if place == events.count { events.append(event) } else { events[place] = event }
  }

  private mutating func think(_ client: Int) {
    clients[client].attempt = 0
    let delay = clients[client].draw(Self.thinking.least, Self.thinking.span)
    later(.asks(client: client), after: delay)
  }

  private mutating func ask(_ client: Int) {
    clients[client].request += 1
    let request = clients[client].request
    later(.losesPatience(client: client, request: request), after: Self.patience)
    if free > 0 {
      free -= 1
      serve(client)
    } else {
      clients[client].isWaiting = true
      line.append((client, request))
    }
  }

  private mutating func serve(_ client: Int) {
    clients[client].isWaiting = false
    let delay = clients[client].draw(Self.serving.least, Self.serving.span)
    later(.served(client: client), after: delay)
  }

  private mutating func leave(_ client: Int, _ request: Int) {
    guard isWaiting(client, request) else { return }
    clients[client].isWaiting = false
    outcome.left += 1
    clients[client].attempt += 1
    if clients[client].attempt == Self.attempts {
      outcome.failed += 1
      think(client)
    } else {
      later(.asks(client: client), after: Self.pause << (clients[client].attempt - 1))
    }
  }

  private mutating func finish(_ client: Int) {
    outcome.served += 1
    think(client)
    if let next = nextInLine() { serve(next) } else { free += 1 }
  }

  private func isWaiting(_ client: Int, _ request: Int) -> Bool {
    clients[client].isWaiting && clients[client].request == request
  }

  /// Those who left still stand in the line and are passed over.
  private mutating func nextInLine() -> Int? {
    while head < line.count {
      let (client, request) = line[head]
      head += 1
      if head > 1_000 {
        line.removeFirst(head)
        head = 0
      }
      if isWaiting(client, request) { return client }
    }
    return nil
  }
}

extension Inputs {
  /// `QueueModel` for SimPy. It takes the seconds to simulate; it writes the counts and the processor time in milliseconds.
  static let simpy = """
    import sys, time
    import simpy

    served = left = failed = 0

    def client(env, server, seed):
        global served, left, failed
        state = seed
        while True:
            state = state * 48271 % 2147483647
            yield env.timeout(\(QueueModel.thinking.least) + state % \(QueueModel.thinking.span))
            for attempt in range(\(QueueModel.attempts)):
                with server.request() as turn:
                    got = yield turn | env.timeout(\(QueueModel.patience))
                    if turn in got:
                        state = state * 48271 % 2147483647
                        yield env.timeout(\(QueueModel.serving.least) + state % \(QueueModel.serving.span))
                        served += 1
                        break
                left += 1
                if attempt + 1 < \(QueueModel.attempts):
                    yield env.timeout(\(QueueModel.pause) << attempt)
            else:
                failed += 1

    env = simpy.Environment()
    server = simpy.Resource(env, capacity=\(QueueModel.servers))
    for number in range(\(QueueModel.clients)):
        env.process(client(env, server, number + 1))
    start = time.process_time()
    env.run(until=int(sys.argv[1]) * \(Second.one))
    print(served, left, failed, (time.process_time() - start) * 1e3)

    """
}
