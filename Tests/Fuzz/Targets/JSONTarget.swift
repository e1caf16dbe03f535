// SPDX-License-Identifier: MIT

import GatewayCore
import HostileCases

extension FuzzTarget {
    static let json = FuzzTarget(name: "json", violation: JSONTarget.violation) {
        HostileGroup.all.flatMap(\.cases).compactMap { $0.bytes.behindEmptyLine }
    }
}

/// The scanner of request bodies, judged by yyjson: both must take the same documents, and find the same members.
///
/// The two differ on purpose in these points:
/// - half a surrogate pair as an escape: yyjson refuses it, we take it as Go does;
/// - more than 512 levels, a guarded key that comes twice or has a value of the wrong type or is too long: our own rules;
/// - a document that is no object.
public enum JSONTarget {
    enum Outcome: Equatable {
        case body(ScannedBody)
        case refused(ScanError)
    }

    @Sendable public static func violation(_ bytes: [UInt8]) -> String? {
        let whole = scan([bytes])
        if let problem = Cutting.violation(bytes, whole, scan) { return problem }
        let oracle = try? JSON(parsing: bytes)
        switch whole {
        case .refused(let error):
            guard (0...bytes.count).contains(error.position) else { return "position \(error.position)" }
            return oracle?.members == nil || isRuleOfOurs(error) ? nil : "we refuse: \(error.message)"
        case .body(let body):
            guard let oracle else {
                return (try? JSON(parsing: withoutSurrogates(bytes))) == nil ? "we accept" : nil
            }
            guard (try? JSON(parsing: oracle.bytes)) == oracle else { return "written again it is another document" }
            return difference(body, oracle, bytes)
        }
    }

    static func scan(_ pieces: [[UInt8]]) -> Outcome {
        var scanner = BodyScanner()
        do throws(ScanError) {
            for piece in pieces {
                let result = piece.withUnsafeBytes { bytes in
                    Result { () throws(ScanError) in try scanner.scan(bytes) }
                }
                try result.get()
            }
            return .body(try scanner.finish())
        } catch {
            return .refused(error)
        }
    }

    /// Refusals that are our rules, not JSON's.
    private static func isRuleOfOurs(_ error: ScanError) -> Bool {
        ["must be", "is there more than once", "is longer than", "is nested deeper"].contains {
            error.message.contains($0)
        }
    }

    /// Escapes of surrogates, in pairs or not, are letters here.
    private static func withoutSurrogates(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            result.append(byte)
            guard byte == UInt8(ascii: "\\"), let letter = rest.popFirst() else { continue }
            result.append(letter)
            let digits = rest.prefix(4)
            guard letter == UInt8(ascii: "u"), let value = UInt16(String(decoding: digits, as: UTF8.self), radix: 16),
                (0xD800..<0xE000).contains(value)
            else { continue }
            rest = rest.dropFirst(4)
            result += "0041".utf8
        }
        return result
    }

    private static func difference(_ body: ScannedBody, _ oracle: JSON, _ bytes: [UInt8]) -> String? {
        func value(_ key: String) -> JSON? { oracle.members?.last { fold($0.key) == key }?.value }
        let names = [
            ("model", body.model), ("name", body.name), ("from", body.from), ("source", body.source),
            ("destination", body.destination)
        ]
        for (key, name) in names {
            guard value(key)?.string == name?.text else { return key }
            guard let name else { continue }
            guard (try? JSON(parsing: Array(bytes[name.range])))?.string == name.text else { return "range of \(key)" }
        }
        guard value("stream")?.bool == body.stream else { return "stream" }
        let prompt = value("prompt") ?? .null
        guard body.hasPrompt == (prompt != .null && prompt != .string("") && prompt != .array([])) else {
            return "prompt"
        }
        let messages = value("messages") ?? .null
        guard body.hasMessages == (messages != .null && messages != .array([])) else { return "messages" }
        return nil
    }

    /// As Go's encoding/json compares keys.
    private static func fold(_ key: String) -> String {
        String(
            String.UnicodeScalarView(
                key.unicodeScalars.map { scalar in
                    switch scalar {
                    case "\u{17F}": "s"
                    case "\u{212A}": "k"
                    case "A"..."Z": Unicode.Scalar(UInt8(scalar.value) | 0x20)
                    default: scalar
                    }
                }))
    }
}
