// SPDX-License-Identifier: MIT

/// The small writes of one turn of the loop, sent one right behind the other at its end, instead of each between the
/// parsing of two messages: the kernel's way through a socket and ours through a message each stay in the processor's
/// caches (docs/performance.md has the figures). The first write of a turn leaves at once, since there may be no second.
///
/// Nothing waits for longer than sixteen messages take: the batch is sent when it is full.
final class SendBatch {
    private struct Entry {
        /// Not retained: a stream sends the batch before it closes.
        var stream: Unmanaged<ByteStream>
        var count: Int
    }

    /// A larger write leaves at once: its way is long enough.
    static let largestWrite = 4096
    private static let capacity = 16

    private let bytes = UnsafeMutableRawPointer.allocate(byteCount: capacity * largestWrite, alignment: 64)
    private let entries = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
    @exclusivity(unchecked) private var entryCount = 0
    @exclusivity(unchecked) private var byteCount = 0
    @exclusivity(unchecked) private var isFirstWrite = true

    deinit {
        bytes.deallocate()
        entries.deallocate()
    }

    /// Takes a copy for later; false: the write is to be sent now.
    @inline(__always)
    func take(_ write: UnsafeRawBufferPointer, of stream: ByteStream) -> Bool {
        if isFirstWrite {
            isFirstWrite = false
            return false
        }
        guard write.count <= SendBatch.largestWrite, let source = write.baseAddress else { return false }
        (bytes + byteCount).copyMemory(from: source, byteCount: write.count)
        (entries + entryCount).initialize(to: Entry(stream: .passUnretained(stream), count: write.count))
        byteCount += write.count
        entryCount += 1
        stream.isBatched = true
        if entryCount == SendBatch.capacity { send() }
        return true
    }

    /// Calls nobody but the streams' `sendBatched`, so it may be called at any place.
    func send() {
        var offset = 0
        for number in 0..<entryCount {
            let count = entries[number].count
            let part = UnsafeRawBufferPointer(start: bytes + offset, count: count)
            entries[number].stream._withUnsafeGuaranteedRef { $0.sendBatched(part) }
            offset += count
        }
        entryCount = 0
        byteCount = 0
    }

    @inline(__always)
    func endTurn() {
        if entryCount > 0 { send() }
        isFirstWrite = true
    }
}
