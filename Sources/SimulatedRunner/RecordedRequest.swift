// SPDX-License-Identifier: MIT

public import GatewayCore

/// A request as it came, for tests.
public struct RecordedRequest: Sendable {
    /// Which connection it came on, counted from 0.
    public var connection: Int
    public var head: RequestHead
    /// Request line, fields and the empty line, byte for byte.
    public var headBytes: [UInt8]
    /// Decoded of its transfer coding.
    public var body: [UInt8]
    /// When each token's write was made, on `Loop.preciseNow`.
    public var tokensSentAt: [Instant] = []

    /// Method, path and version.
    public var requestLine: String {
        String(decoding: headBytes.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }

    /// The values of all fields of that name (in lower case), in order.
    public func values(_ lowercaseName: String) -> [String] {
        head.headers.fields.filter { head.headers.nameText($0).lowercased() == lowercaseName }
            .map { head.headers.text($0) }
    }

    /// All fields as name and value, in order, names as they were spelled.
    public var fields: [(name: String, value: String)] {
        head.headers.fields.map { (head.headers.nameText($0), head.headers.text($0)) }
    }
}
