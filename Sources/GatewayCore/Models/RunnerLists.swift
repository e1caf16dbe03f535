// SPDX-License-Identifier: MIT

/// A list of a runner's that can't be used.
public struct CatalogError: Error, Equatable, Sendable {
    /// What is wrong with it, for the log.
    public var sentence: String

    public init(_ sentence: String) {
        self.sentence = sentence
    }
}

/// One model as a runner lists it.
struct ListedModel: Equatable, Sendable {
    /// The runner's own name of it.
    let name: String
    /// See `ModelName.key`; the name itself, folded, where Ollama's grammar doesn't know it.
    let key: String
    /// All fields but `name` and `model`, as they came.
    let fields: [JSON.Member]

    init?(_ entry: JSON) {
        guard let members = entry.members else { return nil }
        guard let name = entry["model"]?.string ?? entry["name"]?.string, !name.isEmpty,
            name.utf8.count <= ListedModel.longestName
        else { return nil }
        self.name = name
        key = ListedModel.key(of: name)
        fields = members.filter { $0.key != "name" && $0.key != "model" }
    }

    static let longestName = 1024

    static func key(of name: String) -> String {
        ModelName(name)?.key ?? name.lowercasedASCII
    }

    subscript(_ field: String) -> JSON? { fields.last { $0.key == field }?.value }

    /// Nanoseconds since 1970; what has none is oldest.
    var modifiedAt: Int64 { time("modified_at") }
    var expiresAt: Int64 { time("expires_at") }

    private func time(_ field: String) -> Int64 {
        self[field]?.string.flatMap(Timestamp.nanoseconds) ?? .min
    }

    /// The `models` of an answer to `/api/tags` or `/api/ps`. `null` is an empty list, as Go writes one.
    static func list(_ body: [UInt8]) throws(CatalogError) -> [ListedModel] {
        let document: JSON
        do throws(JSONError) {
            document = try JSON(parsing: body)
        } catch {
            throw CatalogError("the list is no JSON: \(error.message) at byte \(error.position)")
        }
        switch document["models"] {
        case .array(let entries):
            guard entries.count <= maximumModels else {
                throw CatalogError("the list has \(entries.count) models; at most \(maximumModels) are read")
            }
            return entries.compactMap(ListedModel.init)
        case .null: return []
        case .none, .bool, .number, .string, .object: throw CatalogError("the list has no \"models\"")
        }
    }

    private static let maximumModels = 10_000
}

/// A version as Ollama and Open WebUI compare them: dotted numbers.
struct RunnerVersion: Comparable, Sendable {
    private let numbers: [Int]

    /// A leading `v` and everything from the first `-` or `+` is cut; what is left must be one to four numbers.
    init?(_ text: String) {
        let core = text.drop { $0 == "v" || $0 == "V" }.prefix { $0 != "-" && $0 != "+" }
        let parts = core.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...4).contains(parts.count) else { return nil }
        var numbers: [Int] = []
        for part in parts {
            guard (1...9).contains(part.utf8.count), part.utf8.allSatisfy(ASCII.isDigit), let number = Int(part) else {
                return nil
            }
            numbers.append(number)
        }
        while numbers.count < 3 { numbers.append(0) }
        self.numbers = numbers
    }

    static func < (left: RunnerVersion, right: RunnerVersion) -> Bool {
        left.numbers.lexicographicallyPrecedes(right.numbers)
    }

    /// Always N.N.N.
    var text: String { numbers.prefix(3).map(String.init).joined(separator: ".") }
}
