// SPDX-License-Identifier: MIT

import GatewayCore

/// Answers as runners write them, for the tests of this folder.
enum RunnerSays {
    /// Plain names, or whole entries where a text begins with `{`.
    static func tags(_ models: String...) -> [UInt8] { list(models) }

    static func list(_ models: [String]) -> [UInt8] {
        let entries = models.map { $0.hasPrefix("{") ? $0 : #"{"name":"\#($0)","model":"\#($0)"}"# }
        return Array(#"{"models":[\#(entries.joined(separator: ","))]}"#.utf8)
    }

    static func tag(_ name: String, at modified: String, digest: String = "d") -> String {
        #"{"name":"\#(name)","model":"\#(name)","modified_at":"\#(modified)","digest":"\#(digest)"}"#
    }

    static func loaded(_ name: String, until expires: String) -> String {
        #"{"name":"\#(name)","model":"\#(name)","expires_at":"\#(expires)"}"#
    }

    static func version(_ text: String) -> [UInt8] { Array(#"{"version":"\#(text)"}"#.utf8) }
}

extension Catalog {
    /// A catalog of enabled runners whose first lists have these names.
    init(listing lists: [String]...) throws {
        try self.init(lists.map { ($0, CatalogRunner()) })
    }

    init(_ lists: [(names: [String], runner: CatalogRunner)]) throws {
        self.init(runners: lists.map(\.runner))
        for (runner, list) in lists.enumerated() { try tagsRead(runner, RunnerSays.list(list.names)) }
    }

    func found(_ name: String, readsSource: Bool = true) -> ResolvedModel? {
        if case .found(let model) = resolve(name, readsSource: readsSource) { model } else { nil }
    }

    /// Indices of those who hold the model; nil if it isn't found.
    func holders(_ name: String) -> [Int]? { found(name)?.holders.numbers }

    mutating func text(_ list: CatalogList) -> String { String(decoding: answer(list), as: UTF8.self) }

    /// The entries' `model` (or `id`), in order.
    mutating func names(_ list: CatalogList) throws -> [String] {
        let document = try JSON(parsing: answer(list))
        let entries = (document["models"] ?? document["data"])?.array ?? []
        return entries.compactMap { ($0["model"] ?? $0["id"])?.string }
    }

    mutating func entry(_ list: CatalogList, _ model: String) throws -> JSON? {
        try JSON(parsing: answer(list))["models"]?.array?.first { $0["model"]?.string == model }
    }
}
