// SPDX-License-Identifier: MIT

import ArgumentParser
import Gateway
import GatewayCore
import Glibc
import Transport

/// Starts the gateway with a configuration that was checked; returns when it has drained.
///
/// - Throws: `ExitCode`, after it said why on standard error.
func startGateway(_ start: ResolvedConfiguration, _ reader: ConfigurationReader) throws(ExitCode) {
    do {
        Descriptors.raiseLimit()
        let loop = try Loop()
        var current = start
        var demo: Demo?
        defer {
            demo?.close()
            _ = loop.finish()
        }
        if start.configuration.isDemo {
            StandardError.print(Demo.notice)
            demo = try Demo(loop: loop)
            demo?.configure(&current.configuration)
        }
        let log = try Log(current.configuration.log)
        for warning in current.warnings { log.warning(warning) }
        let server = try GatewayServer(loop: loop, configuration: current.configuration, log: log)
        try server.start()
        server.keepConfiguration(in: ConfigurationStore(try reader.location()), current: current) {
            () throws(ConfigurationErrors) in
            var resolved = try reader.resolve()
            demo?.configure(&resolved.configuration)
            return resolved
        } resolveContent: { file throws(ConfigurationErrors) in
            var resolved = try reader.resolve(file: file)
            demo?.configure(&resolved.configuration)
            return resolved
        }
        try server.watchSignals()
        server.gateway.warnOfFewDescriptors()
        for address in server.addresses { StandardError.print("listening on \(address)") }
        StartUpPages.giveBack()
        loop.run()
        demo?.close()
        // A name may take longer than anybody who stopped us wants to wait; there is nothing else left to do.
        if !loop.finish() { _exit(0) }
    } catch let error as StartError {
        StandardError.print("error: \(error.sentence)")
        throw ExitCode(error.kind.rawValue)
    } catch {
        StandardError.print("error: the gateway can't start: \(error)")
        throw ExitCode(ExitStatus.addressInUse)
    }
}
