// SPDX-License-Identifier: MIT

/// A model's name as Ollama reads it: `[[host/]namespace/]model[:tag]`, with defaults for what is left out.
public struct ModelName: Equatable, Sendable {
    public let host: String
    public let namespace: String
    public let model: String
    public let tag: String

    static let defaultHost = "registry.ollama.ai"
    static let defaultNamespace = "library"
    static let defaultTag = "latest"

    /// nil for what Ollama refuses as `invalid model name`.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        // 350 + 80 + 80 + 80 and three separators, and room for a scheme in front of the host.
        guard !bytes.isEmpty, bytes.count <= 1024 else { return nil }
        var rest = bytes[...]
        var tag = Self.defaultTag
        let slash = rest.lastIndex(of: UInt8(ascii: "/"))
        if let colon = rest.lastIndex(of: UInt8(ascii: ":")), slash.map({ $0 < colon }) ?? true {
            tag = String(decoding: rest[(colon + 1)...], as: UTF8.self)
            rest = rest[..<colon]
        }
        var parts = rest.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        // Three parts may be led by a scheme: `http://host/namespace/model`.
        if parts.count == 5, parts[0].last == UInt8(ascii: ":"), parts[1].isEmpty { parts.removeFirst(2) }
        guard let model = parts.popLast() else { return nil }
        let namespace = parts.popLast()
        let host = parts.popLast()
        guard parts.isEmpty else { return nil }
        self.model = String(decoding: model, as: UTF8.self)
        self.namespace = namespace.map { String(decoding: $0, as: UTF8.self) } ?? Self.defaultNamespace
        self.host = host.map { String(decoding: $0, as: UTF8.self) } ?? Self.defaultHost
        self.tag = tag
        guard Part.model.allows(self.model), Part.model.allows(tag), Part.namespace.allows(self.namespace),
            Part.host.allows(self.host)
        else { return nil }
    }

    /// What each part may hold.
    private enum Part {
        case host, namespace, model

        func allows(_ text: String) -> Bool {
            let longest = self == .host ? 350 : 80
            guard (1...longest).contains(text.utf8.count), let first = text.utf8.first,
                ASCII.isLetter(first) || ASCII.isDigit(first) || first == UInt8(ascii: "_")
            else { return false }
            return text.utf8.allSatisfy { byte in
                if ASCII.isLetter(byte) || ASCII.isDigit(byte) { return true }
                switch byte {
                case UInt8(ascii: "_"), UInt8(ascii: "-"): return true
                case UInt8(ascii: "."): return self != .namespace
                case UInt8(ascii: ":"): return self == .host
                default: return false
                }
            }
        }
    }

    /// As lists show it: without the default host, and then without the default namespace; always with a tag.
    public var display: String {
        var text = "\(model):\(tag)"
        let hasHost = !Self.equalFolded(host, Self.defaultHost)
        if hasHost || !Self.equalFolded(namespace, Self.defaultNamespace) { text = "\(namespace)/\(text)" }
        if hasHost { text = "\(host)/\(text)" }
        return text
    }

    /// Two spellings of one model have equal keys: letter case is folded in every part.
    public var key: String { "\(host)/\(namespace)/\(model):\(tag)".lowercasedASCII }

    /// The display form of a name, or the name itself where it is none.
    public static func display(_ text: String) -> String {
        ModelName(text)?.display ?? text
    }

    private static func equalFolded(_ left: String, _ right: String) -> Bool {
        left.lowercasedASCII == right.lowercasedASCII
    }
}

extension String {
    /// Names are ASCII; Unicode's folding would also equate what Ollama tells apart.
    var lowercasedASCII: String {
        guard utf8.contains(where: { $0 &- UInt8(ascii: "A") < 26 }) else { return self }
        return String(decoding: utf8.map(ASCII.lowered), as: UTF8.self)
    }
}
