// SPDX-License-Identifier: MIT

/// What the gateway must know of a JSON request body to route it: the top-level members that a rule of ours looks at.
/// Everything else in the body was checked to be JSON and forgotten.
public struct ScannedBody: Equatable, Sendable {
    /// A model's name as the client wrote it, and where: the name may be replaced there, and nothing else may.
    public struct Name: Equatable, Sendable {
        /// Escapes decoded; a lone surrogate became U+FFFD, as Go's decoder does it. At most 1,024 bytes of UTF-8.
        public var text: String
        /// Byte offsets in the whole body of the JSON string including its quotes.
        public var range: Range<Int>

        public init(text: String, range: Range<Int>) {
            self.text = text
            self.range = range
        }
    }

    /// Nil when absent or null, like the other four.
    public var model: Name?
    public var name: Name?
    public var from: Name?
    public var source: Name?
    public var destination: Name?
    /// Nil when absent or null: the route's default holds.
    public var stream: Bool?
    /// `keep_alive` is there and a runner reads it as 0 ns: the number 0 in any spelling or one below 1e-9, or a Go
    /// duration string such as `0`, `0s`, `0m0.0s`. With nothing to generate that unloads the model.
    public var keepAliveIsZero = false
    /// `prompt` is there and is neither the empty string, nor null, nor `[]`.
    public var hasPrompt = false
    /// `messages` is there and is neither `[]` nor null.
    public var hasMessages = false

    public init() {}

    /// All names that are there and name something.
    var names: [Name] { [model, name, from, source, destination].compactMap { $0?.nonEmpty } }
}

/// Why a request body is refused. Its words never repeat what the body says.
public struct ScanError: Error, Equatable, Sendable {
    /// A plain sentence for the client, with the position.
    public var message: String
    /// Bytes from the start of the body, counted from 0; the body's length when it ended too early.
    public var position: Int

    public init(message: String, position: Int) {
        self.message = message
        self.position = position
    }
}

extension ScanError {
    /// Ollama's words for an empty body; other families have their own.
    static let missingBody = "missing request body"

    /// The document breaks RFC 8259: `problem` says what is wrong or what was expected.
    static func syntax(_ problem: StaticString, at position: Int) -> ScanError {
        ScanError(message: "the request body is not valid JSON: \(problem) at byte \(position)", position: position)
    }

    /// A member is not what it has to be.
    static func member(_ key: GuardedKey, _ problem: StaticString, at position: Int) -> ScanError {
        ScanError(message: "\(key.spelling) \(problem) (at byte \(position))", position: position)
    }
}
