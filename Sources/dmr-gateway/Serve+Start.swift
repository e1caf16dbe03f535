// SPDX-License-Identifier: MIT

import ArgumentParser
import Gateway
import GatewayCore
import Transport

/// Starts the gateway with a configuration that was checked; returns when it has drained.
///
/// - Throws: `ExitCode`, after it said why on standard error.
func startGateway(_ configuration: Configuration, warnings: [String]) throws(ExitCode) {
    do {
        let loop = try Loop()
        var configuration = configuration
        var demo: Demo?
        if configuration.isDemo {
            StandardError.print(Demo.notice)
            demo = try Demo(loop: loop)
            try demo?.configure(&configuration)
        }
        let log = try Log(configuration.log)
        for warning in warnings { log.warning(warning) }
        let server = try GatewayServer(loop: loop, configuration: configuration, log: log)
        try server.start()
        try server.watchSignals()
        for address in server.addresses { StandardError.print("listening on \(address)") }
        loop.run()
        demo?.close()
    } catch let error as StartError {
        StandardError.print("error: \(error.sentence)")
        throw ExitCode(error.kind.rawValue)
    } catch {
        StandardError.print("error: the gateway can't start: \(error)")
        throw ExitCode(ExitStatus.addressInUse)
    }
}
