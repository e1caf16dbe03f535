// SPDX-License-Identifier: MIT

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
            SystemFile.read(path).mapError { ReadFailure(reason: $0.reason) }
        }
    }
}

/// What this machine is called and where it is reached, so that a runner that is the gateway itself is recognised.
enum ThisMachine {
    static func hosts() -> Set<String> {
        var hosts: Set<String> = []
        var name = [CChar](repeating: 0, count: 256)
        if gethostname(&name, name.count - 1) == 0 { hosts.insert(text(name)) }
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return hosts }
        defer { freeifaddrs(first) }
        var next = first
        while let interface = next?.pointee {
            if let address = interface.ifa_addr, let text = numeric(address) { hosts.insert(text) }
            next = interface.ifa_next
        }
        return hosts
    }

    /// Without the zone of a link-local address: a runner's URL can't hold one.
    private static func numeric(_ address: UnsafeMutablePointer<sockaddr>) -> String? {
        let length: Int
        switch Int32(address.pointee.sa_family) {
        case AF_INET: length = MemoryLayout<sockaddr_in>.size
        case AF_INET6: length = MemoryLayout<sockaddr_in6>.size
        default: return nil
        }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard
            getnameinfo(address, socklen_t(length), &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0
        else { return nil }
        return IPAddress(text(host).prefix { $0 != "%" })?.description
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
