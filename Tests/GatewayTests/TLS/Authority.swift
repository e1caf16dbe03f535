// SPDX-License-Identifier: MIT

import COpenSSL
import Testing
import Transport

/// Issues certificates for tests, into a folder that is gone with it. Keys are made at test time; none is ever committed.
final class Authority {
    let folder: TemporaryFolder
    /// Its own certificate, for those who are to trust it.
    let file: String
    private let key: OpaquePointer
    private let certificate: OpaquePointer
    private var issued = 0

    struct Leaf {
        let certificate: String
        let key: String
        var identity: TLSServerContext.Identity { .init(certificate: certificate, key: key) }
    }

    init(_ name: String = "Test Authority") throws {
        folder = try TemporaryFolder()
        file = folder.path("authority.pem")
        key = try Authority.makeKey()
        certificate = try Authority.makeCertificate(
            subject: name, key: key, issuer: nil, issuerKey: key, validFor: -60...86400,
            extensions: [(NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign")])
        try Authority.write(to: file) { PEM_write_bio_X509($0, certificate) }
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    /// - Parameters:
    ///   - names: subject alternative names in OpenSSL's form, e.g. `DNS:localhost`, `IP:127.0.0.1`.
    ///   - validFor: seconds from now.
    func issue(
        _ subject: String = "localhost", names: [String] = ["DNS:localhost", "IP:127.0.0.1"],
        validFor: ClosedRange<Int> = -60...86400, purpose: String = "serverAuth,clientAuth", as fileName: String? = nil
    ) throws -> Leaf {
        issued += 1
        let name = fileName ?? "leaf\(issued)"
        let leaf = Leaf(certificate: folder.path("\(name).pem"), key: folder.path("\(name).key"))
        let leafKey = try Authority.makeKey()
        defer { EVP_PKEY_free(leafKey) }
        var extensions = [(NID_ext_key_usage, purpose)]
        if !names.isEmpty { extensions.append((NID_subject_alt_name, names.joined(separator: ","))) }
        let made = try Authority.makeCertificate(
            subject: subject, key: leafKey, issuer: certificate, issuerKey: key, validFor: validFor,
            extensions: extensions)
        defer { X509_free(made) }
        try Authority.write(to: leaf.certificate) {
            PEM_write_bio_X509($0, made) == 1 ? PEM_write_bio_X509($0, certificate) : 0
        }
        try Authority.write(to: leaf.key) { PEM_write_bio_PrivateKey($0, leafKey, nil, nil, 0, nil, nil) }
        return leaf
    }

    private static func makeKey() throws -> OpaquePointer {
        let context = try #require(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil))
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        try #require(EVP_PKEY_keygen_init(context) == 1)
        try #require(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1)
        try #require(EVP_PKEY_keygen(context, &key) == 1)
        return try #require(key)
    }

    private static func makeCertificate(
        subject: String, key: OpaquePointer, issuer: OpaquePointer?, issuerKey: OpaquePointer,
        validFor: ClosedRange<Int>, extensions: [(Int32, String)]
    ) throws -> OpaquePointer {
        let certificate = try #require(X509_new())
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), UInt64.random(in: 1...UInt64(Int64.max)))
        X509_gmtime_adj(X509_getm_notBefore(certificate), validFor.lowerBound)
        X509_gmtime_adj(X509_getm_notAfter(certificate), validFor.upperBound)
        let name = X509_get_subject_name(certificate)
        for part in subject.split(separator: ",") {
            let pair = part.split(separator: "=")
            let field = pair.count == 2 ? String(pair[0]) : "CN"
            X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, String(pair[pair.count - 1]), -1, -1, 0)
        }
        X509_set_issuer_name(certificate, issuer.map { X509_get_subject_name($0) } ?? name)
        X509_set_pubkey(certificate, key)
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer ?? certificate, certificate, nil, nil, 0)
        for (identifier, value) in extensions {
            let made = try #require(X509V3_EXT_conf_nid(nil, &context, identifier, value))
            defer { X509_EXTENSION_free(made) }
            X509_add_ext(certificate, made, -1)
        }
        try #require(X509_sign(certificate, issuerKey, EVP_sha256()) > 0)
        return certificate
    }

    private static func write(to path: String, _ body: (OpaquePointer) -> Int32) throws {
        let file = try #require(BIO_new_file(path, "w"))
        defer { BIO_free(file) }
        try #require(body(file) == 1)
    }
}
