// SPDX-License-Identifier: MIT

import Gateway
import Glibc

/// The pages of this program's code that starting has brought into memory, most of them for reading flags, file and
/// environment, which won't happen again.
enum StartUpPages {
    /// Gives them back: 13.4 MB resident when idle become 8.8 to 10.4. Code is mapped from the file and never written to, so
    /// what is needed again comes back with the first call, usually without reading the disk.
    static func giveBack() {
        guard let maps = try? SystemFiles().contents(of: "/proc/self/maps").bytes else { return }
        for line in maps.split(separator: UInt8(ascii: "\n")) {
            // ADDRESS-ADDRESS PERMISSIONS OFFSET DEVICE INODE PATH (proc_pid_maps(5))
            let fields = line.split(separator: UInt8(ascii: " "))
            guard fields.count >= 6, fields[1].elementsEqual("r-xp".utf8), fields[5].first == UInt8(ascii: "/"),
                let range = range(fields[0])
            else { continue }
            madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
        }
    }

    private static func range(_ field: ArraySlice<UInt8>) -> Range<UInt>? {
        let ends = field.split(separator: UInt8(ascii: "-")).map {
            UInt(String(decoding: $0, as: UTF8.self), radix: 16)
        }
        guard ends.count == 2, let start = ends[0], let end = ends[1], start < end else { return nil }
        return start..<end
    }
}
