// SPDX-License-Identifier: MIT

import CLLHTTP
public import GatewayCore

/// Takes the body of a message while it is parsed. Called inside `HTTPParser.execute`: it must not touch the parser.
public protocol BodySink: AnyObject {
    func bodyArrived(_ bytes: UnsafeRawBufferPointer)
}

/// One connection's HTTP/1 parser: llhttp with every lenient flag off, and the bounds that llhttp doesn't have.
///
/// It stops at the end of each head and of each message, so that whoever drives it acts between two calls and never
/// inside a callback of llhttp, where the parser may be neither freed nor paused.
public final class HTTPParser {
    public enum Kind: Sendable {
        case request, response
    }

    public enum Outcome: Equatable {
        /// Everything was consumed; the message goes on.
        case needsMore
        /// `requestHead` or `responseHead` is complete.
        case head
        /// The message ended. More bytes belong to the next one.
        case messageEnd
        /// The connection can't go on.
        case failed(ParseFailure)
    }

    /// Counted while parsing: neither heads nor trailers nor chunk extensions can grow without end.
    public struct Limits: Sendable {
        /// Bytes of the whole head; trailers and chunk extensions of a message may have as many again.
        public var headBytes: Int
        /// Header fields of a head.
        public var fields: Int

        public init(headBytes: Int, fields: Int) {
            self.headBytes = headBytes
            self.fields = fields
        }
    }

    /// Valid from `.head` until the next message begins. Its target and header fields are reused.
    public var requestHead: RequestHead { request }
    public var responseHead: ResponseHead { response }

    // The same where they lie: what is handed out otherwise is a copy, since it might be replaced at any time.

    @inline(never)
    public func withRequestHead<Result>(_ body: (inout RequestHead) -> Result) -> Result { body(&request) }

    @inline(never)
    public func withResponseHead<Result>(_ body: (inout ResponseHead) -> Result) -> Result { body(&response) }

    // Behind getters: another module checks each access to a stored property for overlaps, whatever is said here.
    @exclusivity(unchecked) private var request = RequestHead()
    @exclusivity(unchecked) private var response = ResponseHead()
    @exclusivity(unchecked) public unowned(unsafe) var sink: (any BodySink)?

    private let kind: Kind
    private let limits: Limits
    /// Held: llhttp keeps a pointer to its table.
    private let settings: ParserSettings
    private let parser: UnsafeMutablePointer<llhttp_t>
    private var phase = Phase.beforeMessage
    private var isPaused = false
    private var stop = Stop.none
    private var failure: ParseFailure?
    private var headBytesSeen = 0
    /// Those of the target and of the fields.
    private var headBytesKept = 0
    private var overheadBytes = 0
    /// A CR in front of a request, or at the end of a status line, whose LF is still to come.
    private var isBehindCR = false
    private var isBehindStatusLine = false
    /// The buffer that llhttp walks through.
    private var current = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The field that llhttp is at, in `current`: a field that lies there whole is kept at once, at its end.
    private var pendingName = UnsafeRawBufferPointer(start: nil, count: 0)
    private var pendingValue = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Pieces of it lay in a buffer before, and are kept.
    private var isFieldInPieces = false
    /// Of a request's head, the last bytes before `current`; the newest lowest.
    private var bytesBefore: UInt64 = 0
    /// The version's bytes, the last one lowest.
    private var version: UInt32 = 0
    private var extensionBytes = 0
    /// The runner answers a HEAD: whatever its head says, no body follows (RFC 9112 section 6.3).
    private var skipsBody = false

    private enum Phase { case beforeMessage, head, body }
    private enum Stop { case none, head, messageEnd }

    public init(_ kind: Kind, limits: Limits, settings: ParserSettings) {
        self.kind = kind
        self.limits = limits
        self.settings = settings
        parser = .allocate(capacity: 1)
        parser.initialize(to: llhttp_t())
        llhttp_init(parser, kind == .request ? HTTP_REQUEST : HTTP_RESPONSE, settings.pointer)
        parser.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        parser.deallocate()
    }

