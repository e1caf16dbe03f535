// SPDX-License-Identifier: MIT

/// Cuts a body into lines while it arrives in pieces.
public struct LineSplitter: Sendable {
    private var rest: [UInt8] = []
    /// A line came that is longer than may be held; nothing more is cut.
    private(set) public var isOverlong = false

    /// Bytes. A line of progress has a few hundred.
    private static let longestLine = 65536

    public init() {}

    /// The lines that end in this piece, line ends included.
    public mutating func lines(in piece: UnsafeRawBufferPointer) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var start = 0
        while !isOverlong, start < piece.count {
            let end = piece[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
            rest += piece[start..<(end ?? piece.count)]
            isOverlong = rest.count > LineSplitter.longestLine
            guard let end else { break }
            lines.append(rest)
            rest = []
            start = end
        }
        return lines
    }

    /// A last line that nothing ended; nil if there is none.
    public mutating func takeLastLine() -> [UInt8]? {
        guard !rest.isEmpty, !isOverlong else { return nil }
        defer { rest = [] }
        return rest + [UInt8(ascii: "\n")]
    }
}
