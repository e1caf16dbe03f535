// SPDX-License-Identifier: MIT

/// What a request's method and target come to.
public struct Routing: Equatable, Sendable {
    public var result: RoutingResult
    /// The token of `/key/KEY/…`, for clients that can send no header field; empty where the path can't be read. Nil
    /// nearly always. Never log it.
    public var pathKey: [UInt8]?

    init(_ result: RoutingResult, pathKey: [UInt8]? = nil) {
        self.result = result
        self.pathKey = pathKey
    }
}

/// `/key/KEY` in front of any path, as in `OLLAMA_HOST=http://gateway:11435/key/KEY` (gateway.md section 4).
public enum PathKey {
    private static let lead: StaticString = "/key/"

    /// - Parameter path: normalised. What follows the key is again a normalised path.
    /// - Returns: nil for a path that begins with no key.
    static func split(
        _ path: UnsafeRawBufferPointer
    ) -> (key: UnsafeRawBufferPointer, rest: UnsafeRawBufferPointer)? {
        guard begins(path) else { return nil }
        let end = path[lead.utf8CodeUnitCount...].firstIndex(of: UInt8(ascii: "/")) ?? path.count
        return (
            UnsafeRawBufferPointer(rebasing: path[lead.utf8CodeUnitCount..<end]),
            UnsafeRawBufferPointer(rebasing: path[end...])
        )
    }

    /// What stands for the key in a path that is no path: whoever sent one is still told not to pass it on.
    static func unreadable(_ path: UnsafeRawBufferPointer) -> [UInt8]? { begins(path) ? [] : nil }

    /// Of the answer to a request whose head could not be read to its end: what came of its target, if anything.
    public static func responseFields(ofUnread target: [UInt8]) -> [OwnResponse.Field] {
        target.withUnsafeBytes { begins($0) } ? [.noReferrer] : []
    }

    private static func begins(_ path: UnsafeRawBufferPointer) -> Bool {
        path.count > lead.utf8CodeUnitCount
            && path.starts(with: UnsafeBufferPointer(start: lead.utf8Start, count: lead.utf8CodeUnitCount))
    }
}
