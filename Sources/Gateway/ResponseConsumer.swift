// SPDX-License-Identifier: MIT

import GatewayCore

/// Whoever waits for the response on a runner's connection: a client's exchange, or the reader of a list. A class, so
/// that a chunk costs one virtual call.
class ResponseConsumer {
    /// The connection is open. `isReused`: it carried other exchanges before.
    func connected(isReused: Bool) {}
    /// The connection could not be opened, broke, or carried something that is no HTTP. It is closed already.
    func connectionFailed(_ failure: RunnerFailure, reason: String) {}
    /// The connection could not be opened for want of a file descriptor, which is no fault of the runner's.
    func noDescriptorFree() {
        connectionFailed(.connectFailed, reason: "no file descriptor is free (ulimit -n)")
    }
    /// What `send` could not hand to the socket at once has left.
    func requestSent() {}
    /// The head of the final response. The consumer may close or give up the connection here.
    func headReceived(_ head: ResponseHead, _ checked: ResponseRules.CheckedResponse) {}
    /// A read was parsed: its body, if any, is in the loop's splice buffer. `isLast`: the response has ended.
    /// `hasMoreBytes`: behind its end stood bytes that nobody asked for.
    func readParsed(isLast: Bool, hasMoreBytes: Bool) {}
    /// The deadline that the consumer set on the connection has passed.
    func deadlineReached() {}
}
