// SPDX-License-Identifier: MIT

/// Bytes that may be compared and sent, and never shown: whatever prints a configuration, a test's failure or a crash
/// dump prints this instead of them.
public struct Secret: Equatable, Sendable {
    /// Not for messages, not for logs.
    public let bytes: [UInt8]

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Nil where the text can't travel in a header field: anything but visible ASCII would be refused by the other
    /// side, or worse, end the field and begin another (RFC 9110 section 5.5).
    init?(headerText text: String) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        bytes = Array(text.utf8)
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "(secret)" }
    public var debugDescription: String { description }
    /// `dump` and string interpolation of an enclosing value walk the mirror, past `description`.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// How much of a person's own input a message may repeat.
enum Echo {
    /// The text in quotes, or `the value` where it may hold something secret (user info, a query, a key in a path) or
    /// would break the line.
    static func quoted(_ text: some StringProtocol) -> String {
        let isPlain =
            text.utf8.count <= 80
            && text.utf8.allSatisfy { (0x20...0x7E).contains($0) && !"@?#\"".utf8.contains($0) }
        let lowered = text.lowercased()
        guard isPlain, !lowered.contains("dmr_"), !lowered.contains("key/") else { return "the value" }
        return "\"\(text)\""
    }
}
