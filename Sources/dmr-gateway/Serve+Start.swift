// SPDX-License-Identifier: MIT

import ArgumentParser
import Gateway
import GatewayCore
import SimulatedRunner
import Transport

/// Starts the gateway with a configuration that was checked; returns when it has drained.
func startGateway(_ configuration: Configuration, warnings: [String]) throws {
    do {
        let loop = try Loop()
        let log = try Log(configuration.log)
        for warning in warnings { log.warning(warning) }
        let server = try GatewayServer(loop: loop, configuration: configuration, log: log)
        try server.start()
        try server.watchSignals()
        for address in server.addresses { StandardError.print("listening on \(address)") }
        loop.run()
    } catch let error as StartError {
        StandardError.print("error: \(error.sentence)")
        throw ExitCode(error.kind.rawValue)
    } catch let error as UVError {
        StandardError.print("error: no event loop can be made: \(error)")
        throw ExitCode(ExitStatus.addressInUse)
    }
}
