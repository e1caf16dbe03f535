// SPDX-License-Identifier: MIT

import Glibc

/// Finds the tokens of a streamed answer while it arrives: one line of NDJSON or one event of SSE each. It looks only
/// at the ends of lines and at one time stamp, since the generator must not cost more than what it measures.
public struct TokenLines: Sendable {
    public enum Format: Sendable {
        /// Ollama's: `{"model":…,"created_at":"…",…,"done":false}` a line.
        case ndjson
        /// OpenAI's: `data: {…}` and an empty line; it has no time stamp finer than a second.
        case sse
        /// A body in one piece.
        case none
    }

    public let format: Format
    /// The closing line or event was seen: the answer is whole.
    public private(set) var isEnded = false
    /// A line without end, or one that is neither token nor closing.
    public private(set) var isMalformed = false
    /// The beginning of a line whose end has not arrived.
    private var partial: [UInt8] = []
    /// Where the last line's time stamp began: the next one's does, too.
    private var stampPlace = 0

    /// Far above a token's line, far below what hurts.
    static let longestLine = 1 << 20
    /// The stamp stands behind the model's name.
    private static let stampReach = 512

    public init(_ format: Format) {
        self.format = format
    }

    /// Ready for the next answer.
    public mutating func begin() {
        isEnded = false
        isMalformed = false
        partial.removeAll(keepingCapacity: true)
    }

    /// Calls `token` for each token with the time its line says it was made (see `TimeStamp`), nil without one.
    @inline(__always)
    public mutating func read(_ bytes: UnsafeRawBufferPointer, token: (Int64?) -> Void) {
        guard format != .none else { return }
        var rest = bytes
        while let start = rest.baseAddress, let end = memchr(start, 0x0A, rest.count) {
            let count = UnsafeRawPointer(end) - start
            let line = UnsafeRawBufferPointer(start: start, count: count)
            if partial.isEmpty {
                take(line, token)
            } else {
                partial.append(contentsOf: line)
                let whole = partial
                partial.removeAll(keepingCapacity: true)
                whole.withUnsafeBytes { take($0, token) }
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[(count + 1)...])
        }
        guard partial.count + rest.count <= TokenLines.longestLine else { return isMalformed = true }
        partial.append(contentsOf: rest)
    }

    @inline(__always)
    private mutating func take(_ line: UnsafeRawBufferPointer, _ token: (Int64?) -> Void) {
        switch format {
        case .ndjson:
            if line.ends(with: #""done":false}"#) {
                token(stamp(of: line))
            } else if line.find(#""done":true"#, within: line.count) != nil {
                isEnded = true
            } else if !line.isEmpty {
                isMalformed = true
            }
        case .sse:
            if line.isEmpty || !line.starts(with: "data: ") { return }
            if line.ends(with: #""finish_reason":null}]}"#) {
                token(nil)
            } else if line.ends(with: "data: [DONE]") {
                isEnded = true
            }
        case .none: break
        }
    }

    private mutating func stamp(of line: UnsafeRawBufferPointer) -> Int64? {
        let name: StaticString = #""created_at":""#
        if !line.holds(name, at: stampPlace) {
            guard let place = line.find(name, within: TokenLines.stampReach) else { return nil }
            stampPlace = place
        }
        let start = stampPlace + name.utf8CodeUnitCount
        return TimeStamp.withinHour(UnsafeRawBufferPointer(rebasing: line[start...]))
    }
}

extension UnsafeRawBufferPointer {
    func holds(_ text: StaticString, at place: Int) -> Bool {
        guard let base = baseAddress, place >= 0, place + text.utf8CodeUnitCount <= count else { return false }
        return memcmp(base + place, text.utf8Start, text.utf8CodeUnitCount) == 0
    }

    func starts(with text: StaticString) -> Bool { holds(text, at: 0) }
    func ends(with text: StaticString) -> Bool { holds(text, at: count - text.utf8CodeUnitCount) }

    /// Where the text begins, if that is within the first bytes.
    func find(_ text: StaticString, within limit: Int) -> Int? {
        let last = Swift.min(count, limit) - text.utf8CodeUnitCount
        guard last >= 0 else { return nil }
        return (0...last).first { holds(text, at: $0) }
    }
}
