// SPDX-License-Identifier: MIT

// Changes a configuration file as the gateway does, from a process of its own: for tests of what happens when such a
// process is killed, or several are at it.
//
//     dmr-configuration-writer FILE die N        kills itself at the N-th system call of a change
//     dmr-configuration-writer FILE add NAME N   adds N runners called NAME, one change each

import FaultyFiles
import Gateway
import GatewayCore
import Glibc

/// Exit status: 0 changed, 1 refused, 2 called wrongly.
func run(_ arguments: [String]) -> Int32 {
    guard arguments.count >= 4, let number = arguments.last.flatMap({ Int($0) }) else { return 2 }
    let environment = ConfigurationEnvironment(["DMR_CONFIG": arguments[1], "HOME": "/nonexistent"]) { _ in
        .failure(.init(reason: "is not read"))
    }
    guard let location = try? ConfigurationLocation(flags: .init(), environment: environment) else { return 2 }
    func resolve(_ file: [UInt8]?) throws(ConfigurationErrors) -> ResolvedConfiguration {
        var sources = ConfigurationSources()
        sources.environment = environment
        sources.file = file.map { (location.file, $0) }
        return try Configuration.resolve(sources)
    }
    do throws(GatewayError) {
        if arguments[2] == "die" {
            let store = ConfigurationStore(location, files: FaultyFiles(at: number, .kills))
            try store.update(resolve: resolve) { document, _ in
                document.set("log", "level", to: .string("debug"))
            }
        } else {
            let store = ConfigurationStore(location)
            for index in 0..<number {
                try store.update(resolve: resolve) { document, _ in
                    let entry = JSON.object([.init("url", .string("http://\(arguments[3]):\(index + 1)"))])
                    document.set("runners", to: .array((document["runners"]?.array ?? []) + [entry]))
                }
            }
        }
        return 0
    } catch {
        print(error.sentence)
        return 1
    }
}

exit(run(CommandLine.arguments))
