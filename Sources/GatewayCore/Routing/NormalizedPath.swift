// SPDX-License-Identifier: MIT

/// The one spelling of a path that routes are compared with: percent-decoded once, repeated slashes and a trailing one
/// dropped, so `//api/%63hat/` reads `/api/chat` and the root path is empty. Nothing is redirected, because after a 301
/// many clients repeat a POST as a GET (oa section 2).
enum NormalizedPath {
    /// Writes to `output`, which must be as long as `path`; returns the bytes written.
    ///
    /// - Throws: 400 for what two readers could take for two different paths: dot segments, an encoded slash, encoded
    ///   control characters, an escape that is none.
    static func write(
        _ path: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer
    ) throws(GatewayError) -> Int {
        let slash = UInt8(ascii: "/")
        var written = 0
        var segmentStart = 0
        var index = 0
        while index < path.count {
            var byte = path[index]
            if byte == slash {
                written = try endSegment(output, from: segmentStart, to: written)
                output[written] = slash
                written += 1
                segmentStart = written
                index += 1
                continue
            }
            if byte == UInt8(ascii: "%") {
                byte = try decoded(path, at: index)
                index += 3
            } else {
                index += 1
            }
            output[written] = byte
            written += 1
        }
        return try endSegment(output, from: segmentStart, to: written)
    }

    /// Drops an empty segment with the slash before it; returns where the next one is written.
    private static func endSegment(
        _ output: UnsafeMutableRawBufferPointer, from start: Int, to end: Int
    ) throws(GatewayError) -> Int {
        let dot = UInt8(ascii: ".")
        switch end - start {
        case 0: return max(0, start - 1)
        case 1 where output[start] == dot, 2 where output[start] == dot && output[start + 1] == dot:
            throw .path("The path contains a '.' or '..' segment; write the path it stands for.")
        default: return end
        }
    }

    private static func decoded(_ path: UnsafeRawBufferPointer, at index: Int) throws(GatewayError) -> UInt8 {
        guard index + 2 < path.count, let high = ASCII.hexadecimal(path[index + 1]),
            let low = ASCII.hexadecimal(path[index + 2])
        else {
            throw .path("The path contains a '%' without two hexadecimal digits behind it; write it as %25.")
        }
        let byte = high << 4 | low
        guard byte != UInt8(ascii: "/") else {
            throw .path("The path contains an encoded slash (%2F); names with a slash go in the body.")
        }
        guard byte >= 0x20, byte != 0x7F else {
            throw .path("The path contains an encoded control character.")
        }
        return byte
    }
}
