// SPDX-License-Identifier: MIT

/// What answers a client's request with the help of runners. The client's connection tells it what happens there.
protocol ClientExchange: AnyObject {
    /// The request is whole, or as much of it as the exchange wants to have before it begins.
    func begin()
    /// The client took everything that was held for it.
    func clientDrained()
    /// The client closed its connection or stopped taking bytes, or the gateway stops.
    func clientGone()
}
