// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// A body that is passed on to a runner while it arrives. The connection is not read while the runner takes nothing, so
/// that a slow runner slows the client down and nothing piles up here.
extension ClientConnection {
    /// How often a client that isn't read is looked at: libuv tells only of reads that it went away.
    private static let lookInterval = Interval.seconds(1)

    /// The model is known and enough of the body is held: an exchange takes over.
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
        guard phase == .uploading else { return }
        startReading()
        setDeadline(in: gateway.timeouts.clientBody)
    }

    /// One read, parsed and passed on in one write.
    func passOn(_ bytes: UnsafeRawBufferPointer) {
        loop.splice.begin()
        var consumed = 0
        let outcome = parser.execute(bytes, consumed: &consumed)
        switch outcome {
        case .needsMore, .head:
            setDeadline(in: gateway.timeouts.clientBody)
            if let error = incoming?.uploadError(isLast: false) { return uploadFailed(error) }
            exchange?.uploadArrived(isLast: false)
        case .messageEnd:
            if let error = incoming?.uploadError(isLast: true) { return uploadFailed(error) }
            phase = .responding
            setDeadline(.distantFuture)
            exchange?.uploadArrived(isLast: true)
            let rest = UnsafeRawBufferPointer(rebasing: bytes[consumed...])
            if !rest.isEmpty { didRead(rest) }
        case .failed(let failure): uploadFailed(failure.asClientError)
        }
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
