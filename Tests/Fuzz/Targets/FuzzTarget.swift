// SPDX-License-Identifier: MIT

/// A reader of bytes that strangers send, and what must hold of it whatever they are.
public struct FuzzTarget: CustomStringConvertible, Sendable {
    /// As the command line, `Corpus` and `Found` call it.
    public let name: String
    /// The first property that doesn't hold for these bytes, in words; nil when all do.
    public let violation: @Sendable ([UInt8]) -> String?
    /// What other tests know already, to begin with.
    let tables: @Sendable () -> [[UInt8]]

    public var description: String { name }

    public static let all: [FuzzTarget] = [
        .json, .request, .response, .multipart, .configuration, .name, .lists, .path, .token, .access, .address, .zstd,
        .stream, .log
    ]

    /// Inputs that were found interesting or wrong before, and those of the tables.
    public func seeds() -> [[UInt8]] {
        let found = [Inputs.Kind.corpus, .found].flatMap { Inputs.read($0, of: name).map(\.bytes) }
        return found + tables()
    }
}

extension [UInt8] {
    /// The body that a counted message would have; nil without a head's end.
    var behindEmptyLine: [UInt8]? {
        indices.dropLast(3).first { self[$0..<($0 + 4)].elementsEqual([0x0D, 0x0A, 0x0D, 0x0A]) }
            .map { Array(self[($0 + 4)...]) }
    }
}
