// SPDX-License-Identifier: MIT

/// One HTTP/1 message as RFC 9112 has it, read in the plainest way there is and with no leniency: what our parser lets
/// through must be this message and no other.
struct StrictMessage: Equatable {
    struct Wrong: Error, Equatable {
        var why: String
        /// More bytes might make it right.
        var isIncomplete = false

        init(_ why: String) {
            self.why = why
        }

        static var incomplete: Wrong {
            var wrong = Wrong("the message isn't whole")
            wrong.isIncomplete = true
            return wrong
        }
    }

    enum Kind: Equatable {
        case request
        /// `ends`: the connection was closed behind the bytes.
        case response(toHead: Bool, ends: Bool)
    }

    struct Field: Equatable {
        var name: [UInt8]
        var value: [UInt8]

        var lowered: String { String(decoding: name, as: UTF8.self).lowercased() }
    }

    /// Method, target and version, or version, status and reason.
    var start: [[UInt8]]
    var fields: [Field]
    var body: [UInt8] = []
    /// Bytes of all of it.
    var count = 0

    /// The first message that these bytes hold. `headOnly`: what follows the empty line isn't looked at.
    init(_ bytes: ArraySlice<UInt8>, _ kind: Kind, headOnly: Bool = false) throws(Wrong) {
        var reader = StrictReader(bytes)
        start = []
        fields = []
        if kind == .request {
            // RFC 9112 section 2.2: empty lines in front of a request are none of it.
            while reader.skip([0x0D, 0x0A]) {}
        }
        let line = try reader.line()
        start = kind == .request ? try StrictMessage.requestLine(line) : try StrictMessage.statusLine(line)
        fields = try reader.fields()
        if !headOnly { body = try body(&reader, kind) }
        count = reader.position
    }

    func values(_ name: String) -> [[UInt8]] { fields.filter { $0.lowered == name }.map(\.value) }

    /// RFC 9112 section 3, which lets a server take any number of spaces between the parts.
    private static func requestLine(_ line: [UInt8]) throws(Wrong) -> [[UInt8]] {
        let parts = line.split(separator: 0x20).map { Array($0) }
        guard parts.count == 3, line.first != 0x20, line.last != 0x20 else {
            throw Wrong("the request line has \(parts.count) parts")
        }
        guard !parts[0].isEmpty, parts[0].allSatisfy(StrictReader.isToken) else { throw Wrong("the method") }
        guard !parts[1].isEmpty, parts[1].allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { throw Wrong("the target") }
        try checkVersion(parts[2])
        return parts
    }

    /// RFC 9112 section 4. What the reason is is of no interest: nobody passes it on. Servers that leave out the space
    /// in front of an empty one are common.
    private static func statusLine(_ line: [UInt8]) throws(Wrong) -> [[UInt8]] {
        let parts = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false).map { Array($0) }
        guard parts.count >= 2 else { throw Wrong("the status line has \(parts.count) parts") }
        try checkVersion(parts[0])
        guard parts[1].count == 3, parts[1].allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw Wrong("the status")
        }
        return parts
    }

    private static func checkVersion(_ text: [UInt8]) throws(Wrong) {
        guard text == Array("HTTP/1.1".utf8) || text == Array("HTTP/1.0".utf8) else { throw Wrong("the version") }
    }

    /// RFC 9112 section 6.3, where a doubt is an error.
    private func body(_ reader: inout StrictReader, _ kind: Kind) throws(Wrong) -> [UInt8] {
        let lengths = values("content-length")
        let codings = values("transfer-encoding")
        guard lengths.count + codings.count <= 1 else { throw Wrong("more than one length") }
        if case .response(let toHead, _) = kind {
            let status = String(decoding: start[1], as: UTF8.self)
            if toHead || status.hasPrefix("1") || status == "204" || status == "304" { return [] }
        }
        if let length = lengths.first {
            guard !length.isEmpty, length.allSatisfy({ (0x30...0x39).contains($0) }) else { throw Wrong("the length") }
            guard let count = Int(String(decoding: length, as: UTF8.self)) else { throw .incomplete }
            return try reader.take(count)
        }
        if let coding = codings.first {
            let isFirstVersion = start.contains(Array("HTTP/1.0".utf8))
            guard String(decoding: coding, as: UTF8.self).lowercased() == "chunked", !isFirstVersion else {
                throw Wrong("the transfer coding")
            }
            return try reader.chunks()
        }
        guard case .response(_, let ends) = kind else { return [] }
        guard ends else { throw .incomplete }
        return reader.rest()
    }
}

