// SPDX-License-Identifier: MIT

/// Where the parts of a request target lie (RFC 9112 section 3.2), as ranges of its bytes. One reading for the router
/// and for the rules, so that what was checked is what is routed. CONNECT's authority form has no place here.
struct RequestTarget: Equatable {
    enum Form: Equatable {
        /// `/path?query`
        case origin
        /// `http://host/path?query`
        case absolute(isHTTPS: Bool)
        /// `*`: the server itself, for OPTIONS only.
        case asterisk
    }

    var form: Form
    /// Empty but in the absolute form.
    var authority: Range<Int>
    /// With its leading slash; empty for `*` and for `http://host`.
    var path: Range<Int>
    /// Without the question mark.
    var query: Range<Int>

    /// - Throws: 400 for white space, control characters, a fragment, a foreign scheme, or none of the known forms.
    init(_ bytes: UnsafeRawBufferPointer) throws(GatewayError) {
        // llhttp passes `#` on, though a fragment never belongs in a request (RFC 9112 section 3.2).
        for byte in bytes where byte <= 0x20 || byte == 0x7F || byte == UInt8(ascii: "#") {
            throw .target("The request target contains white space, a control character or '#'; encode them as %XX.")
        }
        let end = bytes.count
        let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? end
        query = min(mark + 1, end)..<end
        authority = 0..<0
        if bytes.first == UInt8(ascii: "/") {
            form = .origin
            path = 0..<mark
        } else if end == 1, bytes[0] == UInt8(ascii: "*") {
            form = .asterisk
            path = 0..<0
        } else {
            let start = try RequestTarget.authorityStart(bytes)
            form = .absolute(isHTTPS: bytes[4] | 0x20 == UInt8(ascii: "s"))
            let pathStart = bytes[start..<mark].firstIndex(of: UInt8(ascii: "/")) ?? mark
            authority = start..<pathStart
            path = pathStart..<mark
        }
    }

    /// Behind `http://` or `https://`, in any letter case.
    private static func authorityStart(_ bytes: UnsafeRawBufferPointer) throws(GatewayError) -> Int {
        for scheme: StaticString in ["http://", "https://"] {
            let count = scheme.utf8CodeUnitCount
            if bytes.count > count,
                ASCII.equalsIgnoringCase(UnsafeRawBufferPointer(rebasing: bytes[..<count]), scheme)
            {
                return count
            }
        }
        throw .target("The request target is neither a path that begins with '/' nor an http URL.")
    }
}

extension GatewayError {
    /// Not HTTP: whoever wrote this may mean something else by the rest of its bytes, too.
    static func target(_ sentence: String) -> GatewayError {
        GatewayError(400, sentence, closesConnection: true)
    }

    /// HTTP, but a path we won't guess the meaning of.
    static func path(_ sentence: String) -> GatewayError {
        GatewayError(400, sentence)
    }
}
