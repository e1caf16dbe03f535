// SPDX-License-Identifier: MIT

/// A model that a simulated runner says it has. There are no weights behind it.
public struct SimulatedModel: Sendable, Equatable {
    /// As listed, tag included: `demo:latest`.
    public var name: String
    /// Bytes, as lists show them.
    public var size: Int
    /// 64 hexadecimal digits; the same for the same name, so that runners agree about a model unless told otherwise.
    public var digest: String
    public var family: String
    public var parameterSize: String
    public var quantization: String
    /// Unix seconds.
    public var modifiedAt: Int
    /// Floats in one embedding.
    public var embeddingLength: Int
    /// Of each of its streams; nil: as the runner's options say.
    public var tokensPerSecond: Double?

    /// A name without a tag gets `:latest`, as Ollama shows it.
    public init(
        _ name: String, size: Int = 815_319_791, digest: String? = nil, family: String = "simulated",
        parameterSize: String = "1.0B", quantization: String = "Q4_K_M", modifiedAt: Int = 1_755_000_000,
        embeddingLength: Int = 32, tokensPerSecond: Double? = nil
    ) {
        self.name = SimulatedModel.withTag(name)
        self.size = size
        self.digest = digest ?? SimulatedModel.digest(of: self.name)
        self.family = family
        self.parameterSize = parameterSize
        self.quantization = quantization
        self.modifiedAt = modifiedAt
        self.embeddingLength = embeddingLength
        self.tokensPerSecond = tokensPerSecond
    }

    /// What equal names have in common: default host, namespace and tag filled in or left out, letter case folded
    /// (Ollama's rules).
    static func key(of name: String) -> String {
        var rest = Substring(withTag(name).lowercased())
        for prefix in ["registry.ollama.ai/", "library/"] where rest.hasPrefix(prefix) {
            rest = rest.dropFirst(prefix.count)
        }
        return String(rest)
    }

    static func withTag(_ name: String) -> String {
        let last = name.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        return last.contains(":") ? name : name + ":latest"
    }

    static func digest(of name: String) -> String {
        var text = ""
        for word in 0..<4 {
            var hash = Mixer.hash(UInt64(word))
            for byte in name.utf8 { hash = Mixer.hash(hash ^ UInt64(byte)) }
            let digits = String(hash, radix: 16)
            text += String(repeating: "0", count: 16 - digits.count) + digits
        }
        return text
    }
}

/// A fixed mixing function (SplitMix64's): everything made up here follows from it and the seed.
enum Mixer {
    static func hash(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
