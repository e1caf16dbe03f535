// SPDX-License-Identifier: MIT

import GatewayCore

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
        var fields: [(StaticString, JSON)] = [
            ("id", .string(String(decoding: access.requestID, as: UTF8.self))), ("client", .string(access.client)),
            ("route", .string(access.pattern)), ("status", .integer(access.status)), ("bytes", .integer(access.bytes)),
            ("ms", .integer(access.duration.inMilliseconds))
        ]
        if let model = access.model { fields.append(("model", .string(model))) }
        if let runner = access.runner { fields.append(("runner", .integer(runner))) }
        if let queued = access.queued, queued > .zero { fields.append(("queued_ms", .integer(queued.inMilliseconds))) }
        if access.moves > 0 { fields.append(("moves", .integer(access.moves))) }
        if let key = access.key { fields.append(("key", .string(key))) }
        record(.info, message: "request", fields: fields)
    }
}
