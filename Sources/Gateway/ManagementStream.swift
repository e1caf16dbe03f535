// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// Lines of progress on their way to a client.
final class ManagementStream {
    private let client: ClientConnection
    private let isChunked: Bool
    /// The head goes out with the first lines.
    private var bytes = OutputBuffer()
    private(set) var bytesSent = 0

    /// - Parameters:
    ///   - head: a runner's own, where there is but one; nil: one of ours.
    ///   - runner: its index.
    init(client: ClientConnection, job: ManagementExchange.Job, head: ResponseHead?, runner: Int?, date: [UInt8]) {
        self.client = client
        let clientHead = ClientHead(
            runnerFraming: .chunked, clientVersion: job.version, clientKeepsAlive: client.mayKeepAlive)
        isChunked = clientHead.framing == .chunked
        clientHead.render(
            head ?? ManagementStream.ownHead, clientVersion: job.version, runner: runner, requestID: job.requestID,
            fields: client.responseFields, date: date, into: &bytes)
        client.responseBegan(keepsAlive: clientHead.keepsAlive, isCutByReset: false)
    }

    private static var ownHead: ResponseHead {
        var head = ResponseHead()
        head.headers.append("Content-Type", "application/x-ndjson")
        return head
    }

    /// Says whether the client's socket took it all.
    func pass(_ lines: [UInt8], isLast: Bool) -> Bool {
        guard !lines.isEmpty || !bytes.isEmpty || isLast else { return true }
        if isChunked, !lines.isEmpty { bytes.append(chunkSize: lines.count) }
        bytes.append(lines)
        if isChunked, !lines.isEmpty { bytes.append("\r\n") }
        if isChunked, isLast { bytes.append("0\r\n\r\n") }
        bytesSent += bytes.count
        defer { bytes.removeAll() }
        return client.send(bytes.bytes)
    }
}
