// SPDX-License-Identifier: MIT

/// What the `Origin` of a request means for its answer (oa section 3).
public enum OriginDecision: Equatable, Sendable {
    /// No Origin, or our own: nothing is added to the answer.
    case notCORS
    /// The value of `Access-Control-Allow-Origin`: the origin itself, or `*` where every origin is allowed.
    case allowed(String)
    /// 403, whatever was asked and with whatever key.
    case foreign

    /// What a response to an allowed origin carries, a runner's as well as our own; else a browser hides it.
    public var responseFields: [OwnResponse.Field] {
        switch self {
        case .notCORS, .foreign: []
        case .allowed("*"): [.init("Access-Control-Allow-Origin", "*")]
        case .allowed(let origin): [.init("Access-Control-Allow-Origin", origin), .init("Vary", "Origin")]
        }
    }
}

/// The origins whose pages may read our answers: Ollama's fixed list and `access.origins`, with one `*` per entry.
public struct OriginList: Sendable {
    /// Ollama's own list. Browser extensions are not in it, there or here.
    static let always: [String] =
        ["localhost", "127.0.0.1", "0.0.0.0"].flatMap {
            ["http://\($0)", "https://\($0)", "http://\($0):*", "https://\($0):*"]
        } + ["app://*", "file://*", "tauri://*", "vscode-webview://*", "vscode-file://*"]

    private struct Pattern: Sendable {
        var head: [UInt8]
        /// Nil: the origin is the head exactly.
        var tail: [UInt8]?
    }

    private var patterns: [Pattern] = []
    private var allowsAll = false
    /// Bytes. An allowed origin is repeated in front of a runner's answer, where there is room for the longest host with
    /// a port several times over, and not for whatever somebody puts behind `app://`.
    private static let longest = 1024

    /// An entry with more than one `*` allows nothing; configuration should have refused it.
    public init(adding origins: [String] = []) {
        for origin in OriginList.always + origins {
            let bytes = origin.utf8.map(ASCII.lowered)
            let star = UInt8(ascii: "*")
            if bytes == [star] { allowsAll = true }
            guard let position = bytes.firstIndex(of: star) else {
                patterns.append(Pattern(head: bytes, tail: nil))
                continue
            }
            let tail = Array(bytes[(position + 1)...])
            if !tail.contains(star) { patterns.append(Pattern(head: Array(bytes[..<position]), tail: tail)) }
        }
    }

    public func decision(_ headers: HeaderFields) -> OriginDecision {
        guard let field = headers.first(.origin) else { return .notCORS }
        // Two origins are no browser's request, and which one counts would be a guess.
        guard headers.count(of: .origin) == 1 else { return .foreign }
        return headers.withValue(field) { value in
            if value.isEmpty || isOwn(value, headers) { return .notCORS }
            if value.count > OriginList.longest { return .foreign }
            if allowsAll { return .allowed("*") }
            // RFC 6454 section 7.1: an origin is ASCII, so the text below is the bytes that were compared.
            guard value.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), patterns.contains(where: { matches(value, $0) }) else {
                return .foreign
            }
            return .allowed(String(decoding: value, as: UTF8.self))
        }
    }

    /// `http://` or `https://` and then the Host, as it came.
    private func isOwn(_ origin: UnsafeRawBufferPointer, _ headers: HeaderFields) -> Bool {
        guard let host = headers.first(.host) else { return false }
        return headers.withValue(host) { host in
            ["http://", "https://"].contains { (scheme: StaticString) in
                let count = scheme.utf8CodeUnitCount
                guard origin.count == count + host.count, !host.isEmpty else { return false }
                return ASCII.equalsIgnoringCase(UnsafeRawBufferPointer(rebasing: origin[..<count]), scheme)
                    && origin[count...].elementsEqual(host) { ASCII.lowered($0) == ASCII.lowered($1) }
            }
        }
    }

    private func matches(_ origin: UnsafeRawBufferPointer, _ pattern: Pattern) -> Bool {
        let lowered = origin.lazy.map(ASCII.lowered)
        guard let tail = pattern.tail else { return lowered.elementsEqual(pattern.head) }
        return origin.count >= pattern.head.count + tail.count && lowered.starts(with: pattern.head)
            && lowered.suffix(tail.count).elementsEqual(tail)
    }
}
