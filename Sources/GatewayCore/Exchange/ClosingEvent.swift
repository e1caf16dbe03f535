// SPDX-License-Identifier: MIT

/// Finds out whether a streamed answer was whole. When Ollama's model runner dies, the stream still ends cleanly: only
/// the closing event tells. In NDJSON that is `"done":true`; in SSE a line `data: [DONE]`, or, from `/v1/messages` and
/// `/v1/responses`, `event: message_stop` and `event: response.completed` (or `failed`, which is an end, too).
///
/// Each read is looked through once, 32 bytes at a time; nothing is kept of it but its last bytes.
public struct ClosingEventScanner: Sendable {
    public enum Kind: Equatable, Sendable {
        /// Whole when its framing says so.
        case none
        case ndjson
        case serverSentEvents
    }

    public let kind: Kind
    public private(set) var wasSeen: Bool
    /// The last bytes of the reads before, as an event may be split over any number of them.
    private var carry: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private var carryCount = 0

    /// No event is longer, the end of the line before it included.
    private static let carryBytes = 32

    public init(kind: Kind) {
        self.kind = kind
        wasSeen = kind == .none
        // The first line begins a line, too.
        if kind != .none { withUnsafeBytes(of: UInt8(ascii: "\n")) { keepCarry(of: $0) } }
    }

    /// By the response's status and Content-Type; an error has no closing event.
    public init(_ head: borrowing ResponseHead) {
        if head.status == 200, head.headers.hasContentType("application/x-ndjson") {
            self.init(kind: .ndjson)
        } else if head.status == 200, head.headers.hasContentType("text/event-stream") {
            self.init(kind: .serverSentEvents)
        } else {
            self.init(kind: .none)
        }
    }

    public mutating func bytesPassed(_ bytes: UnsafeRawBufferPointer) {
        guard kind != .none, !bytes.isEmpty, !isPlainToken(bytes) else { return }
        lookWhereReadsMeet(bytes)
        look(bytes)
        keepCarry(of: bytes)
    }

    /// The usual read of a stream, whole lines of which the last one says that more will come: a comparison of its end.
    private mutating func isPlainToken(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard kind == .ndjson, ClosingEventScanner.ends(bytes, with: "\"done\":false}\n") else { return false }
        wasSeen = false
        carryCount = 0
        return true
    }

    // MARK: Looking

    private mutating func look(_ bytes: UnsafeRawBufferPointer) {
        var at = Candidates.next(kind, in: bytes, from: Candidates.first(kind, in: bytes))
        while at < bytes.count {
            switch kind {
            case .none: break
            case .ndjson:
                // The last one counts: Ollama writes `done` behind the message, in whose tool calls anything may stand.
                if let isDone = ClosingEventScanner.done(bytes, at: at) { wasSeen = isDone }
            case .serverSentEvents:
                wasSeen = wasSeen || ClosingEventScanner.isClosingLine(bytes, at: at + 1)
            }
            at = Candidates.next(kind, in: bytes, from: at + 1)
        }
    }

