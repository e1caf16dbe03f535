// SPDX-License-Identifier: MIT

/// Reads what a runner answered to a probe. A runner is a stranger, too: everything it can make grow has a bound here.
enum RunnerAnswer {
    /// Ten thousand entries of the usual 600 bytes are 6 MB.
    static let maximumBytes = 16 << 20
    static let maximumModels = 10_000
    static let maximumNameBytes = 1024
    /// `JSON` is read by recursion; lists are four levels deep.
    static let maximumDepth = 64

    static func tags(_ body: [UInt8]) throws(CatalogError) -> [ListedModel] {
        try models(body, of: "/api/tags").compactMap { ListedModel($0) }
    }

    static func ps(_ body: [UInt8]) throws(CatalogError) -> [LoadedModel] {
        try models(body, of: "/api/ps").compactMap { LoadedModel($0) }
    }

    /// Nil for a version that is not a number, e.g. `dev`.
    static func version(_ body: [UInt8]) throws(CatalogError) -> RunnerVersion? {
        let document = try read(body, of: "/api/version")
        guard let text = document["version"]?.string else { throw unusable(document, "version", "/api/version") }
        return RunnerVersion(text)
    }

    /// Strict JSON of bounded size and depth.
    static func read(
        _ body: [UInt8], of path: String, maximumBytes: Int = maximumBytes, maximumDepth: Int = maximumDepth
    ) throws(CatalogError) -> JSON {
        guard body.count <= maximumBytes else {
            throw CatalogError(sentence: "its answer to \(path) is larger than \(maximumBytes) bytes")
        }
        guard depth(of: body) <= maximumDepth else {
            throw CatalogError(sentence: "its answer to \(path) is nested deeper than \(maximumDepth) levels")
        }
        do {
            return try JSON(parsing: body)
        } catch {
            throw CatalogError(
                sentence: "its answer to \(path) is not JSON: \(error.message) at byte \(error.position)")
        }
    }

    /// `name` and `model` of an entry, each standing in for the other where that is missing. Nil where both are, or
    /// where `model` could never be asked for.
    static func names(of entry: JSON) -> (name: String, model: String)? {
        let text = { (key: String) in entry[key]?.string.flatMap { $0.isEmpty ? nil : $0 } }
        guard let name = text("name") ?? text("model"), let model = text("model") ?? text("name"),
            isUsable(name), isUsable(model)
        else { return nil }
        return (name, model)
    }

    /// A name goes to terminals and metrics, and comes back trimmed: no control characters, among them those of
    /// ISO 6429 behind ASCII (U+009B begins an escape sequence, too), and no space at its ends.
    private static func isUsable(_ name: String) -> Bool {
        let bytes = name.utf8
        guard (1...maximumNameBytes).contains(bytes.count),
            name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
        else { return false }
        return bytes.first != 0x20 && bytes.last != 0x20
    }

    private static func models(_ body: [UInt8], of path: String) throws(CatalogError) -> [JSON] {
        let document = try read(body, of: path)
        switch document["models"] {
        case .null: return []  // Go writes an empty list so where it was never made
        case .array(let models):
            guard models.count <= maximumModels else {
                throw CatalogError(
                    sentence:
                        "its answer to \(path) lists \(models.count) models; more than \(maximumModels) are not read"
                )
            }
            return models
        case nil, .bool, .number, .string, .object: throw unusable(document, "models", path)
        }
    }

    private static func unusable(_ document: JSON, _ key: String, _ path: String) -> CatalogError {
        if let text = document["error"]?.string {
            return CatalogError(sentence: "its answer to \(path) is an error: \(excerpt(text))")
        }
        guard document.members != nil else {
            return CatalogError(sentence: "its answer to \(path) is \(document.kind), not an object with \"\(key)\"")
        }
        let found = document[key].map { "is \($0.kind)" } ?? "is missing"
        return CatalogError(sentence: "in its answer to \(path), \"\(key)\" \(found)")
    }

    private static func excerpt(_ text: String) -> String {
        String(decoding: text.utf8.prefix(160).map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
    }

    /// The deepest nesting of brackets outside strings. Says nothing about validity.
    private static func depth(of body: [UInt8]) -> Int {
        var depth = 0
        var deepest = 0
        var isInString = false
        var isEscaped = false
        for byte in body {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
            } else if byte == UInt8(ascii: "\"") {
                isInString = true
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                depth += 1
                deepest = max(deepest, depth)
            } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                depth -= 1
            }
        }
        return deepest
    }
}
