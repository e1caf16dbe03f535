// SPDX-License-Identifier: MIT

public import GatewayCore
import Glibc
import Transport

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
        machine.addresses = Set(SocketAddress.ofInterfaces.map(\.ipAddress))
        return machine
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
