// SPDX-License-Identifier: MIT

/// A model's name as Ollama reads it: `[[host/]namespace/]model[:tag]`. It exists so that two spellings of one model
/// (`Llama3`, `library/llama3:latest`) are known to be the same one, without asking a runner.
///
/// Ollama's own parser decides what is valid; an `@digest` has no place in a name any more.
public struct ModelName: Equatable, Hashable, Sendable {
    public static let defaultHost = "registry.ollama.ai"
    public static let defaultNamespace = "library"
    public static let defaultTag = "latest"

    public let host: String
    public let namespace: String
    public let model: String
    public let tag: String

    /// Nil for what Ollama answers with `invalid model name`. Spaces around the name are the caller's to cut.
    public init?(_ text: String) {
        let bytes = text.utf8[...]
        var path: Substring.UTF8View? = bytes
        var tag: Substring.UTF8View?
        // A colon left of the last slash belongs to the host's port or scheme.
        if let colon = bytes.lastIndex(of: UInt8(ascii: ":")), !bytes[colon...].contains(UInt8(ascii: "/")) {
            tag = bytes[bytes.index(after: colon)...]
            path = bytes[..<colon]
        }
        let model = ModelName.cutLastPart(&path)
        let namespace = path.map { _ in ModelName.cutLastPart(&path) }
        let host = path.map { ModelName.withoutScheme($0) }
        guard Part.model.accepts(model), tag.map(Part.tag.accepts) ?? true,
            namespace.map(Part.namespace.accepts) ?? true, host.map(Part.host.accepts) ?? true
        else { return nil }
        self.model = String(Substring(model))
        self.tag = tag.map { String(Substring($0)) } ?? ModelName.defaultTag
        self.namespace = namespace.map { String(Substring($0)) } ?? ModelName.defaultNamespace
        self.host = host.map { String(Substring($0)) } ?? ModelName.defaultHost
    }

    /// What tags, ps and show print: the host only if it isn't the default one, then the namespace likewise; model and
    /// tag always.
    public var display: String {
        guard ModelName.folded(host) == ModelName.defaultHost else { return "\(host)/\(namespace)/\(model):\(tag)" }
        guard ModelName.folded(namespace) == ModelName.defaultNamespace else { return "\(namespace)/\(model):\(tag)" }
        return "\(model):\(tag)"
    }

    /// The display form of a name, or the name itself where it breaks the grammar.
    public static func displayed(_ name: String) -> String { ModelName(name)?.display ?? name }

    /// Equal for all spellings of one model, different for different models: the display form in lower case, whose
    /// number of slashes says which parts were left out.
    public var key: String { ModelName.folded(display) }

    /// The comparison key of any name a runner lists. Some runners (another gateway with prefixes) list names that are
    /// not Ollama's; those are only folded and given the default tag.
    public static func key(of text: String) -> String {
        if let name = ModelName(text) { return name.key }
        return hasTag(text) ? folded(text) : folded(text) + ":" + defaultTag
    }

    /// Whether a `:` stands behind the last `/`.
    public static func hasTag(_ text: String) -> Bool {
        for byte in text.utf8.reversed() where byte == UInt8(ascii: ":") || byte == UInt8(ascii: "/") {
            return byte == UInt8(ascii: ":")
        }
        return false
    }

    /// ASCII letters in lower case, everything else as it is.
    public static func folded(_ text: String) -> String {
        guard text.utf8.contains(where: { ASCII.lowered($0) != $0 }) else { return text }
        return String(decoding: text.utf8.map { ASCII.lowered($0) }, as: UTF8.self)
    }

    /// Without white space at both ends; names are ASCII, and so is the space that matters around them.
    public static func trimmed(_ text: String) -> String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard let first = text.utf8.first, let last = text.utf8.last, isSpace(first) || isSpace(last) else {
            return text
        }
        var rest = text.utf8[...]
        while let byte = rest.first, isSpace(byte) { rest.removeFirst() }
        while let byte = rest.last, isSpace(byte) { rest.removeLast() }
        return String(Substring(rest))
    }
}

extension ModelName {
    /// Takes the part behind the last slash; what is left is nil when there was none.
    private static func cutLastPart(_ path: inout Substring.UTF8View?) -> Substring.UTF8View {
        guard let text = path else { return ""[...].utf8 }
        guard let slash = text.lastIndex(of: UInt8(ascii: "/")) else {
            path = nil
            return text
        }
        path = text[..<slash]
        return text[text.index(after: slash)...]
    }

    /// `http://host` is `host`. An empty host stays empty, which no part may be.
    private static func withoutScheme(_ text: Substring.UTF8View) -> Substring.UTF8View {
        var rest = text
        while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            rest = rest[rest.index(after: colon)...]
            if rest.starts(with: "//".utf8) { return rest.dropFirst(2) }
        }
        return text
    }

    /// What each part may be made of (Ollama's `isValidPart`): all begin with a letter, a digit or `_`.
    private enum Part {
        case host, namespace, model, tag

        private var maximumLength: Int {
            switch self {
            case .host: 350
            case .namespace, .model, .tag: 80
            }
        }

        private func acceptsInside(_ byte: UInt8) -> Bool {
            switch (self, byte) {
            case (_, UInt8(ascii: "-")): true
            case (.host, UInt8(ascii: ".")), (.model, UInt8(ascii: ".")), (.tag, UInt8(ascii: ".")): true
            case (.host, UInt8(ascii: ":")): true
            case (.host, _), (.namespace, _), (.model, _), (.tag, _): false
            }
        }

        func accepts(_ text: Substring.UTF8View) -> Bool {
            let isWord = { (byte: UInt8) in ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "_") }
            guard let first = text.first, isWord(first), text.count <= maximumLength else { return false }
            return text.allSatisfy { isWord($0) || acceptsInside($0) }
        }
    }
}
