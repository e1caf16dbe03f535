// SPDX-License-Identifier: MIT

import CUV

/// The C library's heap, as whoever holds large blocks again and again sees it (mallopt(3)).
public enum Heap {
    /// At most this much stays with the process once it is free, and larger blocks never do.
    private static let keptBytes: Int32 = 64 << 20
    /// What the C library begins with.
    private static let usuallyKeptBytes: Int32 = 128 << 10

    /// From now on blocks come from the heap, and it keeps them when they are freed. Blocks that the system maps anew
    /// each time cost a page fault for each of their pages.
    ///
    /// - Returns: false where the C library can't do so.
    @discardableResult
    public static func keepFreedBlocks() -> Bool {
        mallopt(M_MMAP_THRESHOLD, keptBytes) == 1 && mallopt(M_TRIM_THRESHOLD, keptBytes) == 1
    }

    /// The system gets back what is free; what is freed from now on goes back as it used to.
    public static func giveBackFreedBlocks() {
        mallopt(M_TRIM_THRESHOLD, usuallyKeptBytes)
        malloc_trim(0)
    }
}
