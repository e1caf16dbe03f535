// SPDX-License-Identifier: MIT

import GatewayCore

/// What answers a client's request with the help of runners. The client's connection tells it what happens there.
protocol ClientExchange: AnyObject {
    /// The request is whole, or as much of it as the exchange wants to have before it begins.
    func begin()
    /// The client took everything that was held for it.
    func clientDrained()
    /// The client closed its connection or stopped taking bytes, or the gateway stops.
    func clientGone()
    /// It had, has or may still have something to do with the runner of this number, so nobody else may get it.
    func refers(to runner: Int) -> Bool
    /// More of a body arrived that is passed on; it is in the loop's splice buffer, and may be nothing.
    func uploadArrived(isLast: Bool)
    /// The rest of such a body is wrong, or doesn't come.
    func uploadFailed(_ error: GatewayError)
}

/// Most want the whole body before they begin.
extension ClientExchange {
    func uploadArrived(isLast: Bool) {}
    func uploadFailed(_ error: GatewayError) {}
}
