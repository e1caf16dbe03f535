// SPDX-License-Identifier: MIT

/// The grammar between strings, numbers and literals: one step for each byte that means something there.
extension BodyScanner {
    mutating func step(_ byte: UInt8, at position: Int) throws(ScanError) {
        switch state {
        case .document: try beginDocument(byte, at: position)
        case .firstKey:
            if byte == UInt8(ascii: "}") { close() } else { try beginKey(byte, at: position) }
        case .key: try beginKey(byte, at: position)
        case .colon:
            guard byte == UInt8(ascii: ":") else { throw .syntax("a colon was expected", at: position) }
            state = .value
        case .value: try beginValue(byte, at: position)
        case .firstElement:
            if byte == UInt8(ascii: "]") {
                close(isEmpty: true)
            } else {
                try beginValue(byte, at: position)
            }
        case .comma: try endElement(byte, at: position)
        case .end: throw .syntax("something follows its end", at: position)
        case .insideKey, .insideString, .insideNumber, .insideLiteral:
            preconditionFailure("bytes inside a value have scanners of their own")
        }
    }

    private mutating func beginDocument(_ byte: UInt8, at position: Int) throws(ScanError) {
        if byte == UInt8(ascii: "{") { return try open(object: true, at: position) }
        // The first bytes of U+FEFF in UTF-8 and in both orders of UTF-16.
        if byte == 0xEF || byte == 0xFE || byte == 0xFF {
            throw .syntax("a byte order mark, or another character that JSON can't begin with,", at: position)
        }
        throw ScanError(
            message: "the request body must be a JSON object: a { was expected at byte \(position)", position: position)
    }

    private mutating func beginKey(_ byte: UInt8, at position: Int) throws(ScanError) {
        guard byte == UInt8(ascii: "\"") else { throw .syntax("a key in double quotes was expected", at: position) }
        string.begin(keeping: nesting.depth == 1 ? GuardedKey.longest : nil)
        stringStart = position
        state = .insideKey
    }

    private mutating func endElement(_ byte: UInt8, at position: Int) throws(ScanError) {
        let isInObject = nesting.isInObject
        if byte == UInt8(ascii: ",") {
            state = isInObject ? .key : .value
        } else if byte == (isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
            close()
        } else if isInObject {
            throw .syntax("a comma or } was expected", at: position)
        } else {
            throw .syntax("a comma or ] was expected", at: position)
        }
    }

    // MARK: Containers

    private mutating func open(object: Bool, at position: Int) throws(ScanError) {
        guard nesting.open(object: object) else {
            throw ScanError(
                message: "the request body is nested deeper than \(nesting.maximum) levels at byte \(position)",
                position: position)
        }
        state = object ? .firstKey : .firstElement
    }

    private mutating func close(isEmpty: Bool = false) {
        let wasObject = nesting.isInObject
        nesting.close()
        state = nesting.depth == 0 ? .end : .comma
        if nesting.depth == 1, !wasObject { members.arrayEnded(isEmpty: isEmpty) }
    }

    // MARK: Values

    private mutating func beginValue(_ byte: UInt8, at position: Int) throws(ScanError) {
        switch byte {
        case UInt8(ascii: "\""):
            string.begin(keeping: try told(.string, at: position))
            stringStart = position
            state = .insideString
        case UInt8(ascii: "{"):
            _ = try told(.object, at: position)
            try open(object: true, at: position)
        case UInt8(ascii: "["):
            _ = try told(.array, at: position)
            try open(object: false, at: position)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            number.begin(byte, keeping: try told(.number, at: position))
            state = .insideNumber
        case UInt8(ascii: "t"): try beginLiteral("eur", .bool(true), at: position)
        case UInt8(ascii: "f"): try beginLiteral("esla", .bool(false), at: position)
        case UInt8(ascii: "n"): try beginLiteral("llu", .null, at: position)
        default: throw .syntax("a value was expected", at: position)
        }
    }

    /// Only values at the top level are told; the answer is how many of their bytes to keep.
    private mutating func told(_ kind: TopLevelMembers.Kind, at position: Int) throws(ScanError) -> Int? {
        nesting.depth == 1 ? try members.valueBegan(kind, at: position) : nil
    }

    /// - Parameter text: what was kept of it; nil if it was too long for that.
    mutating func endString(_ text: UnsafeRawBufferPointer?, at end: Int) throws(ScanError) {
        if state == .insideKey {
            state = .colon
            if nesting.depth == 1 { try members.keyEnded(text, at: stringStart) }
        } else {
            state = .comma
            if nesting.depth == 1 { try members.stringEnded(text, range: stringStart..<end) }
        }
    }

    /// `position` is that of the byte behind the number, which is still to be read.
    mutating func endNumber(at position: Int) throws(ScanError) {
        guard number.isComplete else { throw .syntax("a digit was expected", at: position) }
        state = .comma
        if nesting.depth == 1 { try members.numberEnded(number.text, at: position) }
    }

    /// - Parameter rest: what follows the first letter, backwards, so that the next byte is always the lowest.
    private mutating func beginLiteral(
        _ rest: StaticString, _ kind: TopLevelMembers.Kind, at position: Int
    ) throws(ScanError) {
        _ = try told(kind, at: position)
        literal = 0
        for index in 0..<rest.utf8CodeUnitCount { literal = literal << 8 | UInt32(rest.utf8Start[index]) }
        state = .insideLiteral
    }

    mutating func continueLiteral(_ byte: UInt8, at position: Int) throws(ScanError) {
        guard UInt32(byte) == literal & 0xFF else {
            throw .syntax("a value was expected, but only true, false and null are words,", at: position)
        }
        literal >>= 8
        if literal == 0 { state = .comma }
    }
}
