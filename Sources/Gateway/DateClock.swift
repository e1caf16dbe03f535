// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc

/// The `Date` field's value, made once per second.
final class DateClock {
    private var value: [UInt8] = []
    private var madeIn = Int64.min

    func date(at now: Instant) -> [UInt8] {
        let second = now.nanoseconds / 1_000_000_000
        if second != madeIn {
            madeIn = second
            value = HTTPDate.bytes(unixSeconds: Int64(time(nil)))
        }
        return value
    }
}
