// SPDX-License-Identifier: MIT

/// Which models a caller may use and see: patterns over the names that lists show (`models` of keys and of user rules),
/// compiled once per configuration.
public struct ModelRights: Hashable, Sendable {
    /// Each list has to have a pattern that matches; no list, no limit.
    private var lists: [[Glob]] = []

    private static let tag = (":" + ModelName.defaultTag).utf8

    /// Every model.
    public static let all = ModelRights()

    private init() {}

    /// - Parameter patterns: none are no limit. Names are compared as Ollama compares them: letter case doesn't matter,
    ///   and a pattern without a star is a name, whose tag is `latest` if it has none.
    public init(_ patterns: [String]) {
        guard !patterns.isEmpty else { return }
        lists = [patterns.map { Glob($0.contains("*") ? ModelName.folded($0) : ModelName.key(of: $0)) }]
    }

    public var isUnlimited: Bool { lists.isEmpty }

    /// What both allow.
    public func cut(with other: ModelRights) -> ModelRights {
        var rights = self
        for list in other.lists where !rights.lists.contains(list) { rights.lists.append(list) }
        return rights
    }

    /// - Parameter key: the comparison key of the visible name (`ResolvedModel.key`), which all spellings of a model
    ///   share.
    public func allows(key: String) -> Bool {
        guard !lists.isEmpty else { return true }
        var key = key
        return key.withUTF8 { name in
            // Clients leave the default tag out, and so may whoever writes patterns: `*-mini` means `phi-mini:latest`.
            let hasDefaultTag =
                name.count > ModelRights.tag.count && name.suffix(ModelRights.tag.count).elementsEqual(ModelRights.tag)
            let short = UnsafeBufferPointer(rebasing: hasDefaultTag ? name.dropLast(ModelRights.tag.count) : name[...])
            return lists.allSatisfy {
                $0.contains { $0.matches(name) || hasDefaultTag && !$0.isOpenEnded && $0.matches(short) }
            }
        }
    }
}