    /// What ends in this read and began before it.
    private mutating func lookWhereReadsMeet(_ bytes: UnsafeRawBufferPointer) {
        let capacity = ClosingEventScanner.carryBytes
        withUnsafeTemporaryAllocation(byteCount: 2 * capacity, alignment: 8) { joined in
            withUnsafeBytes(of: carry) { joined.copyMemory(from: $0) }
            let head = min(bytes.count, capacity)
            UnsafeMutableRawBufferPointer(rebasing: joined[carryCount...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<head]))
            look(UnsafeRawBufferPointer(rebasing: joined[..<(carryCount + head)]))
        }
    }

    private mutating func keepCarry(of bytes: UnsafeRawBufferPointer) {
        let capacity = ClosingEventScanner.carryBytes
        let fresh = UnsafeRawBufferPointer(rebasing: bytes.suffix(capacity))
        let kept = min(carryCount, capacity - fresh.count)
        let dropped = carryCount - kept
        withUnsafeMutableBytes(of: &carry) { carried in
            for index in 0..<kept { carried[index] = carried[index + dropped] }
            UnsafeMutableRawBufferPointer(rebasing: carried[kept...]).copyMemory(from: fresh)
        }
        carryCount = kept + fresh.count
    }

    // MARK: Recognising

    /// The value of the `done` that begins here; nil: there is none, or not all of it is here yet. In a JSON string
    /// this can't stand: its quotes are escaped.
    private static func done(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Bool? {
        guard begins("\"done\":", bytes, at: start) else { return nil }
        var value = start + 7
        if value < bytes.count, bytes[value] == 0x20 { value += 1 }
        if begins("true", bytes, at: value) { return true }
        return begins("false", bytes, at: value) ? false : nil
    }

    /// An event's fields begin a line, so what an answer quotes, always in a JSON string, doesn't count. The blank is
    /// optional (WHATWG HTML, section 9.2.6).
    private static func isClosingLine(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Bool {
        if begins("data:", bytes, at: start) {
            return begins("[DONE]", bytes, at: skippingBlank(bytes, at: start + 5))
        }
        guard begins("event:", bytes, at: start) else { return false }
        let name = skippingBlank(bytes, at: start + 6)
        if begins("message_stop", bytes, at: name) { return true }
        guard begins("response.", bytes, at: name) else { return false }
        return begins("completed", bytes, at: name + 9) || begins("failed", bytes, at: name + 9)
            || begins("incomplete", bytes, at: name + 9)
    }

    private static func skippingBlank(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Int {
        index < bytes.count && bytes[index] == 0x20 ? index + 1 : index
    }

    private static func ends(_ bytes: UnsafeRawBufferPointer, with end: StaticString) -> Bool {
        let start = bytes.count - end.utf8CodeUnitCount
        return start >= 0 && begins(end, bytes, at: start)
    }

    private static func begins(_ event: StaticString, _ bytes: UnsafeRawBufferPointer, at start: Int) -> Bool {
        let count = event.utf8CodeUnitCount
        guard start + count <= bytes.count else { return false }
        for offset in 0..<count where bytes[start + offset] != event.utf8Start[offset] { return false }
        return true
    }
}

/// Finds the few places where a closing event may begin: in NDJSON a key that begins with `d` in one of the last two
/// lines, in SSE a line's end.
private enum Candidates {
    /// Where to begin. Of NDJSON only the last `done` counts, so what stands before the last whole line says nothing.
    static func first(_ kind: ClosingEventScanner.Kind, in bytes: UnsafeRawBufferPointer) -> Int {
        guard kind == .ndjson else { return 0 }
        var ends = 0
        var at = bytes.count - 1
        while at > 0 {
            // Blank lines don't count as lines: however many follow, the last one with something in it is looked at.
            if bytes[at - 1] == UInt8(ascii: "\n"), bytes[at] != UInt8(ascii: "\n") {
                ends += 1
                if ends == 2 { return at }
            }
            at -= 1
        }
        return 0
    }

    /// The next one from `start` on, or the bytes' count.
    static func next(_ kind: ClosingEventScanner.Kind, in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = start
        switch kind {
        case .none: return bytes.count
        case .ndjson:
            while at < bytes.count, !isKey(bytes, at) { at += 1 }
        case .serverSentEvents:
            while at + 32 <= bytes.count, !hasLineEnd(bytes, block: at) { at += 32 }
            while at < bytes.count, bytes[at] != UInt8(ascii: "\n"), bytes[at] != UInt8(ascii: "\r") { at += 1 }
        }
        return at
    }

    private static func isKey(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Bool {
        bytes[at] == UInt8(ascii: "\"") && at + 1 < bytes.count && bytes[at + 1] == UInt8(ascii: "d")
    }

    /// No false negatives; a borrow of the subtraction may give a false positive, which costs a look at each byte. Words
    /// and subtraction, since the comparisons of `SIMD32<UInt8>` cost a hundred times as much with this compiler
    /// (measured with callgrind).
    @inline(__always)
    private static func hasLineEnd(_ bytes: UnsafeRawBufferPointer, block: Int) -> Bool {
        let words = bytes.loadUnaligned(fromByteOffset: block, as: SIMD4<UInt64>.self)
        let ones = SIMD4<UInt64>(repeating: 0x0101_0101_0101_0101)
        let lineFeeds = words ^ (ones &* 0x0A)
        let returns = words ^ (ones &* 0x0D)
        let marks = ((lineFeeds &- ones) & ~lineFeeds) | ((returns &- ones) & ~returns)
        let found = marks & (ones &* 0x80)
        return (found[0] | found[1]) | (found[2] | found[3]) != 0
    }
}