/// Takes bytes from the front.
struct StrictReader {
    private let bytes: ArraySlice<UInt8>
    private(set) var position = 0

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    private var left: ArraySlice<UInt8> { bytes.dropFirst(position) }

    mutating func skip(_ expected: [UInt8]) -> Bool {
        guard left.starts(with: expected) else { return false }
        position += expected.count
        return true
    }

    /// Without its CR LF. A CR or LF elsewhere is wrong.
    mutating func line() throws(StrictMessage.Wrong) -> [UInt8] {
        var line: [UInt8] = []
        for byte in left {
            if byte == 0x0A {
                guard line.popLast() == 0x0D else { throw StrictMessage.Wrong("a bare LF") }
                guard !line.contains(0x0D) else { throw StrictMessage.Wrong("a bare CR") }
                position += line.count + 2
                return line
            }
            line.append(byte)
        }
        throw .incomplete
    }

    /// RFC 9112 section 5, and the empty line behind them.
    mutating func fields() throws(StrictMessage.Wrong) -> [StrictMessage.Field] {
        var fields: [StrictMessage.Field] = []
        while true {
            let line = try line()
            guard !line.isEmpty else { return fields }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
                throw StrictMessage.Wrong("a field without a colon")
            }
            let name = line[..<colon]
            guard !name.isEmpty, name.allSatisfy(StrictReader.isToken) else { throw StrictMessage.Wrong("a name") }
            let value = StrictReader.trimmed(line[(colon + 1)...])
            guard value.allSatisfy(StrictReader.isText) else { throw StrictMessage.Wrong("a control character") }
            fields.append(StrictMessage.Field(name: Array(name), value: Array(value)))
        }
    }

    mutating func take(_ count: Int) throws(StrictMessage.Wrong) -> [UInt8] {
        guard left.count >= count else { throw .incomplete }
        defer { position += count }
        return Array(left.prefix(count))
    }

    mutating func rest() -> [UInt8] {
        defer { position = bytes.count }
        return Array(left)
    }

    /// RFC 9112 section 7.1.
    mutating func chunks() throws(StrictMessage.Wrong) -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let line = try line()
            let digits = line.prefix { Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }
            guard !digits.isEmpty, line.allSatisfy(StrictReader.isText) else {
                throw StrictMessage.Wrong("a chunk's size")
            }
            try checkExtensions(line[digits.count...])
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16) else { throw .incomplete }
            if size == 0 { break }
            body += try take(size)
            guard skip([0x0D, 0x0A]) else {
                throw left.count < 2 && [0x0D, 0x0A].starts(with: left) ? .incomplete : .init("a chunk's end")
            }
        }
        // Trailers.
        _ = try fields()
        return body
    }

    /// `;name`, `;name=token` or `;name="…"`, as often as one likes (RFC 9112 section 7.1.1).
    private func checkExtensions(_ text: ArraySlice<UInt8>) throws(StrictMessage.Wrong) {
        var rest = text
        func token() -> Int { rest.prefix(while: StrictReader.isToken).count }
        func skipBlanks() { rest = rest.drop(while: StrictReader.isBlank) }
        while !rest.isEmpty {
            skipBlanks()
            guard rest.popFirst() == UInt8(ascii: ";") else { throw StrictMessage.Wrong("a chunk's extension") }
            skipBlanks()
            guard token() > 0 else { throw StrictMessage.Wrong("a chunk extension's name") }
            rest = rest.dropFirst(token())
            skipBlanks()
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest.removeFirst()
            skipBlanks()
            if rest.first != UInt8(ascii: "\"") {
                guard token() > 0 else { throw StrictMessage.Wrong("a chunk extension's value") }
                rest = rest.dropFirst(token())
                continue
            }
            rest.removeFirst()
            while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
                if byte == UInt8(ascii: "\\") { _ = rest.popFirst() }
                guard !rest.isEmpty else { throw StrictMessage.Wrong("a quoted string without an end") }
            }
        }
    }

    /// Without white space around it.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let byte = bytes.first, isBlank(byte) { bytes.removeFirst() }
        while let byte = bytes.last, isBlank(byte) { bytes.removeLast() }
        return bytes
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    static func isText(_ byte: UInt8) -> Bool { byte == 0x09 || byte >= 0x20 && byte != 0x7F }
    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
