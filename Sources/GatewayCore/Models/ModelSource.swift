// SPDX-License-Identifier: MIT

/// Where a name says that its model runs: Ollama examines a suffix first, then the name without it.
public enum ModelSource: Equatable, Sendable {
    /// No suffix.
    case any(String)
    /// `x:local`: the name without it.
    case local(String)
    /// `x:cloud` or `x:20b-cloud`: ollama.com, through an instance. `stub` is the name that lists show.
    case cloud(base: String, stub: String)
    /// `x:cloud:local` and the like.
    case contradictory

    public init(_ name: String) {
        let folded = name.lowercasedASCII
        if folded.hasSuffix(":cloud") {
            let base = String(name.dropLast(6))
            self = ModelSource.hasSuffix(base) ? .contradictory : .cloud(base: base, stub: name)
        } else if folded.hasSuffix(":local") {
            let base = String(name.dropLast(6))
            self = ModelSource.hasSuffix(base) ? .contradictory : .local(base)
        } else if folded.hasSuffix("-cloud"), ModelSource.hasTag(folded) {
            let base = String(name.dropLast(6))
            self = ModelSource.hasSuffix(base) ? .contradictory : .cloud(base: base, stub: name)
        } else {
            self = .any(name)
        }
    }

    private static func hasSuffix(_ name: String) -> Bool {
        let folded = name.lowercasedASCII
        return folded.hasSuffix(":cloud") || folded.hasSuffix(":local")
            || (folded.hasSuffix("-cloud") && hasTag(folded))
    }

    /// A colon behind the last slash: what ends in `-cloud` is the tag then, and not the model's name.
    private static func hasTag(_ name: String) -> Bool {
        guard let colon = name.utf8.lastIndex(of: UInt8(ascii: ":")) else { return false }
        return name.utf8.lastIndex(of: UInt8(ascii: "/")).map { $0 < colon } ?? true
    }
}
