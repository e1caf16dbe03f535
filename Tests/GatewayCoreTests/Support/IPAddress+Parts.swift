// SPDX-License-Identifier: MIT

import GatewayCore

extension IPAddress {
    static func v4(_ value: UInt32) -> IPAddress { IPAddress(high: 0, low: 0xFFFF_0000_0000 | UInt64(value)) }
    static func v6(_ high: UInt64, _ low: UInt64) -> IPAddress { IPAddress(high: high, low: low) }
}
