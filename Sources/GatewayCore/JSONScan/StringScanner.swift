// SPDX-License-Identifier: MIT

/// The inside of one JSON string, from behind its opening quote to its closing one, in pieces that may end anywhere.
/// Checks escapes, control characters and UTF-8 (RFC 8259 sections 7 and 8.1); decodes only what somebody wants to keep.
struct StringScanner: Sendable {
    /// What the next byte is.
    private enum Phase: Sendable {
        /// A character, or the closing quote.
        case character
        /// What follows a backslash.
        case escape
        /// One of the four digits of `\u`.
        case hexadecimal
        /// A continuation byte of a character that the last piece's end may have cut.
        case continuation
    }

    private(set) var text = BoundedText()
    private var phase = Phase.character
    private var isUntouched = true
    private var escapedUnit: UInt32 = 0
    private var escapedDigits = 0
    /// A high surrogate came as an escape and waits for its low half; 0: none does.
    private var highSurrogate: UInt32 = 0
    private var sequence = UTF8Sequence.none

    /// - Parameter limit: how many decoded bytes to keep at most in `text`; nil keeps none.
    mutating func begin(keeping limit: Int?) {
        text.begin(keeping: limit)
        phase = .character
        isUntouched = true
        highSurrogate = 0
    }

    /// How far the string's beginning needs no state; `start` where it began in another piece.
    @inline(__always)
    func endOfPlain(in piece: UnsafeRawBufferPointer, from start: Int) -> Int {
        isUntouched ? PlainRun.end(in: piece, from: start) : start
    }

    /// Of a string that lies in the piece whole with nothing in it to decode, as nearly all do: its bytes, which need not
    /// be kept elsewhere. Nil for one that `scan` has to read.
    @inline(__always)
    func whole(in piece: UnsafeRawBufferPointer, _ plain: Range<Int>) -> UnsafeRawBufferPointer? {
        let end = plain.upperBound
        guard isUntouched, end < piece.count, piece[end] == UInt8(ascii: "\""), text.hasRoom(for: plain.count) else {
            return nil
        }
        return UnsafeRawBufferPointer(rebasing: piece[plain])
    }

    /// - Parameters:
    ///   - plain: how far it is known to need no state.
    ///   - base: where the piece begins in the body, for positions in errors.
    /// - Returns: the index behind the closing quote, or nil when the piece ended first.
    mutating func scan(
        _ piece: UnsafeRawBufferPointer, from start: Int, plainTo plain: Int, base: Int
    ) throws(ScanError) -> Int? {
        isUntouched = false
        var at = start
        while at < piece.count {
            switch phase {
            case .character:
                at = skipPlain(piece, from: at, plainTo: max(at, plain))
                guard at < piece.count else { return nil }
                let byte = piece[at]
                if byte == UInt8(ascii: "\"") {
                    endSurrogate()
                    return at + 1
                }
                try beginSpecial(byte, at: base + at)
                at += 1
            case .escape:
                try endEscape(piece[at], at: base + at)
                at += 1
            case .hexadecimal:
                try addDigit(piece[at], at: base + at)
                at += 1
            case .continuation:
                guard sequence.accept(piece[at]) else { throw .syntax("a byte that is not UTF-8", at: base + at) }
                if text.isKeeping { text.append(piece[at]) }
                if sequence.isComplete { phase = .character }
                at += 1
            }
        }
        return nil
    }

    /// Skips what needs no state: plain ASCII, UTF-8 sequences that lie inside the piece, and, when nobody wants them
    /// decoded, escapes that do.
    private mutating func skipPlain(_ piece: UnsafeRawBufferPointer, from start: Int, plainTo plain: Int) -> Int {
        let isKeeping = text.isKeeping
        var at = PlainRun.end(in: piece, from: plain)
        while at < piece.count {
            let stop = at
            if piece[at] >= 0x80 {
                at = UTF8Sequence.skipWhole(in: piece, from: at)
            } else if piece[at] == UInt8(ascii: "\\"), !isKeeping {
                at = Escape.skipWhole(in: piece, from: at)
            }
            if at == stop { break }
            at = PlainRun.end(in: piece, from: at)
        }
        if isKeeping, at > start {
            endSurrogate()
            text.append(piece[start..<at])
        }
        return at
    }

    private mutating func beginSpecial(_ byte: UInt8, at position: Int) throws(ScanError) {
        if byte == UInt8(ascii: "\\") {
            phase = .escape
            return
        }
        guard byte >= 0x20 else { throw .syntax("a control character in a string that is not escaped", at: position) }
        guard let sequence = UTF8Sequence(lead: byte) else { throw .syntax("a byte that is not UTF-8", at: position) }
        endSurrogate()
        self.sequence = sequence
        phase = .continuation
        if text.isKeeping { text.append(byte) }
    }

    // MARK: Escapes

    private mutating func endEscape(_ byte: UInt8, at position: Int) throws(ScanError) {
        if byte == UInt8(ascii: "u") {
            phase = .hexadecimal
            escapedUnit = 0
            escapedDigits = 0
            return
        }
        guard let meaning = Escape.meaning(of: byte) else {
            throw .syntax("an unknown escape in a string", at: position)
        }
        phase = .character
        if text.isKeeping {
            endSurrogate()
            text.append(meaning)
        }
    }

    private mutating func addDigit(_ byte: UInt8, at position: Int) throws(ScanError) {
        guard let digit = ASCII.hexadecimal(byte) else {
            throw .syntax("an escape \\u without four hexadecimal digits", at: position)
        }
        escapedUnit = escapedUnit << 4 | UInt32(digit)
        escapedDigits += 1
        guard escapedDigits == 4 else { return }
        phase = .character
        if text.isKeeping { keepEscapedUnit() }
    }

    /// Two escapes may make one character (RFC 8259 section 7). Half a pair becomes U+FFFD: so does Go, which a runner
    /// reads with, and the name we check must be the name it sees.
    private mutating func keepEscapedUnit() {
        if highSurrogate != 0, (0xDC00...0xDFFF).contains(escapedUnit) {
            let value = 0x10000 + (highSurrogate - 0xD800) << 10 + (escapedUnit - 0xDC00)
            highSurrogate = 0
            text.append(Unicode.Scalar(value) ?? "\u{FFFD}")
            return
        }
        endSurrogate()
        if (0xD800...0xDBFF).contains(escapedUnit) {
            highSurrogate = escapedUnit
        } else {
            text.append(Unicode.Scalar(escapedUnit) ?? "\u{FFFD}")
        }
    }

    /// Whatever comes next is no low half.
    private mutating func endSurrogate() {
        guard highSurrogate != 0 else { return }
        highSurrogate = 0
        text.append("\u{FFFD}" as Unicode.Scalar)
    }
}
