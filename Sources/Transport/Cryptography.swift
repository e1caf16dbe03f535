// SPDX-License-Identifier: MIT

import COpenSSL

/// SHA-256 and HMAC (OpenSSL's) and random bytes (the system's); the core takes digests and randomness as values.
public enum Cryptography {
    /// 32 bytes.
    public static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        digest.withUnsafeMutableBufferPointer { digest in
            _ = SHA256(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, digest.baseAddress)
        }
        return digest
    }

    /// RFC 2104 with SHA-256: 32 bytes; nil where OpenSSL's settings refuse the secret.
    public static func hmacSHA256(_ secret: [UInt8], _ message: UnsafeRawBufferPointer) -> [UInt8]? {
        var code = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        var length = 0
        let made = EVP_Q_mac(
            nil, "HMAC", nil, "SHA256", nil, secret, secret.count,
            message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count, &code, code.count, &length)
        return made != nil && length == code.count ? code : nil
    }

    public static func random(count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var generator = SystemRandomNumberGenerator()
        for index in bytes.indices { bytes[index] = UInt8.random(in: .min ... .max, using: &generator) }
        return bytes
    }
}
