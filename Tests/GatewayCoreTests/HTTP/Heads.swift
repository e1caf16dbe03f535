// SPDX-License-Identifier: MIT

import GatewayCore

/// Header fields from `Name: value` lines.
func headerFields(_ lines: [String]) -> HeaderFields {
    var headers = HeaderFields()
    for line in lines {
        let parts = line.split(separator: ":", maxSplits: 1)
        headers.append(String(parts[0]), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
    }
    return headers
}

/// The lines of a rendered head, without the empty ones at its end.
func lines(_ head: [UInt8]) -> [String] {
    String(decoding: head, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: true).map(String.init)
}
