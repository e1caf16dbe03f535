// SPDX-License-Identifier: MIT

import GatewayCore

extension FuzzTarget {
    static let path = FuzzTarget(name: "path", violation: PathTarget.violation) {
        let arguments = ["llama3", "a%2e", "%c3%a9", "7", "%7f", "%2F", ".."]
        let patterns = Operation.allCases.map(\.entry.pattern)
        let paths = patterns.flatMap { pattern -> [String] in
            guard let colon = pattern.firstIndex(of: ":") else { return [pattern, pattern + "/1"] }
            return arguments.map { pattern[..<colon] + $0 } + [pattern[..<colon] + "x/2"]
        }
        let all = paths + paths.map { "/docker-model-runner" + $0 } + paths.prefix(5).map { "/key/dmr_x" + $0 }
        return (all + ["*", "http://h", "http://h/api/tags", "//api//%63hat/?x=/..", "/key/", "/key/a"]).enumerated()
            .map {
                [UInt8($0.offset % 10)] + Array($0.element.utf8)
            }
    }
}

/// Routing: one path has one route however it is spelled, and what is refused in one spelling is served in none. The
/// first byte of the input chooses the method, the rest is the target.
enum PathTarget {
    private static let prefix = "/docker-model-runner"
    private static let router = Router(pathPrefix: prefix)

    @Sendable static func violation(_ input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        let method = GatewayCore.Method.allCases[Int(first) % GatewayCore.Method.allCases.count]
        let target = Array(input.dropFirst())
        let routing = router.route(method, target: target)
        _ = router.family(ofUnrouted: target)
        for name: StaticString in ["runners", "last"] { _ = QueryParameters.value(of: name, in: target) }
        guard target.first == UInt8(ascii: "/") else { return wrongForm(method, target, routing) }
        // It names no path.
        guard method != .connect else { return nil }
        let path = Array(target.prefix { $0 != UInt8(ascii: "?") })
        if target.contains(where: { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "#") }) {
            if case .malformed = routing.result { return nil }
            return "it holds what no target may, and is \(routing.result)"
        }
        return spelledOtherwise(method, path, routing) ?? decoded(method, path, routing)
    }

    /// No path: a URL of ours, `*`, or wrong.
    private static func wrongForm(_ method: GatewayCore.Method, _ target: [UInt8], _ routing: Routing) -> String? {
        guard case .route = routing.result else { return nil }
        let text = String(decoding: target, as: UTF8.self).lowercased()
        guard text.hasPrefix("http://") || text.hasPrefix("https://") else { return "it is routed, and no path" }
        let behindScheme = target.drop { $0 != UInt8(ascii: "/") }.dropFirst(2)
        let path = Array(behindScheme.drop { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") })
        let plain = router.route(method, target: path.first == UInt8(ascii: "/") ? path : [UInt8(ascii: "/")] + path)
        return plain == routing ? nil : "without scheme and host it is \(plain)"
    }

    private static func spelledOtherwise(
        _ method: GatewayCore.Method, _ path: [UInt8], _ routing: Routing
    ) -> String? {
        let slash = UInt8(ascii: "/")
        var spellings = [
            path + [slash], [slash] + path, path + Array("?a=/../b".utf8), Array("http://gateway".utf8) + path,
            path.flatMap { $0 == slash ? [slash, slash] : [$0] }
        ]
        if let decoded = percentDecoded(path) {
            spellings.append(decoded.flatMap { $0 == slash ? [slash] : escaped($0) })
        } else {
            guard case .malformed = routing.result else { return "it can't be decoded, and is \(routing.result)" }
        }
        for spelling in spellings {
            let other = router.route(method, target: spelling)
            if other.result != routing.result { return "as \(Inputs.line(spelling)) it is \(other.result)" }
            // Of a path that can't be read not even the key may be.
            guard case .malformed = routing.result else {
                guard other.pathKey == routing.pathKey else { return "as \(Inputs.line(spelling)) it has another key" }
                continue
            }
        }
        return nil
    }

    /// The route says what the path says.
    private static func decoded(
        _ method: GatewayCore.Method, _ path: [UInt8], _ routing: Routing
    ) -> String? {
        guard case .route(let route) = routing.result else { return nil }
        guard route.operation.entry.methods(on: route.surface).takes(method) else { return "it doesn't take \(method)" }
        guard let decoded = percentDecoded(path) else { return "it can't be decoded" }
        var segments = decoded.split(separator: UInt8(ascii: "/")).map { Array($0) }
        if segments.contains(Array(".".utf8)) || segments.contains(Array("..".utf8)) { return "it holds dot segments" }
        if let key = routing.pathKey {
            guard segments.count >= 2, segments[0] == Array("key".utf8), segments[1] == key else { return "its key" }
            segments.removeFirst(2)
        }
        let pattern = route.pattern.split(separator: "/").map {
            $0.first == ":" ? route.pathArgument ?? "" : String($0)
        }
        let lead = (route.surface == .prefix ? prefix : "").split(separator: "/").map { String($0) }
        let expected = (lead + pattern).map { Array($0.utf8) }
        if let pin = route.pin {
            guard let digits = segments.popLast(), digits.allSatisfy({ (0x30...0x39).contains($0) }),
                Int(String(decoding: digits, as: UTF8.self)) == pin
            else { return "its pin" }
        }
        return segments == expected ? nil : "it is routed as \(expected)"
    }

    /// Nil for an escape that is none, or one of a slash or a control character.
    private static func percentDecoded(_ path: [UInt8]) -> [UInt8]? {
        var rest = path[...]
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), value >= 0x20, value != 0x7F,
                value != UInt8(ascii: "/")
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
