// SPDX-License-Identifier: Apache-2.0

import Dr

do {
  let states = [
    "az1": ZoneState(isHealthy: false, load: Percent(0)),
    "az2": ZoneState(isHealthy: true, load: Percent(40)),
    "az3": ZoneState(isHealthy: true, load: Percent(75)),
  ]
  print(try report(folder: CommandLine.arguments.dropFirst().first ?? ".", states: states))
} catch {
  print(error)
}
