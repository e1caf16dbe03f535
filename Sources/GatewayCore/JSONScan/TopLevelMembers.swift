// SPDX-License-Identifier: MIT

/// The members of the body's own object as they go by: which guarded keys came, and what their values mean. The scanner
/// tells it only of keys and values at the top level.
struct TopLevelMembers: Sendable {
    /// How a value begins; that is all a rule needs to know of its kind.
    enum Kind: Sendable {
        case string, number, object, array, null
        case bool(Bool)
    }

    private(set) var body = ScannedBody()
    /// One bit for each guarded key that came.
    private var seen: UInt16 = 0
    /// The key whose value comes next or is being read; nil for one nobody cares about.
    private var current: GuardedKey?

    /// - Parameters:
    ///   - key: the decoded key; nil: one that was too long, and so is none of the guarded ones.
    ///   - position: of its opening quote.
    mutating func keyEnded(_ key: UnsafeRawBufferPointer?, at position: Int) throws(ScanError) {
        current = key.flatMap { GuardedKey(decoded: $0) }
        guard let current else { return }
        let bit: UInt16 = 1 << UInt16(current.rawValue)
        guard seen & bit == 0 else {
            throw .member(current, "is there more than once, in any letter case: send it once", at: position)
        }
        seen |= bit
    }

    /// - Returns: how many bytes of the value to keep for `stringEnded` or `numberEnded`; nil for none.
    mutating func valueBegan(_ kind: Kind, at position: Int) throws(ScanError) -> Int? {
        guard let current else { return nil }
        switch (current, kind) {
        case (_, .null): return nil
        case (.model, .string), (.name, .string), (.from, .string), (.source, .string), (.destination, .string),
            (.keepAlive, .string), (.keepAlive, .number):
            return BodyScanner.longestName
        case (.model, _), (.name, _), (.from, _), (.source, _), (.destination, _):
            throw .member(current, "must be a string", at: position)
        case (.stream, .bool(let value)): body.stream = value
        case (.stream, _): throw .member(current, "must be true or false", at: position)
        // Whether there is anything in these is known only at their end.
        case (.prompt, .string), (.prompt, .array), (.messages, .array): break
        case (.prompt, _): body.hasPrompt = true
        case (.messages, _): body.hasMessages = true
        // No duration: the runner says so itself.
        case (.keepAlive, _): break
        }
        return nil
    }

    /// - Parameters:
    ///   - text: the decoded string; nil: it was too long.
    ///   - range: of the string with its quotes.
    mutating func stringEnded(_ text: UnsafeRawBufferPointer?, range: Range<Int>) throws(ScanError) {
        guard let current else { return }
        guard let text else { throw .member(current, "is longer than 1,024 bytes", at: range.lowerBound) }
        switch current {
        case .model: body.model = TopLevelMembers.name(text, range)
        case .name: body.name = TopLevelMembers.name(text, range)
        case .from: body.from = TopLevelMembers.name(text, range)
        case .source: body.source = TopLevelMembers.name(text, range)
        case .destination: body.destination = TopLevelMembers.name(text, range)
        case .keepAlive: body.keepAliveIsZero = KeepAlive.isZero(duration: Array(text))
        case .prompt: body.hasPrompt = range.count > 2
        case .messages, .stream: break
        }
    }

    /// - Parameter position: of the number's end.
    mutating func numberEnded(_ text: BoundedText, at position: Int) throws(ScanError) {
        guard current == .keepAlive else { return }
        if text.isTooLong { throw .member(.keepAlive, "is longer than 1,024 bytes", at: position) }
        body.keepAliveIsZero = KeepAlive.isZero(number: text.bytes)
    }

    mutating func arrayEnded(isEmpty: Bool) {
        if current == .prompt { body.hasPrompt = !isEmpty }
        if current == .messages { body.hasMessages = !isEmpty }
    }

    /// Moved out: a copy would count the references of names that nobody sent.
    mutating func takeBody() -> ScannedBody {
        var taken = ScannedBody()
        swap(&taken, &body)
        return taken
    }

    private static func name(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> ScannedBody.Name {
        ScannedBody.Name(text: String(decoding: text, as: UTF8.self), range: range)
    }
}
