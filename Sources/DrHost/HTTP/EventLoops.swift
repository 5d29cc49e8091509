// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// Where all that DrHost says over sockets is said and heard.
enum EventLoops {
  /// One thread: what a run says takes a small part of it, and connections, their pools and what waits for
  /// them need no locks. It lives as long as the process.
  static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  static var one: any EventLoop { group.any() }
}
