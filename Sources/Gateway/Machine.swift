// SPDX-License-Identifier: MIT

public import GatewayCore
import Glibc

/// What this machine is called and where it is reached, for the check of a request's Host.
public struct Machine: Sendable {
    public var name: String
    public var addresses: Set<IPAddress>

    public init(name: String = "", addresses: Set<IPAddress> = []) {
        self.name = name
        self.addresses = addresses
    }

    public static func current() -> Machine {
        var machine = Machine()
        var name = [CChar](repeating: 0, count: 256)
        if gethostname(&name, name.count - 1) == 0 { machine.name = text(name) }
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return machine }
        defer { freeifaddrs(first) }
        var next = first
        while let interface = next?.pointee {
            if let address = interface.ifa_addr.flatMap(numeric) { machine.addresses.insert(address) }
            next = interface.ifa_next
        }
        return machine
    }

    /// Without the zone of a link-local address.
    private static func numeric(_ address: UnsafeMutablePointer<sockaddr>) -> IPAddress? {
        let length: Int
        switch Int32(address.pointee.sa_family) {
        case AF_INET: length = MemoryLayout<sockaddr_in>.size
        case AF_INET6: length = MemoryLayout<sockaddr_in6>.size
        default: return nil
        }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = getnameinfo(address, socklen_t(length), &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST)
        return code == 0 ? IPAddress(text(host).prefix { $0 != "%" }) : nil
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
