// SPDX-License-Identifier: MIT

import Gateway
import GatewayCore
import Glibc

extension ConfigurationEnvironment {
    /// Asked by name: reading all of `environ` would need Foundation, or a global that Swift 6 holds unsafe.
    static func ofThisProcess() -> ConfigurationEnvironment {
        var variables: [String: String] = [:]
        for name in ConfigurationEnvironment.names {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        return ConfigurationEnvironment(variables) { path in
            do throws(FileFailure) {
                return .success(try SystemFiles().contents(of: path).bytes)
            } catch {
                return .failure(ReadFailure(reason: error.reason))
            }
        }
    }
}
