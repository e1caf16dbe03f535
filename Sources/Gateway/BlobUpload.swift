// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// A client's body on its way to several runners in one pass: nothing is kept of it but what some runner's socket did
/// not take, and until that has left, the client isn't read. So the slowest sets the pace; one that takes nothing at all
/// for `timeouts.client_write` is given up.
final class BlobUpload {
    private unowned let client: ClientConnection
    private let isChunked: Bool
    /// What came before all runners were connected to; at most what one read brings, or what was pipelined.
    private var early: [UInt8] = []
    private var hasBegun = false
    private var hasEnded = false

    init(client: ClientConnection, isChunked: Bool) {
        self.client = client
        self.isChunked = isChunked
    }

    /// Every runner that can be reached has the request's head.
    func begin(_ calls: [RunnerCall]) {
        guard !hasBegun else { return }
        hasBegun = true
        var rest = early[...]
        early = []
        repeat {
            let piece = rest.prefix(Loop.readBufferBytes)
            rest = rest.dropFirst(piece.count)
            client.loop.splice.begin()
            piece.withUnsafeBytes { client.loop.splice.append($0) }
            _ = send(isLast: hasEnded && rest.isEmpty, calls)
        } while !rest.isEmpty
        settle(calls)
    }

    /// A read of the client was parsed: its part of the body, if any, is in the loop's splice buffer.
    func arrived(isLast: Bool, _ calls: [RunnerCall]) {
        hasEnded = isLast
        guard hasBegun else { return early.append(contentsOf: client.loop.splice.body) }
        if !send(isLast: isLast, calls) { client.pauseUpload() }
    }

    /// A runner took what was held for it, or has left: the client may go on once nobody is behind.
    func settle(_ calls: [RunnerCall]) {
        if hasBegun, !calls.contains(where: { !$0.isOver && $0.heldBytes > 0 }) { client.resumeUpload() }
    }

    /// Says whether all runners took it.
    private func send(isLast: Bool, _ calls: [RunnerCall]) -> Bool {
        let bytes = client.loop.splice.finish(chunked: isChunked, isLast: isLast)
        var isTaken = true
        for call in calls where !call.isOver { isTaken = call.upload(bytes) && isTaken }
        return isTaken
    }
}
