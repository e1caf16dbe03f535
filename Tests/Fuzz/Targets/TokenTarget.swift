// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

extension FuzzTarget {
    static let token = FuzzTarget(name: "token", violation: TokenTarget.violation) {
        let header = #"{"alg":"HS256","typ":"JWT"}"#
        let claims = [
            #"{"sub":"u-1","role":"user","iss":"open-webui","exp":2000}"#, #"{"iss":"open-webui","exp":1}"#,
            #"{"sub":"u-1","iss":"open-webui","exp":1e9,"nbf":999}"#, #"{"sub":"a","iss":"x","exp":2000}"#,
            #"{"email":"A@b.c","iss":"open-webui","exp":2000.5,"nbf":"1"}"#, "[]", ""
        ]
        return claims.map { Array("\(header)\n\($0)".utf8) }
            + claims.map { [UInt8(ascii: ".")] + TokenTarget.signed(Array(header.utf8), Array($0.utf8)) }
            + [#"{"alg":"none"}"#, #"{"alg":"HS512"}"#, #"{"alg":"HS256","crit":[]}"#].map {
                Array("\($0)\n\(claims[0])".utf8)
            }
    }
}

/// Signed statements of who the user is. An input that begins with a dot is a token behind it, as a stranger may send it;
/// any other one is a header and claims, a line each, which get a good signature here.
enum TokenTarget {
    private static let secret = Array("secret-of-the-fuzzer".utf8)
    private static let now = 1000
    private static let key = KeyText.make(randomness: [UInt8](repeating: 7, count: KeyText.randomByteCount))

    private static let policy: AccessPolicy = {
        let means = AccessMeans(
            sha256: { KeyDigest(sha256: Cryptography.sha256($0)) },
            hmac: { secret, message in Cryptography.hmacSHA256(secret, message).flatMap { KeyDigest($0) } },
            unixTime: { Int64(now) })
        let digest = Array(TokenTarget.key.utf8).withUnsafeBytes { means.sha256($0) }
        var webUI = AccessKey(name: "webui", digest: digest)
        webUI.assertsUser = true
        let everybody = UserRules([.init()], secret: secret, means: means)
        return AccessPolicy(anonymous: .none, keys: [webUI], users: everybody, means: means)
    }()

    @Sendable static func violation(_ input: [UInt8]) -> String? {
        let token: [UInt8]
        if input.first == UInt8(ascii: ".") {
            token = Array(input.dropFirst())
        } else {
            let header = input.prefix { $0 != 0x0A }
            token = signed(Array(header), Array(input.dropFirst(header.count + 1)))
        }
        // Header fields have no line ends.
        guard !token.contains(where: { $0 < 0x20 }) else { return nil }
        let isTaken = isTaken(token)
        guard isTaken == isGood(token) else { return isTaken ? "it proves nothing, and is taken" : "it is good" }
        guard isTaken else { return nil }
        // Whoever changes a bit of it has no signature for that.
        for place in stride(from: 0, to: token.count, by: 7) {
            var other = token
            other[place] ^= 1 << UInt8(place % 5)
            if other[place] >= 0x20, Self.isTaken(other) { return "changed at \(place) it is taken, too" }
        }
        return nil
    }

    private static func isTaken(_ token: [UInt8]) -> Bool {
        var headers = HeaderFields()
        headers.append("Authorization", "Bearer \(key)")
        Array("X-OpenWebUI-User-Jwt".utf8).withUnsafeBytes { headers.appendName($0) }
        token.withUnsafeBytes { headers.appendValue($0) }
        headers.endField()
        return (try? policy.admit(Caller(on: .other), to: .chat, host: nil, headers: headers)) != nil
    }

    // MARK: The plain reader

    /// RFC 7515 and RFC 7519, step by step, with yyjson behind it.
    private static func isGood(_ token: [UInt8]) -> Bool {
        var token = token
        // As of any header field's value.
        while token.last == 0x20 { token.removeLast() }
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { Array($0) }
        guard token.count <= 4096, parts.count == 3, parts.allSatisfy({ decoded($0) != nil }) else { return false }
        guard let header = decoded(parts[0]), let claims = decoded(parts[1]), let signature = decoded(parts[2]),
            signature == mac(Array(token.prefix(parts[0].count + 1 + parts[1].count)))
        else { return false }
        guard let header = try? JSON(parsing: header), let claims = try? JSON(parsing: claims) else { return false }
        guard header.members != nil, claims.members != nil, header["alg"] == .string("HS256"), header["crit"] == nil,
            claims["iss"] == .string("open-webui"), let expiry = claims["exp"]?.double, expiry > Double(now)
        else { return false }
        if let start = claims["nbf"] {
            guard let start = start.double, start <= Double(now) else { return false }
        }
        // Somebody has to be named.
        return ["role", "email", "sub"].contains { !(claims[$0]?.string ?? "").isEmpty }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Canonical only: what encodes to these characters.
    private static func decoded(_ text: [UInt8]) -> [UInt8]? {
        var bits: [Bool] = []
        for character in text {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            bits += (0..<6).map { value >> (5 - $0) & 1 == 1 }
        }
        let bytes = stride(from: 0, to: bits.count - 7, by: 8).map { start in
            bits[start..<(start + 8)].reduce(0 as UInt8) { $0 << 1 | ($1 ? 1 : 0) }
        }
        return encoded(bytes) == text ? bytes : nil
    }

    private static func encoded(_ bytes: [UInt8]) -> [UInt8] {
        var bits = bytes.flatMap { byte -> [Bool] in (0..<8).map { byte >> (7 - $0) & 1 == 1 } }
        while bits.count % 6 != 0 { bits.append(false) }
        return stride(from: 0, to: bits.count, by: 6).map { start in
            alphabet[bits[start..<(start + 6)].reduce(0) { $0 << 1 | ($1 ? 1 : 0) }]
        }
    }

    private static func mac(_ message: [UInt8]) -> [UInt8]? {
        message.withUnsafeBytes { Cryptography.hmacSHA256(secret, $0) }
    }

    static func signed(_ header: [UInt8], _ claims: [UInt8]) -> [UInt8] {
        let message = encoded(header) + [UInt8(ascii: ".")] + encoded(claims)
        return message + [UInt8(ascii: ".")] + encoded(mac(message) ?? [])
    }
}
