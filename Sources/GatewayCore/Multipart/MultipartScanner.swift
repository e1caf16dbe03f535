// SPDX-License-Identifier: MIT

/// Finds the fields `model` and `stream` of a form (RFC 7578) while it arrives, in pieces that may end anywhere. Files
/// are skipped, nothing of them is kept. Strict where readers differ: lines end in CR LF, headers are not folded, names
/// are not encoded.
///
/// A field that our rules depend on may come once, as in JSON.
public struct MultipartScanner: Sendable {
    /// Bytes that one part's header may have.
    static let headerLimit = 8192
    static let longestValue = BodyScanner.longestName

    /// What the next byte is part of.
    private enum State: Sendable {
        /// In front of the first delimiter; `matched` 0: in a line that is none. → delimiterEnd
        case preamble
        /// Behind a delimiter. → delimiterDash, padding, delimiterLineFeed; back to content if it was none
        case delimiterEnd
        /// Behind a delimiter and one dash. → closing; back to content
        case delimiterDash
        /// White space behind a delimiter (transport padding). → delimiterLineFeed
        case padding
        /// → header
        case delimiterLineFeed
        /// → headerLineFeed
        case header
        /// → header, content
        case headerLineFeed
        /// → delimiterEnd
        case content
        /// Behind the closing delimiter; the form may end here. → closingLineFeed
        case closing
        /// → epilogue
        case closingLineFeed
        /// Whatever follows means nothing. The form may end here.
        case epilogue
    }

    private enum Kept: Sendable {
        case nothing, model, stream
    }

    /// `model` is there as soon as its part has ended.
    public private(set) var fields = ScannedBody()
    private let boundary: MultipartBoundary
    private var state = State.preamble
    /// Bytes of the delimiter that have come. At the beginning of a line its CR LF counts as there.
    private var matched = 2
    /// How many of `matched` stood in front of the content, and are none of it.
    private var borrowed = 2
    private var header = PartHeader()
    private var headerBytes = 0
    private var line: [UInt8] = []
    private var kept = Kept.nothing
    private var text: [UInt8] = []
    private var contentStart = 0
    private var hasModel = false
    private var hasStream = false
    /// Bytes of the pieces before the current one.
    private var base = 0
    private var failure: ScanError?

    public init(boundary: MultipartBoundary) {
        self.boundary = boundary
    }

    /// - Throws: the first reason to refuse the form; again with every later call.
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

    /// The body has ended.
    public func finish() throws(ScanError) -> ScannedBody {
        if let failure { throw failure }
        switch state {
        case .closing, .epilogue: return fields
        case .preamble where base == 0:
            // Nothing at all came: the words are for a form without a model.
            return fields
        case .preamble, .delimiterEnd, .delimiterDash, .padding, .delimiterLineFeed, .header, .headerLineFeed, .content,
            .closingLineFeed:
            throw .form("it ends before its closing boundary,", at: base)
        }
    }

    private mutating func advance(over piece: UnsafeRawBufferPointer) throws(ScanError) {
        var at = 0
        while at < piece.count {
            switch state {
            case .preamble: at = preamble(piece, from: at)
            case .content: at = try content(piece, from: at)
            case .header: at = try headerLine(piece, from: at)
            case .epilogue: return
            case .delimiterEnd, .delimiterDash, .padding, .delimiterLineFeed, .headerLineFeed, .closing,
                .closingLineFeed:
                if try step(piece[at], at: base + at) { at += 1 }
            }
        }
    }

    // MARK: Delimiters

    /// Lines in front of the first delimiter count for nothing (RFC 2046 section 5.1.1); Go ends them with a bare LF,
    /// too.
    private mutating func preamble(_ piece: UnsafeRawBufferPointer, from start: Int) -> Int {
        let delimiter = boundary.delimiter
        var at = start
        while at < piece.count {
            let byte = piece[at]
            at += 1
            if byte == 0x0A {
                matched = 2
            } else if matched > 0, byte == delimiter[matched] {
                matched += 1
                if matched == delimiter.count {
                    state = .delimiterEnd
                    return at
                }
            } else {
                matched = 0
            }
        }
        return at
    }

    /// Says whether the byte was consumed; otherwise the state has changed and it is looked at again.
    private mutating func step(_ byte: UInt8, at position: Int) throws(ScanError) -> Bool {
        switch state {
        case .delimiterEnd:
            switch byte {
            case 0x20, 0x09: state = .padding
            case 0x0D: state = .delimiterLineFeed
            case UInt8(ascii: "-"): state = .delimiterDash
            case 0x0A: throw .form("a line that ends without CR", at: position)
            default:
                try goOnWithContent(at: position)
                return false
            }
            if state != .delimiterDash { try endPart(at: position) }
        case .delimiterDash:
            guard byte == UInt8(ascii: "-") else {
                try goOnWithContent(at: position)
                try keep(UInt8(ascii: "-"), at: position)
                return false
            }
            try endPart(at: position - 1)
            state = .closing
        case .padding:
            if byte == 0x0D { state = .delimiterLineFeed; return true }
            guard ASCII.isBlank(byte) else { throw .form("something behind a boundary", at: position) }
        case .delimiterLineFeed:
            guard byte == 0x0A else { throw .form("a CR without LF behind a boundary", at: position) }
            header = PartHeader()
            headerBytes = 0
            line.removeAll(keepingCapacity: true)
            state = .header
        case .headerLineFeed:
            guard byte == 0x0A else { throw .form("a CR without LF in a part's header", at: position) }
            try headerLineEnded(at: position)
        case .closing:
            if byte == 0x0D { state = .closingLineFeed; return true }
            guard ASCII.isBlank(byte) else { throw .form("something behind the closing boundary", at: position) }
        case .closingLineFeed:
            guard byte == 0x0A else { throw .form("a CR without LF behind the closing boundary", at: position) }
            state = .epilogue
        case .preamble, .header, .content, .epilogue: preconditionFailure("these have scanners of their own")
        }
        return true
    }

