// SPDX-License-Identifier: Apache-2.0
//
// DrRepl: the prompt without its terminal. Facts go in (bytes of keys, lines, answers of the world)
// and orders come out (rows of the screen, text, calls on the world). It reads no file and no clock.

import DrData
import DrRun
import DrSema

/// A program file as the host found it.
package struct LoadedFile {
  /// As the user wrote it; what diagnostics call it.
  package let display: String
  /// From the root of its project.
  package let path: String
  package let bytes: [UInt8]
  /// What its `use` may reach.
  package let loader: any ModuleLoader

  package init(display: String, path: String, bytes: [UInt8], loader: any ModuleLoader) {
    self.display = display
    self.path = path
    self.bytes = bytes
    self.loader = loader
  }
}

/// What a session asks of the program around it.
package protocol SessionHost: AnyObject {
  /// What a session without a file may use.
  var loader: any ModuleLoader { get }
  /// Reads a program; what is thrown says why not.
  func load(_ path: String) throws(UnreadableFile) -> LoadedFile
  /// Whether the user wants what is running to stop.
  func isInterrupted() -> Bool
  /// Makes the real world ready to answer; what is wrong where it cannot be.
  func attachRealWorld() -> String?
}

/// Why a file could not be read, in a sentence.
package struct UnreadableFile: Error {
  package let message: String

  package init(_ message: String) { self.message = message }
}

/// A piece of text for the user.
package enum Output: Sendable, Equatable {
  /// What was asked for.
  case result(String)
  /// Something about the session itself.
  case note(String)
  /// What is wrong, with its excerpt.
  case error(String)
}

/// What a session waits for.
package enum Request: Sendable, Equatable {
  /// The next input.
  case input
  /// An answer of the real world: `answer`.
  case call(WorldCall, CallPhase)
  /// A yes or no: `confirm`.
  case confirmation(String)
  /// Nothing more: the user wants to leave.
  case end
}
