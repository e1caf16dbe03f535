// SPDX-License-Identifier: MIT

/// A runner's version as three numbers. Open WebUI fails on anything else, so only this form is ever passed on.
public struct RunnerVersion: Comparable, Hashable, Sendable {
    public var major: Int
    public var minor: Int
    public var patch: Int

    public init(_ major: Int, _ minor: Int, _ patch: Int) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// Cuts a leading `v` and everything from the first `-` or `+` (`v0.33.0-rc2` is 0.33.0). Nil for what is then not
    /// three decimal numbers of at most nine digits: `dev`, `1.2`, the empty text.
    public init?(_ text: String) {
        var rest = text.utf8[...]
        if rest.first == UInt8(ascii: "v") || rest.first == UInt8(ascii: "V") { rest.removeFirst() }
        rest = rest.prefix { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") }
        var numbers: [Int] = []
        for part in rest.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false) {
            guard (1...9).contains(part.count), part.allSatisfy(ASCII.isDigit) else { return nil }
            numbers.append(part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) })
        }
        guard numbers.count == 3 else { return nil }
        self.init(numbers[0], numbers[1], numbers[2])
    }

    /// Always `N.N.N`.
    public var text: String { "\(major).\(minor).\(patch)" }

    public static func < (left: RunnerVersion, right: RunnerVersion) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }
}
