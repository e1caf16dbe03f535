// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// A client's body on its way to several runners in one pass: nothing is kept of it but what some runner's socket did
/// not take, and until that has left, the client isn't read. So the slowest sets the pace; one that takes nothing at all
/// for `timeouts.client_write` is given up.
final class BlobUpload {
    private unowned let client: ClientConnection
    private let isChunked: Bool
    /// What came before all runners were connected to; at most what one read brings.
    private var early: [UInt8] = []
    private var hasBegun = false
    private var hasEnded = false

    init(client: ClientConnection, isChunked: Bool) {
        self.client = client
        self.isChunked = isChunked
        client.pauseBody()
    }

    /// Every runner that can be reached has the request's head.
    func begin(_ calls: [RunnerCall]) {
        guard !hasBegun else { return }
        hasBegun = true
        let early = self.early
        self.early = []
        early.withUnsafeBytes { _ = pass($0, calls) }
        if hasEnded { passEnd(calls) }
        settle(calls)
    }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer, _ calls: [RunnerCall]) {
        guard hasBegun else {
            early.append(contentsOf: bytes)
            return
        }
        if !pass(bytes, calls) { client.pauseBody() }
    }

    func bodyEnded(_ calls: [RunnerCall]) {
        hasEnded = true
        if hasBegun { passEnd(calls) }
    }

    /// A runner took what was held for it, or has left: the client may go on once nobody is behind.
    func settle(_ calls: [RunnerCall]) {
        if hasBegun, !calls.contains(where: { !$0.isOver && $0.heldBytes > 0 }) { client.resumeBody() }
    }

    /// Says whether all runners took it.
    private func pass(_ bytes: UnsafeRawBufferPointer, _ calls: [RunnerCall]) -> Bool {
        guard !bytes.isEmpty else { return true }
        guard isChunked else { return send(bytes, calls) }
        var chunk = Array("\(String(bytes.count, radix: 16))\r\n".utf8)
        chunk.append(contentsOf: bytes)
        chunk += "\r\n".utf8
        return chunk.withUnsafeBytes { send($0, calls) }
    }

    private func passEnd(_ calls: [RunnerCall]) {
        guard isChunked else { return }
        Array("0\r\n\r\n".utf8).withUnsafeBytes { _ = send($0, calls) }
    }

    private func send(_ bytes: UnsafeRawBufferPointer, _ calls: [RunnerCall]) -> Bool {
        var isTaken = true
        for call in calls where !call.isOver { isTaken = call.upload(bytes) && isTaken }
        return isTaken
    }
}
