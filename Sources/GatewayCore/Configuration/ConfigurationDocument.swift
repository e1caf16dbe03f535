// SPDX-License-Identifier: MIT

/// The configuration file as a tree that can be changed and written back: what isn't changed stays as it is, with its
/// place, its spelling of numbers, and fields that nobody here knows. Only white space is ours.
public struct ConfigurationDocument: Equatable, Sendable {
    /// An object in every file that `Configuration.resolve` takes.
    public private(set) var root: JSON

    /// What stands for a file that isn't there.
    public init() {
        root = .object([])
    }

    /// - Parameter path: for messages.
    /// - Throws: one error, with line and column, where the bytes are no JSON or nested deeper than any setting.
    public init(parsing bytes: [UInt8], path: String) throws(ConfigurationErrors) {
        guard ConfigurationDocument.isShallow(bytes) else {
            throw ConfigurationErrors("\(path): is nested deeper than any setting; is it the right file?")
        }
        do {
            root = try JSON(parsing: bytes)
        } catch {
            let before = bytes.prefix(error.position)
            let line = before.count { $0 == 0x0A } + 1
            let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
            throw ConfigurationErrors(
                "\(path): is not valid JSON at line \(line), column \(column): \(error.message)")
        }
    }

    /// The value to which the keys lead from the top: `document["access", "keys"]`.
    public subscript(_ keys: String...) -> JSON? {
        var value: JSON? = root
        for key in keys { value = value?[key] }
        return value
    }

    /// Puts a value where the keys lead. One that is there already keeps its place; a new one goes behind the last of
    /// its object, and objects on the way are made.
    public mutating func set(_ keys: String..., to value: JSON) {
        root.set(keys, to: value)
    }

    /// As it is written: readable, with a line end behind it.
    public var bytes: [UInt8] { root.readableBytes }

    /// The settings that differ, as flags and messages name them: `runners`, `log.level`.
    func settingsChanged(from old: ConfigurationDocument) -> [String] {
        var names: [String] = []
        for key in ConfigurationDocument.keys(of: root, old.root) where root[key] != old.root[key] {
            let (new, was) = (root[key], old.root[key])
            let isSection = (new ?? was)?.members != nil
            if !isSection {
                names.append(key)
            } else {
                let inner = ConfigurationDocument.keys(of: new ?? .null, was ?? .null)
                names += inner.filter { new?[$0] != was?[$0] }.map { "\(key).\($0)" }
            }
        }
        return names
    }

    private static func keys(of first: JSON, _ second: JSON) -> [String] {
        let keys = (first.members ?? []).map(\.key)
        return keys + (second.members ?? []).map(\.key).filter { !keys.contains($0) }
    }

    /// The tree is built recursively, so its depth is bounded first. Whatever isn't JSON passes: the parser says why.
    private static func isShallow(_ bytes: [UInt8]) -> Bool {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for byte in bytes {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\"): isEscaped = isInString
            case UInt8(ascii: "\""): isInString.toggle()
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += isInString ? 0 : 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= isInString ? 0 : 1
            default: break
            }
            if depth > 64 { return false }
        }
        return true
    }
}
