// SPDX-License-Identifier: MIT

import Glibc

/// What all targets show over TLS: one certificate for `localhost`, made when it is needed. On the curve P-256, as those
/// that public authorities issue by default: signing with RSA would cost ten times as much, the same for each target,
/// and hide what is compared.
struct Certificate {
    static let host = "localhost"

    /// PEM files: the certificate, its key, and both in one for who wants it so.
    let certificate: String
    let key: String
    let both: String

    /// By the `openssl` command.
    ///
    /// - Throws: `ChildProcess.Failure` when that isn't there, or fails.
    init(folder: String) throws(ChildProcess.Failure) {
        certificate = "\(folder)/certificate.pem"
        key = "\(folder)/certificate.key"
        both = "\(folder)/both.pem"
        let output = "\(folder)/openssl.out"
        let command = try ChildProcess(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-subj", "/CN=\(Certificate.host)", "-addext",
                "subjectAltName=DNS:\(Certificate.host),IP:127.0.0.1", "-keyout", key, "-out", certificate
            ], output: output)
        for _ in 0..<10_000 where command.isRunning { usleep(1000) }
        guard command.hasSucceeded, let shown = SystemFolder.text(of: certificate),
            let secret = SystemFolder.text(of: key), SystemFolder.write(shown + secret, to: both)
        else {
            let words = SystemFolder.text(of: output) ?? ""
            throw ChildProcess.Failure(
                reason: "no certificate: the openssl command (package openssl) failed: \(words.suffix(400))")
        }
    }
}
