// SPDX-License-Identifier: MIT

/// Reads `type; name=value; name="value"` as Content-Type and Content-Disposition have it (RFC 9110 section 5.6.6, RFC
/// 7578 section 4.2), the way Go's `mime` does, since a runner reads with that. Where readers could differ it refuses.
struct ParameterReader {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    /// What stands in front of the first `;`, white space around it cut.
    let essence: UnsafeRawBufferPointer

    struct Parameter {
        /// In lower case.
        var name: [UInt8]
        /// Without quotes and their escapes.
        var value: [UInt8]
    }

    struct Malformed: Error {}

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        at = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.count
        essence = ASCII.trimmed(UnsafeRawBufferPointer(rebasing: bytes[..<at]))
    }

    /// Nil at the end.
    mutating func next() throws(Malformed) -> Parameter? {
        skipBlanks()
        guard at < bytes.count else { return nil }
        guard bytes[at] == UInt8(ascii: ";") else { throw Malformed() }
        at += 1
        skipBlanks()
        // A semicolon behind the last one.
        guard at < bytes.count else { return nil }
        let name = token().map { ASCII.lowered($0) }
        guard !name.isEmpty, at < bytes.count, bytes[at] == UInt8(ascii: "=") else { throw Malformed() }
        at += 1
        if at < bytes.count, bytes[at] == UInt8(ascii: "\"") { return Parameter(name: name, value: try quoted()) }
        let value = token()
        guard !value.isEmpty else { throw Malformed() }
        return Parameter(name: name, value: value)
    }

    private mutating func skipBlanks() {
        while at < bytes.count, ASCII.isBlank(bytes[at]) { at += 1 }
    }

    private mutating func token() -> [UInt8] {
        let start = at
        while at < bytes.count, ASCII.isTokenByte(bytes[at]) { at += 1 }
        return Array(bytes[start..<at])
    }

    private mutating func quoted() throws(Malformed) -> [UInt8] {
        var value: [UInt8] = []
        at += 1
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "\"") { return value }
            guard byte >= 0x20 || byte == 0x09, byte != 0x7F else { throw Malformed() }
            // A backslash in front of a letter is one of a path of Windows', and stays.
            if byte == UInt8(ascii: "\\"), at < bytes.count, !ASCII.isTokenByte(bytes[at]), bytes[at] < 0x80 {
                value.append(bytes[at])
                at += 1
            } else {
                value.append(byte)
            }
        }
        throw Malformed()
    }
}