    /// What looked like a delimiter is longer than one: data (in front of the first part nobody needs to send that).
    private mutating func goOnWithContent(at position: Int) throws(ScanError) {
        guard contentStart > 0 else { throw .form("something behind a boundary", at: position) }
        try keepMatched(at: position)
        state = .content
    }

    // MARK: Headers

    private mutating func headerLine(_ piece: UnsafeRawBufferPointer, from start: Int) throws(ScanError) -> Int {
        var at = start
        while at < piece.count {
            let byte = piece[at]
            headerBytes += 1
            guard headerBytes <= MultipartScanner.headerLimit else {
                throw .form("a part's header of more than 8,192 bytes", at: base + at)
            }
            at += 1
            if byte == 0x0D {
                state = .headerLineFeed
                return at
            }
            guard byte >= 0x20 || byte == 0x09, byte != 0x7F else {
                throw .form("a control character in a part's header", at: base + at - 1)
            }
            line.append(byte)
        }
        return at
    }

    private mutating func headerLineEnded(at position: Int) throws(ScanError) {
        state = .header
        guard !line.isEmpty else { return try beginContent(at: position + 1) }
        do throws(PartHeader.Problem) {
            let bytes = line
            var header = self.header
            let result: Result<Void, PartHeader.Problem> = bytes.withUnsafeBytes { bytes in
                do throws(PartHeader.Problem) { return .success(try header.line(bytes)) } catch {
                    return .failure(error)
                }
            }
            self.header = header
            try result.get()
        } catch {
            throw .form("a part's header", error.words, at: position)
        }
        line.removeAll(keepingCapacity: true)
    }

    // MARK: Content

    private mutating func beginContent(at position: Int) throws(ScanError) {
        state = .content
        matched = 2
        borrowed = 2
        contentStart = position
        kept = .nothing
        guard let name = header.name else { return }
        if name.elementsEqual("model".utf8) {
            guard !header.isFile else { throw .form("the field model is a file", at: position) }
            guard !header.isEncoded else { throw .form("the field model is encoded", at: position) }
            guard !hasModel else { throw .form("the field model is there more than once", at: position) }
            hasModel = true
            kept = .model
        } else if name.elementsEqual("stream".utf8), !header.isFile {
            guard !hasStream else { throw .form("the field stream is there more than once", at: position) }
            hasStream = true
            kept = .stream
        }
    }

    private mutating func content(_ piece: UnsafeRawBufferPointer, from start: Int) throws(ScanError) -> Int {
        var at = start
        while at < piece.count {
            if matched == 0, kept == .nothing {
                guard let found = boundary.firstDelimiter(in: piece, from: at) else {
                    matched = boundary.beginning(atEndOf: piece, from: at)
                    return piece.count
                }
                matched = boundary.delimiter.count
                state = .delimiterEnd
                return found + matched
            }
            let byte = piece[at]
            if byte == boundary.delimiter[matched] {
                matched += 1
                at += 1
                guard matched < boundary.delimiter.count else {
                    state = .delimiterEnd
                    return at
                }
            } else {
                // The delimiter's only CR is its first byte, so only this byte itself can begin another one.
                try keepMatched(at: base + at)
                if byte != 0x0D {
                    try keep(byte, at: base + at)
                    at += 1
                }
            }
        }
        return at
    }

    private mutating func keepMatched(at position: Int) throws(ScanError) {
        if kept != .nothing {
            for byte in boundary.delimiter[borrowed..<matched] { try keep(byte, at: position) }
        }
        matched = 0
        borrowed = 0
    }

    private mutating func keep(_ byte: UInt8, at position: Int) throws(ScanError) {
        guard kept != .nothing else { return }
        guard text.count < MultipartScanner.longestValue else {
            throw .form("a field model or stream of more than 1,024 bytes", at: position)
        }
        text.append(byte)
    }

    /// `position`: behind the delimiter.
    private mutating func endPart(at position: Int) throws(ScanError) {
        defer {
            kept = .nothing
            text.removeAll(keepingCapacity: true)
            matched = 0
            borrowed = 0
        }
        switch kept {
        case .nothing: break
        case .model:
            guard let name = String(validating: text, as: UTF8.self) else {
                throw .form("the field model is not UTF-8", at: contentStart)
            }
            fields.model = ScannedBody.Name(text: name, range: contentStart..<(contentStart + text.count))
        case .stream: fields.stream = text.elementsEqual("true".utf8)
        }
    }
}

extension ScanError {
    /// Ollama's beginning of the sentence, then what is wrong with the form.
    static func form(_ problem: StaticString, _ more: StaticString = "", at position: Int) -> ScanError {
        let space = more.utf8CodeUnitCount > 0 ? " " : ""
        return ScanError(
            message: "failed to parse multipart form: \(problem)\(space)\(more) at byte \(position)", position: position
        )
    }
}
