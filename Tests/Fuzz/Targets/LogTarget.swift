// SPDX-License-Identifier: MIT

import GatewayCore

extension FuzzTarget {
    static let log = FuzzTarget(name: "log", violation: LogTarget.violation) {
        ["plain", "", "a b", "a\nb", "\u{1B}[2J", "\"", "\\", "é", "\u{85}", "\u{2028}"].map { Array($0.utf8) }
    }
}

/// Lines of the log and answers of our own, which hold texts of strangers: none of those begins another line or field.
enum LogTarget {
    @Sendable static func violation(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        for format in Configuration.Log.Format.allCases {
            var line: [UInt8] = []
            let writer = LogLine(format, at: Array("2026-01-01T00:00:00Z".utf8), .info, text, in: &line)
            writer.add("model", text, to: &line)
            writer.add("status", 200, to: &line)
            writer.end(in: &line)
            guard line.popLast() == 0x0A, !line.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                return "the \(format) log has a control character: \(Inputs.line(line))"
            }
            guard format == .json else { continue }
            guard let json = try? JSON(parsing: line), json["message"]?.string != nil, json["model"] == .string(text),
                json["status"]?.int == 200
            else { return "the line is \(Inputs.line(line))" }
        }
        return response(text)
    }

    private static func response(_ text: String) -> String? {
        var bytes: [UInt8] = []
        let response = OwnResponse(400, contentType: OwnResponse.json, body: [1], fields: [.init("X-Field", text)])
        response.render(
            into: &bytes, isHead: false, version: .http11, keepAlive: true, date: Array("now".utf8), requestID: text)
        guard let message = try? StrictMessage(bytes[...], .response(toHead: false, ends: false)),
            message.count == bytes.count, message.body == [1]
        else { return "the answer is \(Inputs.line(bytes))" }
        let names = message.fields.map(\.lowered)
        return names == ["content-type", "x-field", "x-request-id", "date", "content-length"]
            ? nil : "the answer has the fields \(names)"
    }
}
