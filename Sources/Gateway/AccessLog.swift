// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// What one line of the access log tells: who asked for what, where it went, and how it ended.
struct AccessRecord {
    var requestID: [UInt8]
    var client: String
    /// The key's name, never the key.
    var key: String?
    /// The route's pattern, e.g. `/api/chat`: no text of the client's.
    var pattern: String
    var status: Int
    /// Bytes handed to the client's socket.
    var bytes: Int
    var duration: Interval
    var model: String?
    /// Its index.
    var runner: Int?
    var queued: Interval?
    var moves = 0
}

extension Log {
    func access(_ access: AccessRecord) {
        record(.info, "request") { line, output in
            line.add("id", word: access.requestID, to: &output)
            line.add("client", access.client, to: &output)
            line.add("route", access.pattern, to: &output)
            line.add("status", access.status, to: &output)
            line.add("bytes", access.bytes, to: &output)
            line.add("ms", Int(access.duration.inMilliseconds), to: &output)
            if let model = access.model { line.add("model", model, to: &output) }
            if let runner = access.runner { line.add("runner", runner, to: &output) }
            if let queued = access.queued, queued > .zero {
                line.add("queued_ms", Int(queued.inMilliseconds), to: &output)
            }
            if access.moves > 0 { line.add("moves", access.moves, to: &output) }
            if let key = access.key { line.add("key", key, to: &output) }
        }
    }
}

extension ClientConnection {
    /// An answer of ours goes out that no exchange tells of.
    func logOwnResponse(status: Int, bytes: Int) {
        guard let incoming else { return }
        incoming.audit(status: status)
        guard gateway.log.isOn(.info) else { return }
        gateway.log.access(
            AccessRecord(
                requestID: incoming.requestID, client: addressText, key: incoming.intake.keyName,
                pattern: incoming.intake.pattern, status: status, bytes: bytes,
                duration: loop.now - incoming.arrivedAt, model: incoming.modelName))
    }
}
