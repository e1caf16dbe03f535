// SPDX-License-Identifier: MIT

/// Finds the operation of a path by its bytes: paths of the same length lie together, and the few there are get
/// compared. No hashing, no `String`, no allocation.
struct PathIndex: Sendable {
    private struct Row: Sendable {
        var start: Int
        var operation: Operation
    }

    private var bytes: [UInt8] = []
    private var rows: [Row] = []
    /// Rows of the paths that are as long as the position says.
    private var byLength: [Range<Int>] = []

    /// Among paths of one length, the earlier ones of `paths` are found faster.
    init(_ paths: [(path: [UInt8], operation: Operation)]) {
        for length in 0...(paths.map(\.path.count).max() ?? 0) {
            let first = rows.count
            for (path, operation) in paths where path.count == length {
                rows.append(Row(start: bytes.count, operation: operation))
                bytes += path
            }
            byLength.append(first..<rows.count)
        }
    }

    func operation(at path: UnsafeRawBufferPointer) -> Operation? {
        guard path.count < byLength.count else { return nil }
        for index in byLength[path.count] where isEqual(path, rows[index].start) { return rows[index].operation }
        return nil
    }

    /// From the end: paths of one length differ there (`/api/tags`, `/api/chat`).
    private func isEqual(_ path: UnsafeRawBufferPointer, _ start: Int) -> Bool {
        var offset = path.count
        while offset > 0 {
            offset -= 1
            if bytes[start + offset] != path[offset] { return false }
        }
        return true
    }
}

/// The paths of one surface.
struct SurfaceIndex: Sendable {
    /// Paths without a part of the client's.
    var plain: PathIndex
    /// Paths that end in one, without it and the slash before it.
    var withArgument: PathIndex

    init(_ surface: Surface) {
        let served = Operation.allCases.filter { !$0.entry.methods(on: surface).isEmpty }
        let paths = served.map { (path: Array($0.entry.pattern.utf8), operation: $0) }
        let colon = UInt8(ascii: ":")
        // The root path is empty once its trailing slash is dropped.
        plain = PathIndex(
            paths.filter { !$0.path.contains(colon) }.map { $0.path.count == 1 ? ([], $0.operation) : $0 })
        withArgument = PathIndex(
            paths.compactMap { path, operation in
                path.firstIndex(of: colon).map { (Array(path[..<($0 - 1)]), operation) }
            })
    }
}
