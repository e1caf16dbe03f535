// SPDX-License-Identifier: MIT

/// Reads `X-OpenWebUI-User-Jwt`: a JSON Web Token (RFC 7519) in compact form, signed by HMAC-SHA-256 with a secret that
/// Open WebUI and we share. No other algorithm is known here, whatever the token says of itself.
struct UserTokenReader: Sendable {
    /// Open WebUI's take some 400 characters.
    static let longestToken = 4096
    /// What Open WebUI signs as.
    static let issuer = "open-webui"

    private let secret: [UInt8]
    private let means: AccessMeans

    init(secret: [UInt8], means: AccessMeans) {
        self.secret = secret
        self.means = means
    }

    /// - Throws: 403 in a sentence that names the problem and repeats nothing of the token.
    func user(_ token: UnsafeRawBufferPointer) throws(GatewayError) -> AssertedUser {
        guard token.count <= UserTokenReader.longestToken else { throw .userToken("is longer than 4,096 characters") }
        let dot = UInt8(ascii: ".")
        let parts = token.split(separator: dot, omittingEmptySubsequences: false)
        guard parts.count == 3, let signature = Base64URL.decode(parts[2]).flatMap({ KeyDigest($0) }) else {
            throw .userToken("is no token signed with HS256")
        }
        // The signature first: nothing that a stranger wrote is parsed.
        let signed = UnsafeRawBufferPointer(rebasing: token[..<parts[1].endIndex])
        guard let expected = means.hmac(secret, signed), expected == signature else {
            throw .userToken("was not signed with access.jwt_secret: Open WebUI has another secret")
        }
        let header = UserTokenReader.object(parts[0])
        guard header?["alg"]?.string == "HS256", header?["crit"] == nil else {
            throw .userToken("does not say that it is signed with HS256")
        }
        guard let claims = UserTokenReader.object(parts[1]) else { throw .userToken("holds no claims") }
        try check(claims)
        return AssertedUser(
            role: claims["role"]?.string, email: claims["email"]?.string, id: claims["sub"]?.string)
    }

    private func check(_ claims: JSON) throws(GatewayError) {
        guard claims["iss"]?.string == UserTokenReader.issuer else {
            throw .userToken("was not issued by \(UserTokenReader.issuer)")
        }
        let now = Double(means.unixTime())
        guard let expiry = claims["exp"]?.double, now < expiry else {
            throw .userToken("has expired, or never does: compare the clocks of both machines")
        }
        if let start = claims["nbf"] {
            guard let start = start.double, start <= now else { throw .userToken("is not valid yet") }
        }
    }

    private static func object(_ part: Slice<UnsafeRawBufferPointer>) -> JSON? {
        guard let bytes = Base64URL.decode(part), let json = try? JSON(parsing: bytes), json.members != nil else {
            return nil
        }
        return json
    }
}

/// RFC 4648 section 5, without padding, as tokens have it (RFC 7515 section 2).
enum Base64URL {
    /// Nil for any other character, and for bits behind the last byte: one value has one spelling.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var bits: UInt32 = 0
        var count = 0
        for character in text {
            guard let value = value(character) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        // Six bits left over are a character that no byte needs.
        guard count < 6, bits & (1 << UInt32(count) - 1) == 0 else { return nil }
        return bytes
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
