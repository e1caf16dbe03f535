// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// When the next token of each stream is due, to the microsecond. On the loop's wheel a thousand streams would all send
/// in the same millisecond of eight, which no real runner does and which would flatter whoever stands in front of it.
final class TokenClock {
    private struct Entry {
        var due: Instant
        /// Held until then, even if its stream is cut before.
        var connection: SimulatedConnection
    }

    /// A binary heap, the earliest first.
    private var entries: [Entry] = []
    private let loop: Loop
    private var alarm: Alarm?
    private var setTo = Instant.distantFuture
    private var isRinging = false

    /// - Throws: `UVError` when no timer can be made.
    init(loop: Loop) throws(UVError) {
        self.loop = loop
        alarm = try Alarm(loop: loop) { [unowned self] in ring() }
    }

    /// The runner is closed: nobody waits any more.
    func close() {
        alarm = nil
        entries = []
    }

    func wake(_ connection: SimulatedConnection, at due: Instant) {
        entries.append(Entry(due: due, connection: connection))
        var place = entries.count - 1
        while place > 0, entries[place].due < entries[(place - 1) / 2].due {
            entries.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
        setAlarm()
    }

    private func ring() {
        setTo = .distantFuture
        isRinging = true
        let now = loop.exactNow
        while let first = entries.first, first.due <= now {
            removeFirst()
            first.connection.tokenIsDue()
        }
        isRinging = false
        setAlarm()
    }

    private func setAlarm() {
        // Streams that were woken wait again: set once for all of them.
        guard !isRinging, let first = entries.first, first.due < setTo else { return }
        setTo = first.due
        alarm?.set(to: first.due)
    }

    private func removeFirst() {
        let last = entries.removeLast()
        guard !entries.isEmpty else { return }
        entries[0] = last
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < entries.count && entries[child].due < entries[least].due {
                least = child
            }
            if least == place { return }
            entries.swapAt(place, least)
            place = least
        }
    }
}
