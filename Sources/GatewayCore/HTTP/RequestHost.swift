// SPDX-License-Identifier: MIT

/// The rules about `Host` (RFC 9112 section 3.2): one, well formed, and the same as an absolute target's. Access and
/// DNS-rebinding rules come later and can rely on that.
enum RequestHost {
    static func host(of head: RequestHead) throws(GatewayError) -> RequestAuthority? {
        let count = head.headers.count(of: .host)
        guard count <= 1 else { throw bad("The request has more than one Host header; send it once.") }
        guard let field = head.headers.first(.host) else {
            // An absolute target names its host itself, but HTTP/1.1 wants the header all the same.
            guard head.version == .http10 else {
                throw bad("The request has no Host header, which HTTP/1.1 requires.")
            }
            if head.method != .connect { _ = try targetAuthority(head) }
            return nil
        }
        guard let host = head.headers.withValue(field, { RequestAuthority($0) }) else {
            throw bad("The Host header must be a name or an address, perhaps with a port, such as localhost:11435.")
        }
        // CONNECT's target is no URL; it is refused by the router whatever it names.
        if head.method != .connect, let (authority, defaultPort) = try targetAuthority(head),
            !authority.isSame(as: host, defaultPort: defaultPort)
        {
            throw bad("The request target names another host than the Host header; send the same in both.")
        }
        return host
    }

    private static func targetAuthority(
        _ head: RequestHead
    ) throws(GatewayError) -> (RequestAuthority, defaultPort: Int)? {
        // Nearly every target begins with a slash; reading it whole is the router's work.
        guard let first = head.target.first else { throw .target("The request target is empty.") }
        guard first != UInt8(ascii: "/") else { return nil }
        let result = head.target.withUnsafeBytes { bytes -> Result<(RequestAuthority, Int)?, GatewayError> in
            do throws(GatewayError) {
                let target = try RequestTarget(bytes)
                guard case .absolute(let isHTTPS) = target.form else { return .success(nil) }
                let authority = RequestAuthority(UnsafeRawBufferPointer(rebasing: bytes[target.authority]))
                // An http URL without a host is none (RFC 9110 section 4.2.1).
                guard let authority, authority.host != .empty else {
                    return .failure(bad("The host in the request target is not a name or an address."))
                }
                return .success((authority, isHTTPS ? 443 : 80))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func bad(_ sentence: String) -> GatewayError {
        GatewayError(400, sentence, closesConnection: true)
    }
}
