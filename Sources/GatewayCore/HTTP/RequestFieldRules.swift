// SPDX-License-Identifier: MIT

/// Rules about single header fields: what their bytes may be, and the few whose meaning the connection depends on.
enum RequestFieldRules {
    /// Names are tokens; values have no control characters but TAB (RFC 9110 sections 5.1 and 5.5). The parser checks
    /// most of that; these bytes go out to runners again, so they are checked where the rule can be tested.
    static func check(_ headers: HeaderFields) throws(GatewayError) {
        for field in headers.fields {
            guard field.name.isSpelledOut || headers.withName(field, isToken) else {
                throw GatewayError(
                    400, "A header field's name is empty or holds a character that is not allowed there.",
                    closesConnection: true)
            }
            guard headers.withValue(field, isValue) else {
                throw GatewayError(
                    400, "The value of the header field \(headers.nameText(field)) holds a control character.",
                    closesConnection: true)
            }
            if field.name == .other, headers.withName(field, isLookAlike) {
                throw GatewayError(
                    400,
                    "The header field \(headers.nameText(field)) is spelled with '_' where '-' belongs; leave it out.",
                    closesConnection: true)
            }
        }
        // A runner that believes the last one would read another body than we did.
        guard headers.count(of: .contentType) <= 1 || haveOneValue(headers, .contentType) else {
            throw GatewayError(400, "The request has two Content-Type fields that differ; send it once.")
        }
    }

    private static func haveOneValue(_ headers: HeaderFields, _ name: HeaderName) -> Bool {
        Set(headers.fields.filter { $0.name == name }.map { headers.withValue($0) { Array($0) } }).count == 1
    }

    /// Runners behind CGI or WSGI take `_` and `-` in a name for the same, so this would be a second framing.
    private static func isLookAlike(_ name: UnsafeRawBufferPointer) -> Bool {
        ASCII.equalsIgnoringCase(name, "content_length") || ASCII.equalsIgnoringCase(name, "transfer_encoding")
    }

    /// The only expectation there is (RFC 9110 section 10.1.1); HTTP/1.0 has none, and an empty body needs none.
    static func expectsContinue(_ head: RequestHead, _ framing: BodyFraming) throws(GatewayError) -> Bool {
        guard head.version == .http11, head.headers.first(.expect) != nil else { return false }
        var asks = false
        var isKnown = true
        head.headers.forEachListElement(.expect) { element in
            if ASCII.equalsIgnoringCase(element, "100-continue") { asks = true } else { isKnown = false }
        }
        guard isKnown else {
            // Whether the body still comes depends on what the client makes of this answer.
            throw GatewayError(
                417, "The only Expect taken here is '100-continue'; leave the header out.",
                closesConnection: !framing.isEmpty)
        }
        return asks && !framing.isEmpty
    }

    /// The one coding there is, spelled as Ollama compares it: in lower case, and alone.
    ///
    /// - Throws: 415 for any other coding, and for this one where the route doesn't take it.
    static func isZstd(_ headers: HeaderFields, allowed: Bool) throws(GatewayError) -> Bool {
        guard headers.first(.contentEncoding) != nil else { return false }
        var isPlain = true
        var codings = 0
        var isZstd = false
        headers.forEachListElement(.contentEncoding) { element in
            codings += 1
            isZstd = isZstd || element.elementsEqual("zstd".utf8)
            if !ASCII.equalsIgnoringCase(element, "identity") { isPlain = false }
        }
        if isPlain { return false }
        guard isZstd, codings == 1 else {
            throw GatewayError(415, "The body's Content-Encoding is not taken here; send it uncompressed.")
        }
        guard allowed else {
            throw GatewayError(415, "This route takes no compressed body (Content-Encoding); send it uncompressed.")
        }
        return true
    }

    /// RFC 9112 section 9.3: `close` wins over everything.
    static func keepAlive(_ head: RequestHead) -> Bool {
        var closes = false
        var asks = false
        head.headers.forEachListElement(.connection) { option in
            if ASCII.equalsIgnoringCase(option, "close") { closes = true }
            if ASCII.equalsIgnoringCase(option, "keep-alive") { asks = true }
        }
        return !closes && (head.version == .http11 || asks)
    }

    private static func isToken(_ name: UnsafeRawBufferPointer) -> Bool {
        !name.isEmpty && name.allSatisfy(ASCII.isTokenByte)
    }

    private static func isValue(_ value: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while at &+ 8 <= value.count {
            let word = value.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            if mayHoldControl(word), !hasNoControl(value, at..<(at &+ 8)) { return false }
            at &+= 8
        }
        return hasNoControl(value, at..<value.count)
    }

    private static func hasNoControl(_ value: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        for index in range where (value[index] < 0x20 && value[index] != 0x09) || value[index] == 0x7F { return false }
        return true
    }

    /// Eight bytes at once. A TAB, or what stands beside a control character, may look like one; none is missed.
    private static func mayHoldControl(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let isDelete = word ^ (ones &* 0x7F)
        return ((word &- ones &* 0x20) & ~word | (isDelete &- ones) & ~isDelete) & (ones &* 0x80) != 0
    }
}
