// SPDX-License-Identifier: MIT

/// Reads one JSON object of the configuration file key by key, says what is wrong with each value and where, and knows
/// at the end which keys nobody asked for. A value that is wrong leaves its target as it was.
struct ObjectReader {
    /// Empty for the whole file.
    let path: String
    let findings: Findings
    private let members: [JSON.Member]
    private var known: [String] = []

    /// Nil, with an error reported, if the value is no object.
    init?(_ value: JSON, path: String, _ findings: Findings) {
        guard let members = value.members else {
            findings.error(path.isEmpty ? "the file" : path, "must be an object, not \(value.kind)")
            return nil
        }
        self.path = path
        self.findings = findings
        self.members = members
    }

    func place(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// The value as it is; nil if the key isn't there.
    mutating func take(_ key: String) -> JSON? {
        known.append(key)
        guard let value = members.last(where: { $0.key == key })?.value else { return nil }
        findings.found(place(of: key), in: .file)
        return value
    }

    func mismatch(_ key: String, _ expected: String, _ value: JSON) {
        findings.error(place(of: key), "must be \(expected), not \(value.kind)")
        findings.isFaulty(place(of: key))
    }

    func fault(_ key: String, _ sentence: String) {
        findings.error(place(of: key), sentence)
        findings.isFaulty(place(of: key))
    }

    /// What nobody asked for, as it came.
    var unknownMembers: [JSON.Member] { members.filter { !known.contains($0.key) } }

    /// Reports what is left over: a typing error would otherwise be a setting that silently does nothing.
    func finish(unknownKeysAreErrors: Bool = true, ignoring ignored: Set<String> = []) {
        var told = ignored
        for member in unknownMembers where told.insert(member.key).inserted {
            let place = place(of: Echo.isPlainKey(member.key) ? member.key : "(a key)")
            if unknownKeysAreErrors {
                findings.error(place, "is no setting; known here: \(known.joined(separator: ", "))")
            } else {
                findings.warn(place, "is unknown and has no effect; known here: \(known.joined(separator: ", "))")
            }
        }
    }
}

// MARK: Typed values

extension ObjectReader {
    mutating func string(_ key: String) -> String? {
        guard let value = take(key) else { return nil }
        guard let text = value.string else {
            mismatch(key, "a string", value)
            return nil
        }
        return text
    }

    /// A string that has to be there.
    mutating func required(_ key: String, _ remedy: String) -> String? {
        if let text = string(key) { return text }
        if findings.isSound(place(of: key)) { fault(key, "is missing; \(remedy)") }
        return nil
    }

    /// A file's path; empty is none.
    mutating func path(_ key: String) -> String? {
        guard let text = string(key) else { return nil }
        guard text.utf8.count <= 4095, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            fault(key, "is no path: it is too long, or holds control characters")
            return nil
        }
        return text
    }

    /// A pattern with `*` for any characters.
    mutating func glob(_ key: String) -> String? {
        guard let text = string(key) else { return nil }
        return isGlob(text, key) ? text : nil
    }

    mutating func globs(_ key: String) -> [String] {
        let texts = strings(key) ?? []
        return texts.enumerated().filter { isGlob($1, "\(key)[\($0)]") }.map(\.element)
    }

    private func isGlob(_ text: String, _ key: String) -> Bool {
        guard (1...256).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            fault(key, "must be a pattern of 1 to 256 bytes without control characters, e.g. llama3*")
            return false
        }
        return true
    }

    func range(_ key: String, _ text: String) -> AddressRange? {
        guard let range = AddressRange(text) else {
            fault(key, "must be a range of addresses such as 10.0.0.0/8 or fd00::/8, no bit set behind its length")
            return nil
        }
        return range
    }

    mutating func bool(_ key: String) -> Bool? {
        guard let value = take(key) else { return nil }
        guard let flag = value.bool else {
            mismatch(key, "true or false", value)
            return nil
        }
        return flag
    }

    mutating func array(_ key: String) -> [JSON]? {
        guard let value = take(key) else { return nil }
        guard let elements = value.array else {
            mismatch(key, "a list", value)
            return nil
        }
        return elements
    }

    /// A list of strings; nil as soon as one element is something else.
    mutating func strings(_ key: String) -> [String]? {
        guard let elements = array(key) else { return nil }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            if let text = element.string {
                texts.append(text)
            } else {
                mismatch("\(key)[\(index)]", "a string", element)
            }
        }
        return texts.count == elements.count ? texts : nil
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ target: inout Choice
    ) where Choice.RawValue == String {
        guard let text = string(key) else { return }
        if let choice = Choice(rawValue: text) {
            target = choice
        } else {
            fault(key, "must be \(Choice.alternatives)")
        }
    }

    /// A whole number in `range`; `1e3` and `2.0` are whole, too.
    mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = take(key) else { return nil }
        guard let number = value.double else {
            mismatch(key, "a whole number", value)
            return nil
        }
        guard let integer = value.int ?? Int(exactly: number) else {
            fault(key, number.isFinite && number == number.rounded() ? "is too large" : "must be a whole number")
            return nil
        }
        guard range.contains(integer) else {
            let upper =
                range.upperBound == .max
                ? "\(range.lowerBound) or more" : "from \(range.lowerBound) to \(range.upperBound)"
            fault(key, "must be \(upper)")
            return nil
        }
        return integer
    }

    /// Bytes or a count, where 0 is no limit.
    mutating func limit(_ key: String, _ target: inout Int) {
        guard let number = integer(key, in: 0...Int.max) else { return }
        target = number == 0 ? .max : number
    }

    /// Seconds, where 0 is no limit. Less than a millisecond would pass before anything could happen.
    mutating func timeLimit(_ key: String, _ target: inout TimeLimit) {
        guard let number = seconds(key) else { return }
        guard number == 0 || number >= 0.001 else {
            return fault(key, "must be 0 (no limit) or at least 0.001 seconds")
        }
        target = number == 0 ? nil : .seconds(number)
    }

    /// Seconds, where 0 means "not at all".
    mutating func duration(_ key: String, _ target: inout Interval) {
        if let number = seconds(key) { target = .seconds(number) }
    }

    /// Seconds between two things that repeat; an interval of nothing would keep the loop busy with them.
    mutating func interval(_ key: String, _ target: inout Interval) {
        guard let number = seconds(key) else { return }
        guard number >= 0.01 else { return fault(key, "must be at least 0.01 seconds") }
        target = .seconds(number)
    }

    private mutating func seconds(_ key: String) -> Double? {
        guard let value = take(key) else { return nil }
        guard let number = value.double else {
            mismatch(key, "a number of seconds", value)
            return nil
        }
        guard number >= 0, number.isFinite else {
            fault(key, number < 0 ? "is negative; it is a number of seconds" : "is too large")
            return nil
        }
        return number
    }
}

extension RawRepresentable where Self: CaseIterable, RawValue == String {
    /// For messages: `"a", "b" or "c"`.
    static var alternatives: String {
        let names = allCases.map { "\"\($0.rawValue)\"" }
        guard let last = names.last, names.count > 1 else { return names.joined() }
        return names.dropLast().joined(separator: ", ") + " or " + last
    }
}

extension Echo {
    /// A key may be shown if it looks like a name; a pasted secret does not.
    static func isPlainKey(_ key: String) -> Bool {
        (1...40).contains(key.utf8.count) && !key.hasPrefix("dmr_")
            && key.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "_-.".utf8.contains($0) }
    }
}
