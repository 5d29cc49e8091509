import ArgumentParser
struct SimulationOptions: ParsableArguments {}
struct SimulatedCommand { let prepared: PreparedRun; let options: SimulationOptions
  func run() throws { throw ValidationError("no sim yet") } }
