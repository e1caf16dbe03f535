// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// A body that is passed on to runners while it arrives: a long form to one, a blob to several. The connection is not
/// read while a runner takes nothing, so that a slow runner slows the client down and nothing piles up here.
extension ClientConnection {
    /// How often a client that isn't read is looked at: libuv tells only of reads that it went away. A FIN behind bytes
    /// that nobody reads is not there yet.
    private static let lookInterval = Interval.seconds(1)

    /// Enough is known to begin: an exchange takes over. What was read already still comes.
    func beginUpload() {
        phase = .uploading
        readLimit = max(1, min(gateway.configuration.limits.bufferBytes, Loop.readBufferBytes))
        pauseUpload()
        incoming?.passOn()
    }

    func pauseUpload() {
        guard phase == .uploading else { return }
        stopReading()
        setDeadline(loop.now + ClientConnection.lookInterval)
    }

    func resumeUpload() {
        guard phase == .uploading, !isReading else { return }
        startReading()
        setDeadline(in: gateway.timeouts.clientBody)
    }

    /// One read, parsed and passed on in one write. What was pipelined may be more than that.
    func passOn(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while phase == .uploading {
            guard !isClosing else { return }
            let count = passOn(piece: UnsafeRawBufferPointer(rebasing: rest[..<min(rest.count, Loop.readBufferBytes)]))
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            if rest.isEmpty { return }
        }
        didRead(rest)
    }

    /// Returns how much of it belonged to the body.
    private func passOn(piece: UnsafeRawBufferPointer) -> Int {
        loop.splice.begin()
        var consumed = 0
        switch parser.execute(piece, consumed: &consumed) {
        case .needsMore, .head:
            setDeadline(in: gateway.timeouts.clientBody)
            if let error = incoming?.uploadError(isLast: false) {
                uploadFailed(error)
            } else {
                exchange?.uploadArrived(isLast: false)
            }
        case .messageEnd:
            if let error = incoming?.uploadError(isLast: true) {
                uploadFailed(error)
            } else {
                phase = .responding
                setDeadline(.distantFuture)
                exchange?.uploadArrived(isLast: true)
            }
        case .failed(let failure):
            uploadFailed(failure.asClientError)
            return piece.count
        }
        return consumed
    }

    private func uploadFailed(_ error: GatewayError) {
        if let exchange { exchange.uploadFailed(error) } else { abort() }
    }

    func uploadDeadlineReached() {
        if heldBytes > 0 { return checkProgress() }
        guard !isReading else { return uploadFailed(.bodyTooSlow) }
        if isPeerGone { return abort() }
        setDeadline(loop.now + ClientConnection.lookInterval)
    }
}
