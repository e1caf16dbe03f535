// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// While large bodies come, the memory that held the last ones is kept for the next: mapping 10 MB anew costs more than
/// all else that is done with such a body here. When none has come for a while, the system gets it back.
final class LargeBodies: Timed {
    static let least = 1 << 20
    static let quiet = Interval.seconds(10)

    private(set) var isKeeping = false
    private let keep: () -> Void
    private let giveBack: () -> Void

    /// - Parameters: what is done with memory, for tests another.
    init(
        loop: Loop, keep: @escaping () -> Void = { Heap.keepFreedBlocks() },
        giveBack: @escaping () -> Void = Heap.giveBackFreedBlocks
    ) {
        self.keep = keep
        self.giveBack = giveBack
        super.init(loop: loop)
    }

    /// So many bytes are about to be held.
    func expect(_ count: Int) {
        guard count >= LargeBodies.least else { return }
        if !isKeeping {
            isKeeping = true
            keep()
        }
        setDeadline(loop.now + LargeBodies.quiet)
    }

    override func deadlineReached(at now: Instant) {
        isKeeping = false
        giveBack()
    }

    func stop() {
        setDeadline(.distantFuture)
    }
}
