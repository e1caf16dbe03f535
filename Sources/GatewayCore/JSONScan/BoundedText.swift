// SPDX-License-Identifier: MIT

/// The little of a body that is kept: one key, name or number at a time. Beyond its bound it gives up and says so, so
/// that a stranger can't make it grow.
struct BoundedText: Sendable {
    private(set) var bytes: [UInt8] = []
    /// More came than may be kept; `bytes` is empty then.
    private(set) var isTooLong = false
    /// Nil: nothing is being kept.
    private var limit: Int?

    /// Starts anew; the memory of before is used again.
    mutating func begin(keeping limit: Int?) {
        if !bytes.isEmpty { bytes.removeAll(keepingCapacity: true) }
        isTooLong = false
        self.limit = limit
    }

    var isKeeping: Bool { limit != nil }

    /// True, too, where nothing is kept.
    func hasRoom(for count: Int) -> Bool { limit.map { count <= $0 - bytes.count } ?? true }

    /// - Parameter body: gets nil for what was too long.
    func withBytes(_ body: (UnsafeRawBufferPointer?) throws(ScanError) -> Void) throws(ScanError) {
        guard !isTooLong else { return try body(nil) }
        try bytes.withUnsafeBufferPointer { bytes throws(ScanError) in try body(UnsafeRawBufferPointer(bytes)) }
    }

    mutating func append(_ piece: Slice<UnsafeRawBufferPointer>) {
        guard makeRoom(for: piece.count) else { return }
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece))
    }

    mutating func append(_ byte: UInt8) {
        guard makeRoom(for: 1) else { return }
        bytes.append(byte)
    }

    mutating func append(_ scalar: Unicode.Scalar) {
        guard makeRoom(for: UTF8.width(scalar)) else { return }
        bytes.append(contentsOf: String(scalar).utf8)
    }

    private mutating func makeRoom(for count: Int) -> Bool {
        guard let limit else { return false }
        if count <= limit - bytes.count { return true }
        begin(keeping: nil)
        isTooLong = true
        return false
    }
}
