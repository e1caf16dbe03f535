// SPDX-License-Identifier: MIT

/// Where a client wants a model to run, told by the end of its name; Ollama looks at it before anything else in the
/// name. `copy` and `push` don't look at it at all.
public enum ModelSource: Equatable, Sendable {
    case unspecified
    /// `x:local`: a copy on the runner's own disk, under the base name.
    case local(base: String)
    /// `x:cloud`, `x:20b:cloud`, `x:20b-cloud`: ollama.com, whether or not the runner's list has the name.
    case cloud(base: String)

    /// Two suffixes, one behind the other. The text is Ollama's own.
    public struct Conflict: Error, Equatable, Sendable {
        public var sentence: String
    }

    /// - Parameter name: trimmed.
    /// - Throws: `Conflict` for `x:cloud:local` and the like, for a 400.
    public init(_ name: String) throws(Conflict) {
        let source = ModelSource.outermost(name)
        switch source {
        case .unspecified: break
        case .local(let base), .cloud(let base):
            guard ModelSource.outermost(base) == .unspecified else {
                throw Conflict(sentence: "use either :local or :cloud, not both: \"\(name)\"")
            }
        }
        self = source
    }

    /// The name under which a runner lists a pulled cloud model: `x:cloud`, or `x:20b-cloud` where the base has a tag.
    public static func stub(ofBase base: String) -> String {
        ModelName.hasTag(base) ? base + "-cloud" : base + ":cloud"
    }

    private static func outermost(_ name: String) -> ModelSource {
        guard let colon = name.utf8.lastIndex(of: UInt8(ascii: ":")) else { return .unspecified }
        let base = String(name[..<colon])
        let ending = ModelName.trimmed(String(name[name.utf8.index(after: colon)...]))
        let folded = ModelName.folded(ending)
        if folded == "cloud" { return .cloud(base: base) }
        if folded == "local" { return .local(base: base) }
        // `http://x-cloud` has its last colon in the scheme: that is no tag.
        guard folded.hasSuffix("-cloud"), !folded.utf8.contains(UInt8(ascii: "/")) else { return .unspecified }
        return .cloud(base: base + ":" + ending.dropLast("-cloud".utf8.count))
    }
}
