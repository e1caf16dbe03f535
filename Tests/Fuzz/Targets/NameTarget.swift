// SPDX-License-Identifier: MIT

import GatewayCore

extension FuzzTarget {
    static let name = FuzzTarget(name: "name", violation: NameTarget.violation) {
        [
            "llama3\nllama3*", "Llama3:Latest\n*", "registry.ollama.ai/library/llama3:8b\n*:8b",
            "http://hub.example:80/a/b:c\n*a*b*", "pre.llama3\npre.*", "gpt-oss:20b-cloud\ngpt*cloud",
            "x:local\nx", " phi \n*-mini", "a/b/c/d:e\na**b", "a:b:c\n", "PRE.gpt-oss:cloud\n*:cloud", ":\n:", "//\n**"
        ].map { Array($0.utf8) }
    }
}

/// Names of models and patterns over them. The first line of the input is a name, the second a pattern.
enum NameTarget {
    /// One runner without, one with a prefix.
    private static let catalog: Catalog? = {
        let names = [
            "llama3:latest", "phi-mini:latest", "gpt-oss:20b-cloud", "hf.co/a/b:Q4", "library/x:local", "pre.y"
        ]
        let entries = names.map { #"{"name":"\#($0)","model":"\#($0)"}"# }.joined(separator: ",")
        var catalog = Catalog(runners: [CatalogRunner(), CatalogRunner(prefixID: "pre")])
        for runner in 0...1 {
            guard (try? catalog.tagsRead(runner, Array(#"{"models":[\#(entries)]}"#.utf8))) != nil else { return nil }
        }
        return catalog
    }()

    @Sendable static func violation(_ input: [UInt8]) -> String? {
        let lines = input.split(separator: 0x0A, omittingEmptySubsequences: false)
        let name = String(decoding: lines[0], as: UTF8.self)
        let pattern = lines.count > 1 ? String(decoding: lines[1], as: UTF8.self) : "*"
        return spelled(name) ?? resolved(name) ?? matched(name, pattern)
    }

    private static func spelled(_ name: String) -> String? {
        let trimmed = ModelName.trimmed(name)
        guard ModelName.trimmed(trimmed) == trimmed else { return "trimmed twice it is another name" }
        guard ModelName.key(of: ModelName.folded(name)) == ModelName.key(of: name) else {
            return "folded it has another key"
        }
        let key = ModelName.key(of: name)
        guard ModelName.key(of: key) == key else { return "its key has another key" }
        guard let parsed = ModelName(name) else { return nil }
        guard ModelName(parsed.display)?.key == parsed.key, ModelName(parsed.display)?.display == parsed.display else {
            return "as \(parsed.display) it is another name"
        }
        guard parsed.key == key else { return "it has two keys" }
        let whole = "\(parsed.host)/\(parsed.namespace)/\(parsed.model):\(parsed.tag)"
        return ModelName(whole)?.key == key ? nil : "as \(whole) it is another name"
    }

    /// What is found is found by its visible name, too, by a caller who may use nothing else, and by none who may not.
    private static func resolved(_ name: String) -> String? {
        guard let catalog else { return "there is no catalog" }
        let found = catalog.resolve(name)
        guard case .found(let model) = found else {
            return catalog.resolve(name, for: ModelRights(["nothing"])) == found
                ? nil : "rights change what isn't there"
        }
        // Cloud names that nobody lists are found at anybody's.
        guard model.isListed else { return nil }
        guard case .found(let again) = catalog.resolve(model.visibleName), again.key == model.key else {
            return "\(model.visibleName) is another model"
        }
        guard case .found(let allowed) = catalog.resolve(name, for: ModelRights([model.key])), allowed.key == model.key
        else { return "\(model.key) is not what its own pattern allows" }
        if case .found = catalog.resolve(name, for: ModelRights(["nothing*"])) { return "it is found by who may not" }
        let own = model.holders.numbers.compactMap { model.ownName(on: $0) }
        guard own.count == model.holders.numbers.count else { return "a holder has no name for it" }
        let hasPrefix =
            ModelName.folded(model.visibleName).hasPrefix("pre.") && own.allSatisfy { "pre.\($0)" == model.visibleName }
        return model.strippedPrefix == hasPrefix ? nil : "\(own) for \(model.visibleName)"
    }

    private static func matched(_ name: String, _ pattern: String) -> String? {
        guard pattern.contains("*"), pattern.utf8.count < 64, name.utf8.count < 256 else { return nil }
        let key = ModelName.key(of: name)
        let folded = Array(ModelName.folded(pattern).utf8)
        var isMatch = plainMatch(folded[...], Array(key.utf8)[...])
        // Without the default tag as well.
        let tag = ":latest"
        if !isMatch, key.hasSuffix(tag), key.utf8.count > tag.utf8.count, pattern.utf8.last != UInt8(ascii: "*") {
            isMatch = plainMatch(folded[...], Array(key.utf8.dropLast(tag.utf8.count))[...])
        }
        return ModelRights([pattern]).allows(key: key) == isMatch ? nil : "\(pattern) matches \(key): \(!isMatch)"
    }

    /// A table of which beginnings match which.
    private static func plainMatch(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        var reached = [true] + [Bool](repeating: false, count: text.count)
        for character in pattern {
            var next = [Bool](repeating: false, count: text.count + 1)
            for place in 0...text.count {
                if character == UInt8(ascii: "*") {
                    next[place] = reached[place] || place > 0 && next[place - 1]
                } else if place > 0 {
                    next[place] = reached[place - 1] && text[text.startIndex + place - 1] == character
                }
            }
            reached = next
        }
        return reached[text.count]
    }
}