    /// Nothing of a message has been seen yet: the connection is idle. Line ends in front of one are none of it
    /// (RFC 9112 section 2.2).
    public var isBetweenMessages: Bool { phase == .beforeMessage }

    /// Ready for the response to a new request.
    public func expectResponse(withoutBody: Bool) {
        skipsBody = withoutBody
    }

    /// Parses until something has to be decided or everything is consumed. `consumed` counts bytes of `bytes`.
    ///
    /// After `.head` and `.messageEnd` call it again with what is left, even if that is nothing: the end of a message
    /// without a body is told by the next call.
    public func execute(_ bytes: UnsafeRawBufferPointer, consumed: inout Int) -> Outcome {
        guard let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return .needsMore }
        if isPaused {
            isPaused = false
            llhttp_resume(parser)
        }
        stop = .none
        if phase == .beforeMessage, let wrong = wrongLineEnd(bytes) { return .failed(wrong) }
        if kind == .response, !isBehindStatusLine, let wrong = wrongStatusLine(bytes) { return .failed(wrong) }
        current = bytes
        let wasBody = phase == .body
        let code = llhttp_execute(parser, base, bytes.count)
        if code == HPE_OK {
            consumed = bytes.count
            if !wasBody, phase != .body {
                keepPieces()
                headGoesOn(behind: bytes)
            }
            return headBytesSeen > limits.headBytes ? .failed(.headTooLarge) : .needsMore
        }
        consumed = llhttp_get_error_pos(parser).map { UnsafePointer(base).distance(to: $0) } ?? bytes.count
        guard code == HPE_PAUSED else { return .failed(reason(code, in: bytes, at: consumed)) }
        isPaused = true
        switch stop {
        case .head:
            return headBytesSeen + consumed > limits.headBytes ? .failed(.headTooLarge) : .head
        case .messageEnd: return .messageEnd
        case .none: return .failed(.malformed("the parser stopped without a reason"))
        }
    }

    /// The peer has closed: a body that lasts until then has ended. True if the message ended well.
    public func finish() -> Bool {
        if isPaused {
            isPaused = false
            llhttp_resume(parser)
            // A head that nothing followed: llhttp decides only now whether its body lasts until the end.
            stop = .none
            _ = withUnsafeBytes(of: UInt8(0)) { byte in
                llhttp_execute(parser, byte.baseAddress?.assumingMemoryBound(to: CChar.self), 0)
            }
            if stop == .messageEnd { return true }
        }
        stop = .none
        let code = llhttp_finish(parser)
        return (code == HPE_OK || code == HPE_PAUSED) && stop == .messageEnd
    }

    /// llhttp skips any CR and LF in front of a message. A request may have whole line ends there (RFC 9112 section
    /// 2.2), a response nothing: it would be bytes behind the end of the one before.
    private func wrongLineEnd(_ bytes: UnsafeRawBufferPointer) -> ParseFailure? {
        guard let first = bytes.first, first == 0x0D || first == 0x0A || isBehindCR else { return nil }
        guard kind == .request else { return .malformed("a line end stands in front of the response") }
        for byte in bytes {
            if isBehindCR != (byte == 0x0A) { return .malformed("a bare CR or LF stands in front of the request") }
            isBehindCR = byte == 0x0D
            if byte != 0x0D, byte != 0x0A { break }
        }
        return nil
    }

    /// llhttp takes CR CR for the end of a status line, too, which other readers take for a part of it.
    private func wrongStatusLine(_ bytes: UnsafeRawBufferPointer) -> ParseFailure? {
        for byte in bytes {
            if isBehindCR {
                guard byte == 0x0A else { return .malformed("a bare CR stands in the status line") }
                isBehindCR = false
                isBehindStatusLine = true
                return nil
            }
            isBehindCR = byte == 0x0D
        }
        return nil
    }

    private func headGoesOn(behind bytes: UnsafeRawBufferPointer) {
        headBytesSeen += bytes.count
        guard kind == .request else { return }
        for byte in bytes.suffix(5) { bytesBefore = bytesBefore << 8 | UInt64(byte) }
    }

    private func reason(_ code: llhttp_errno_t, in bytes: UnsafeRawBufferPointer, at position: Int) -> ParseFailure {
        if let failure { return failure }
        switch code {
        case HPE_INVALID_METHOD: return ParseFailure(invalidMethodIn: bytes, at: position)
        // A version that is none, or a known one and something other than a line's end behind it.
        case HPE_INVALID_VERSION where kind == .request && (hasKnownVersion || !hasWholeVersion):
            return .malformed("the request line does not end in HTTP/1.1 or HTTP/1.0")
        case HPE_INVALID_VERSION, HPE_PAUSED_H2_UPGRADE: return .unsupportedVersion
        default:
            let words = llhttp_get_error_reason(parser).map { String(cString: $0) } ?? ""
            return .malformed(words.isEmpty ? String(cString: llhttp_errno_name(code)) : words)
        }
    }

    private var hasKnownVersion: Bool {
        parser.pointee.http_major == 1 && parser.pointee.http_minor <= 1
    }

    /// A digit, a dot and a digit (RFC 9112 section 2.3).
    private var hasWholeVersion: Bool { version >> 24 == 0 && version >> 16 != 0 && version >> 8 & 0xFF == 0x2E }

    // MARK: Called back by llhttp, see ParserSettings

    func messageBegan() {
        phase = .head
        failure = nil
        headBytesSeen = 0
        headBytesKept = 0
        overheadBytes = 0
        forgetField()
        isFieldInPieces = false
        version = 0
        switch kind {
        case .request:
            request.target.removeAll(keepingCapacity: true)
            request.headers.removeAll()
        case .response: response.headers.removeAll()
        }
    }

    func target(_ piece: UnsafeRawBufferPointer) -> Int32 {
        guard fitsHead(piece.count) else { return fail(.targetTooLarge) }
        request.target.append(contentsOf: piece)
        return 0
    }

    /// llhttp takes `RTSP/1.0` and `ICE/1.0` for requests, too, and doesn't tell: the name stands in front of the version.
    func version(_ piece: UnsafeRawBufferPointer) -> Int32 {
        if kind == .request, version == 0, let start = piece.baseAddress, let base = current.baseAddress {
            let place = base.distance(to: start)
            for byte in current[max(0, place - 5)..<place] { bytesBefore = bytesBefore << 8 | UInt64(byte) }
            guard bytesBefore & 0xFF_FFFF_FFFF == HTTPParser.protocolName else {
                return fail(.malformed("its protocol is not HTTP"))
            }
        }
        for byte in piece { version = version << 8 | UInt32(byte) }
        return 0
    }

    /// `HTTP/`
    private static let protocolName: UInt64 = 0x48_5454_502F

    func fieldName(_ piece: UnsafeRawBufferPointer) -> Int32 {
        if phase == .body { return trailerOrExtension(piece.count) }
        guard fitsHead(piece.count) else { return fail(.headTooLarge) }
        if pendingName.baseAddress != nil { keepPieces() }
        pendingName = piece
        return 0
    }

    func fieldValue(_ piece: UnsafeRawBufferPointer) -> Int32 {
        if phase == .body { return trailerOrExtension(piece.count) }
        guard fitsHead(piece.count) else { return fail(.headTooLarge) }
        if pendingValue.baseAddress != nil { keepPieces() }
        pendingValue = piece
        return 0
    }

    func fieldEnded() -> Int32 {
        if phase == .body { return 0 }
        if isFieldInPieces { keepPieces() }
        let count = kind == .request ? endField(of: &request.headers) : endField(of: &response.headers)
        forgetField()
        isFieldInPieces = false
        return count > limits.fields ? fail(.tooManyFields) : 0
    }

    @inline(__always)
    private func endField(of headers: inout HeaderFields) -> Int {
        if isFieldInPieces { headers.endField() } else { headers.append(name: pendingName, value: pendingValue) }
        return headers.count
    }

    /// What `current` brought of a field has to stay, since the rest of it lies elsewhere.
    private func keepPieces() {
        guard pendingName.baseAddress != nil || pendingValue.baseAddress != nil else { return }
        isFieldInPieces = true
        if kind == .request { keepPieces(in: &request.headers) } else { keepPieces(in: &response.headers) }
        forgetField()
    }

    private func forgetField() {
        pendingName = UnsafeRawBufferPointer(start: nil, count: 0)
        pendingValue = pendingName
    }

    private func keepPieces(in headers: inout HeaderFields) {
        if pendingName.baseAddress != nil { headers.appendName(pendingName) }
        if pendingValue.baseAddress != nil { headers.appendValue(pendingValue) }
    }

    /// Trailers and chunk extensions are dropped (RFC 9112 sections 7.1.1 and 7.1.2 allow it), but counted.
    func trailerOrExtension(_ count: Int) -> Int32 {
        overheadBytes += count
        return overheadBytes > limits.headBytes ? fail(.headTooLarge) : 0
    }

    func chunkExtension(_ count: Int) -> Int32 {
        extensionBytes += count
        return trailerOrExtension(count)
    }

    /// A name or a value, neither of which may be empty (RFC 9112 section 7.1.1).
    func chunkExtensionEnded() -> Int32 {
        defer { extensionBytes = 0 }
        return extensionBytes == 0 ? fail(.malformed("a chunk extension has no name or an empty value")) : 0
    }

    private func fitsHead(_ count: Int) -> Bool {
        headBytesKept += count
        return headBytesKept <= limits.headBytes
    }

    func headersComplete() -> Int32 {
        guard parser.pointee.http_major == 1 else { return fail(.unsupportedVersion) }
        let version = parser.pointee.http_minor == 0 ? HTTPVersion.http10 : .http11
        switch kind {
        case .request:
            request.version = version
            request.method = Method(llhttp: parser.pointee.method)
        case .response:
            response.version = version
            response.status = Int(parser.pointee.status_code)
            // llhttp would read a body behind those 1xx that it doesn't know (RFC 9112 section 6.3).
            if skipsBody || response.status < 200 { parser.pointee.flags |= UInt16(F_SKIPBODY.rawValue) }
        }
        // `Upgrade` is ignored: the message keeps its own framing and HTTP/1 goes on (RFC 9110 section 7.8).
        parser.pointee.upgrade = 0
        phase = .body
        stop = .head
        return Int32(bitPattern: HPE_PAUSED.rawValue)
    }

    func messageComplete() -> Int32 {
        phase = .beforeMessage
        isBehindStatusLine = false
        headBytesSeen = 0
        stop = .messageEnd
        return Int32(bitPattern: HPE_PAUSED.rawValue)
    }

    private func fail(_ failure: ParseFailure) -> Int32 {
        self.failure = failure
        return Int32(bitPattern: HPE_USER.rawValue)
    }
}

extension Method {
    /// By llhttp's numbers, which are part of its interface.
    fileprivate init(llhttp number: UInt8) {
        switch llhttp_method_t(rawValue: UInt32(number)) {
        case HTTP_GET: self = .get
        case HTTP_HEAD: self = .head
        case HTTP_POST: self = .post
        case HTTP_PUT: self = .put
        case HTTP_PATCH: self = .patch
        case HTTP_DELETE: self = .delete
        case HTTP_OPTIONS: self = .options
        case HTTP_CONNECT: self = .connect
        case HTTP_TRACE: self = .trace
        default: self = .unsupported
        }
    }
}
