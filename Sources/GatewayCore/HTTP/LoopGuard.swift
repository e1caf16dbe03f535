// SPDX-License-Identifier: MIT

/// Notices requests that have been here before: every request we send carries `Via: 1.1 dmr-<id>` with an id that is
/// random per process (RFC 9110 section 7.6.3 gives this as a use of Via).
public struct LoopGuard: Sendable {
    /// `dmr-` and the process's id.
    public let pseudonym: String
    private let own: [UInt8]
    /// Gateways in front of gateways are legal, but not without end.
    private static let maximumHops = 3

    /// `randomness`: eight bytes at least.
    public init(randomness: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        own = Array("dmr-".utf8) + randomness.prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        pseudonym = String(decoding: own, as: UTF8.self)
    }

    /// - Throws: `GatewayError` 508.
    public func check(_ headers: HeaderFields) throws(GatewayError) {
        guard headers.first(.via) != nil else { return }
        var hops = 0
        var isLoop = false
        headers.forEachListElement(.via) { element in
            // `protocol SP received-by [SP comment]`
            let parts = element.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: true)
            guard parts.count >= 2, parts[1].starts(with: own.prefix(4)) else { return }
            hops += 1
            isLoop = isLoop || parts[1].elementsEqual(own)
        }
        if isLoop {
            throw GatewayError(
                508, "This request has been through this gateway already: one of its runners' URLs leads back to it.",
                origin: .gateway)
        }
        if hops > LoopGuard.maximumHops {
            throw GatewayError(
                508, "This request has been through \(hops) gateways: their runners' URLs lead in a circle.",
                origin: .gateway)
        }
    }
}
