// SPDX-License-Identifier: MIT

/// A small JSON document as a tree: configuration, runners' lists, saved catalogs. Request bodies never come here;
/// `JSONScan` reads those while they arrive.
///
/// Objects keep their order and their duplicate keys, numbers their text, so that what is not understood can be
/// checked, told to a person, and written back as it was.
public enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    /// The number's own text, e.g. `1e3`.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    public struct Member: Equatable, Sendable {
        public var key: String
        public var value: JSON

        public init(_ key: String, _ value: JSON) {
            self.key = key
            self.value = value
        }
    }
}

extension JSON {
    public static func integer(_ value: some BinaryInteger) -> JSON { .number(String(value)) }

    /// The last member of that name, as Go's decoder takes it; nil for what isn't an object.
    public subscript(_ key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key == key }?.value
    }

    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// Nil for a number with a fraction or one that doesn't fit.
    public var int: Int? {
        if case .number(let text) = self { Int(text) } else { nil }
    }

    public var double: Double? {
        if case .number(let text) = self { Double(text) } else { nil }
    }

    public var array: [JSON]? {
        if case .array(let values) = self { values } else { nil }
    }

    public var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// What a person calls this kind of value in an error message.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
