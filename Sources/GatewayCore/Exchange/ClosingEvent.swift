// SPDX-License-Identifier: MIT

/// Finds out whether a streamed answer was whole. When Ollama's model runner dies, the stream still ends cleanly: only
/// the closing event tells (Ollama 0.5.4 and its sources: `"done":true` in NDJSON, `data: [DONE]` in SSE).
///
/// It sees each read once and looks at its end only, so a long answer costs nothing per byte.
public struct ClosingEventScanner: Sendable {
    public enum Kind: Equatable, Sendable {
        /// Whole when its framing says so.
        case none
        case ndjson
        case serverSentEvents
    }

    public let kind: Kind
    public private(set) var wasSeen: Bool
    /// The last bytes of the read before, as the event may be split over two.
    private var carry: (UInt64, UInt64, UInt64) = (0, 0, 0)
    private var carryCount = 0

    /// The last line of `/api/generate` may hold a long `context` behind `"done":true`, so more than a line's end.
    private static let tailBytes = 8192
    private static let carryBytes = 24

    public init(kind: Kind) {
        self.kind = kind
        wasSeen = kind == .none
    }

    /// By the response's status and Content-Type; an error has no closing event.
    public init(_ head: ResponseHead) {
        if head.status == 200, head.headers.hasContentType("application/x-ndjson") {
            self.init(kind: .ndjson)
        } else if head.status == 200, head.headers.hasContentType("text/event-stream") {
            self.init(kind: .serverSentEvents)
        } else {
            self.init(kind: .none)
        }
    }

    /// `"done":true` can't stand inside a JSON string, whose quotes are escaped. Nested in a tool call's arguments it
    /// would be taken for the end, which only means that a death just behind it goes uncounted.
    public mutating func bytesPassed(_ bytes: UnsafeRawBufferPointer) {
        guard !wasSeen, !bytes.isEmpty else { return }
        let tail = UnsafeRawBufferPointer(rebasing: bytes.suffix(ClosingEventScanner.tailBytes))
        wasSeen = contains(tail) || (carryCount > 0 && isSplitOver(bytes))
        keepCarry(of: bytes)
    }

    private func contains(_ bytes: UnsafeRawBufferPointer) -> Bool {
        switch kind {
        case .none: true
        case .ndjson: ClosingEventScanner.find("\"done\":true", or: "\"done\": true", in: bytes)
        case .serverSentEvents: ClosingEventScanner.find("data: [DONE]", or: "data:[DONE]", in: bytes)
        }
    }

    private func isSplitOver(_ bytes: UnsafeRawBufferPointer) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 2 * ClosingEventScanner.carryBytes, alignment: 8) { joined in
            withUnsafeBytes(of: carry) { carried in
                for index in 0..<carryCount { joined[index] = carried[index] }
            }
            let head = bytes.prefix(ClosingEventScanner.carryBytes)
            for (index, byte) in head.enumerated() { joined[carryCount + index] = byte }
            return contains(UnsafeRawBufferPointer(rebasing: joined[..<(carryCount + head.count)]))
        }
    }

    private mutating func keepCarry(of bytes: UnsafeRawBufferPointer) {
        let capacity = ClosingEventScanner.carryBytes
        let fresh = bytes.suffix(capacity)
        let kept = min(carryCount, capacity - fresh.count)
        let dropped = carryCount - kept
        withUnsafeMutableBytes(of: &carry) { carried in
            for index in 0..<kept { carried[index] = carried[index + dropped] }
            for (index, byte) in fresh.enumerated() { carried[kept + index] = byte }
        }
        carryCount = kept + fresh.count
    }

    /// Walks the quotes or `d`s only: both needles share their first byte.
    private static func find(_ needle: StaticString, or other: StaticString, in bytes: UnsafeRawBufferPointer) -> Bool {
        let first = needle.utf8Start[0]
        let shortest = min(needle.utf8CodeUnitCount, other.utf8CodeUnitCount)
        guard bytes.count >= shortest else { return false }
        // From the end: the closing event is near it.
        var index = bytes.count - shortest
        while index >= 0 {
            if bytes[index] == first, begins(needle, bytes, at: index) || begins(other, bytes, at: index) {
                return true
            }
            index -= 1
        }
        return false
    }

    private static func begins(_ needle: StaticString, _ bytes: UnsafeRawBufferPointer, at start: Int) -> Bool {
        guard start + needle.utf8CodeUnitCount <= bytes.count else { return false }
        for offset in 1..<needle.utf8CodeUnitCount where bytes[start + offset] != needle.utf8Start[offset] {
            return false
        }
        return true
    }
}
