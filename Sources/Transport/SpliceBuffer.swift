// SPDX-License-Identifier: MIT

public import GatewayCore

/// Where a piece of a response is put together so that it goes out in one write: `[head][chunk size]body[chunk end]`.
///
/// The body is laid down at a fixed place while the parser walks through a read; what stands before it is put in front
/// once its length is known. One per loop: it holds nothing between two reads.
public final class SpliceBuffer {
    /// Room for a response head in front of the body, bytes. Heads longer than this are refused by the parser's limit.
    public static let headRoom = 72 * 1024
    private static let chunkSizeRoom = 18
    private static let bodyStart = headRoom + chunkSizeRoom
    private static let tailRoom = 8

    private let memory: UnsafeMutableRawBufferPointer
    private var end = SpliceBuffer.bodyStart
    private var noHead = OutputBuffer(capacity: 1)

    public init() {
        memory = .allocate(
            byteCount: SpliceBuffer.bodyStart + Loop.readBufferBytes + SpliceBuffer.tailRoom, alignment: 64)
    }

    deinit {
        memory.deallocate()
    }

    public func begin() {
        end = SpliceBuffer.bodyStart
    }

    /// Bytes of body so far.
    @inline(__always)
    public var bodyCount: Int { end - SpliceBuffer.bodyStart }

    /// One read's worth fits by construction; more is a bug of ours, not of a peer.
    @inline(__always)
    public func append(_ bytes: UnsafeRawBufferPointer) {
        precondition(end + bytes.count <= memory.count - SpliceBuffer.tailRoom, "more body than one read can hold")
        guard let source = bytes.baseAddress, let target = memory.baseAddress else { return }
        (target + end).copyMemory(from: source, byteCount: bytes.count)
        end += bytes.count
    }

    /// The body so far, e.g. to look for its closing event.
    public var body: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[SpliceBuffer.bodyStart..<end])
    }

    /// The whole piece: `head` in front (may be empty, and is used up), the body as one chunk if asked for, the last chunk
    /// behind it. Valid until the next `begin`.
    public func finish(head: inout OutputBuffer, chunked: Bool, isLast: Bool) -> UnsafeRawBufferPointer {
        var start = SpliceBuffer.bodyStart
        var stop = end
        if chunked {
            if stop > start {
                let count = stop - start
                put("\r\n", at: stop)
                stop += 2
                start = putChunkSize(count, before: start)
            }
            if isLast {
                put("0\r\n\r\n", at: stop)
                stop += 5
            }
        }
        if !head.isEmpty {
            precondition(head.count <= SpliceBuffer.headRoom, "the parser bounds heads below this")
            start -= head.count
            UnsafeMutableRawBufferPointer(rebasing: memory[start..<(start + head.count)]).copyMemory(from: head.bytes)
            head.removeAll()
        }
        return UnsafeRawBufferPointer(rebasing: memory[start..<stop])
    }

    /// As above, with nothing in front.
    public func finish(chunked: Bool, isLast: Bool) -> UnsafeRawBufferPointer {
        finish(head: &noHead, chunked: chunked, isLast: isLast)
    }

    /// Upper-case hexadecimal without leading zeros and CR LF (RFC 9112 section 7.1). Returns where it starts.
    private func putChunkSize(_ count: Int, before position: Int) -> Int {
        var start = position - 2
        put("\r\n", at: start)
        var rest = count
        repeat {
            start -= 1
            let digit = UInt8(truncatingIfNeeded: rest & 15)
            memory[start] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10
            rest >>= 4
        } while rest > 0
        return start
    }

    private func put(_ text: StaticString, at position: Int) {
        for index in 0..<text.utf8CodeUnitCount { memory[position + index] = text.utf8Start[index] }
    }
}
