// SPDX-License-Identifier: MIT

import HostileCases

// The table of requests for scripts/test-hostile, one JSON object a line.

func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// Names and paths hold no control characters.
func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
}

for group in HostileGroup.all {
    for row in group.cases {
        let reaches = row.reaches.map { "{\"path\":\(quoted($0.path)),\"body\":\"\(hexadecimal($0.body))\"}" }
        print(
            "{\"group\":\(quoted(group.title)),\"name\":\(quoted(row.name)),\"bytes\":\"\(hexadecimal(row.bytes))\","
                + "\"statuses\":\(row.statuses),\"closes\":\(row.then == .closes),"
                + "\"reaches\":[\(reaches.joined(separator: ","))]}")
    }
}
