// SPDX-License-Identifier: MIT

/// What a request is called in logs and in `X-Request-Id`: the client's own name for it if that is harmless, else ours.
public struct RequestIDSource: Sendable {
    private let processPart: [UInt8]
    private static let maximumBytes = 128

    /// `randomness`: four bytes at least, so that two processes' ids differ.
    public init(randomness: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        processPart =
            randomness.prefix(4).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] } + [UInt8(ascii: "-")]
    }

    public func id(for exchange: ExchangeID, client: HeaderFields) -> [UInt8] {
        if let field = client.first(.xRequestID), client.withValue(field, { RequestIDSource.isHarmless($0) }) {
            return client.withValue(field) { Array($0) }
        }
        var id = processPart
        id.appendDecimal(Int(truncatingIfNeeded: exchange.number))
        return id
    }

    /// Printable ASCII without spaces or quotes, so that it can stand in a log line as it is.
    private static func isHarmless(_ value: UnsafeRawBufferPointer) -> Bool {
        (1...maximumBytes).contains(value.count)
            && value.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }
}
