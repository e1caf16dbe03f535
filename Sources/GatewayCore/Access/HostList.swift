// SPDX-License-Identifier: MIT

/// What the `Host` of a request means against DNS rebinding: a foreign page whose name was made to point at us sends
/// that name (gateway.md section 4 "Browsers", oa section 3).
public enum HostDecision: Equatable, Sendable {
    case acceptableName, acceptableAddress
    /// 403, unless a valid key shows that it is no page's request.
    case foreign
}

/// The names and addresses we answer to.
public struct HostList: Sendable {
    private let machineName: String
    private let machineAddresses: Set<IPAddress>
    private let hosts: Set<RequestAuthority.Host>

    /// - Parameters:
    ///   - adding: `access.hosts`; a port in an entry means nothing, an entry that is no host allows nothing.
    ///   - machineName: what `gethostname` says.
    ///   - machineAddresses: of the machine's own interfaces.
    public init(adding hosts: [String] = [], machineName: String = "", machineAddresses: Set<IPAddress> = []) {
        self.machineName = machineName.lowercased()
        self.machineAddresses = machineAddresses
        self.hosts = Set(hosts.compactMap { RequestAuthority($0)?.host })
    }

    /// - Parameter authority: what `Host` names; nil where HTTP/1.0 sent none, which no browser speaks.
    public func decision(_ authority: RequestAuthority?, _ listener: ListenerKind) -> HostDecision {
        guard let authority else { return .acceptableName }
        switch authority.host {
        case .empty:
            return .acceptableName
        case .address(let address):
            // A page can't be served from a name that is an address; but one from a public address of another machine
            // that was routed here could be, which is why Ollama is choosy while it listens on loopback only.
            let isFine = listener != .loopback || isOurs(address) || hosts.contains(authority.host)
            return isFine ? .acceptableAddress : .foreign
        case .name(let name):
            return isOurs(name) || hosts.contains(authority.host) ? .acceptableName : .foreign
        }
    }

    private func isOurs(_ address: IPAddress) -> Bool {
        address.isLoopback || address.isPrivate || address.isUnspecified || machineAddresses.contains(address)
    }

    /// A single label is no name an attacker can register, and what containers call each other.
    private func isOurs(_ name: String) -> Bool {
        !name.utf8.contains(UInt8(ascii: ".")) || name == machineName || name.hasSuffix(".localhost")
            || name.hasSuffix(".local") || name.hasSuffix(".internal")
    }
}
