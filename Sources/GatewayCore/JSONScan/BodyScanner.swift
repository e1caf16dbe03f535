// SPDX-License-Identifier: MIT

/// Checks a JSON request body while it arrives and finds the top-level members that rules depend on, without building a
/// tree: the work is spread over the pieces as they are read, so that no prompt, however large, holds up the loop, and
/// the memory is 512 bits of nesting and at most 1 KB of text.
///
/// Strict RFC 8259 in UTF-8 without a byte order mark; the document must be an object. One difference in leniency: an
/// escape that is half a surrogate pair is accepted, since Go, which runners read with, accepts it.
///
/// It reads one body. After an error it repeats that error.
public struct BodyScanner: Sendable {
    /// Bytes of UTF-8 that a model's name (or a `keep_alive`) may have, escapes decoded.
    public static let longestName = 1024

    /// What the next byte is part of. White space may come before each of the first eight.
    enum State: Sendable {
        /// The object that the body has to be. → firstKey
        case document
        /// A key or `}`, behind `{`. → key, comma, end
        case firstKey
        /// A key, behind a comma. → insideKey
        case key
        /// → value
        case colon
        /// A value, behind a colon or a comma. → inside…, firstKey, firstElement
        case value
        /// A value or `]`, behind `[`. → as value, or comma
        case firstElement
        /// A comma or the container's end, behind a value. → key, value, comma, end
        case comma
        /// Nothing more. → stays
        case end
        /// → colon
        case insideKey
        /// → comma
        case insideString, insideNumber, insideLiteral
    }

    var state = State.document
    var nesting: Nesting
    var members = TopLevelMembers()
    var string = StringScanner()
    var number = NumberScanner()
    /// The bytes that a literal still needs, the next one lowest.
    var literal: UInt32 = 0
    /// Where the current or last string began in the body.
    var stringStart = 0
    /// Bytes of the pieces before the current one.
    var base = 0
    private var failure: ScanError?

    /// - Parameter maximumDepth: containers inside each other, the body's own object included; 1 to 512.
    public init(maximumDepth: Int = 512) {
        nesting = Nesting(maximum: maximumDepth)
    }

    /// Reads on. The body may be cut into pieces at any byte.
    ///
    /// - Throws: the first reason to refuse the body.
    public mutating func scan(_ piece: UnsafeRawBufferPointer) throws(ScanError) {
        if let failure { throw failure }
        do {
            try advance(over: piece)
        } catch {
            failure = error
            throw error
        }
        base += piece.count
    }

    /// The body has ended: hands out what was found in it, once.
    ///
    /// - Throws: what `scan` threw, or that the document is not whole. A body of nothing but white space is
    ///   `missing request body`, in Ollama's words.
    public mutating func finish() throws(ScanError) -> ScannedBody {
        if let failure { throw failure }
        if state == .end { return members.takeBody() }
        if state == .document { throw ScanError(message: ScanError.missingBody, position: base) }
        throw .syntax("it ends before its closing brace,", at: base)
    }

    private mutating func advance(over piece: UnsafeRawBufferPointer) throws(ScanError) {
        var at = 0
        while at < piece.count {
            switch state {
            case .document, .firstKey, .key, .colon, .value, .firstElement, .comma, .end:
                let byte = piece[at]
                if !BodyScanner.isWhiteSpace(byte) { try step(byte, at: base + at) }
                at += 1
            case .insideKey, .insideString:
                let plain = string.endOfPlain(in: piece, from: at)
                if let whole = string.whole(in: piece, at..<plain) {
                    at = plain + 1
                    try endString(whole, at: base + at)
                } else {
                    guard let end = try string.scan(piece, from: at, plainTo: plain, base: base) else { return }
                    at = end
                    let position = base + at
                    try string.text.withBytes { text throws(ScanError) in try endString(text, at: position) }
                }
            case .insideNumber:
                at = number.scan(piece, from: at)
                if at < piece.count { try endNumber(at: base + at) }
            case .insideLiteral:
                try continueLiteral(piece[at], at: base + at)
                at += 1
            }
        }
    }

    @inline(__always)
    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte <= 0x20 && (byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09)
    }
}
