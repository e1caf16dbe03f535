// SPDX-License-Identifier: MIT

/// Text with words to be filled in: `@PORT@`. What is no known word stays as it is.
public enum Template {
    public static func fill(_ template: String, _ values: [String: String]) -> String {
        var rest = template[...]
        var text = ""
        while let start = rest.firstIndex(of: "@") {
            text += rest[..<start]
            let behind = rest.index(after: start)
            let end = rest[behind...].firstIndex { !($0.isLetter || $0.isNumber || $0 == "_") } ?? rest.endIndex
            if end < rest.endIndex, rest[end] == "@", let value = values[String(rest[behind..<end])] {
                text += value
                rest = rest[rest.index(after: end)...]
            } else {
                text += "@"
                rest = rest[behind...]
            }
        }
        return text + rest
    }
}
