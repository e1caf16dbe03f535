// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// A client's certificate as a key. Whether it is genuine was found out before its subject got here.
@Suite struct ClientCertificateTests {
    private static let digest = KeyDigest(sha256: [UInt8](repeating: 7, count: 32))
    private static let policy = AccessPolicy(
        anonymous: .read,
        keys: [
            AccessKey(name: "alice", certificateSubject: "CN=alice,O=Example"),
            AccessKey(name: "root", certificateSubject: "CN=root", role: .admin),
            AccessKey(name: "webui", digest: digest)
        ],
        means: AccessMeans(
            sha256: { KeyDigest(sha256: [UInt8](repeating: $0.elementsEqual("secret".utf8) ? 7 : 8, count: 32)) },
            hmac: { _, _ in nil }, unixTime: { 0 }))

    private func decide(_ scope: Scope, _ certificate: String?, _ fields: [(String, String)] = []) -> Identity? {
        var headers = HeaderFields()
        for (name, value) in [("Host", "example.com")] + fields {
            Array(name.utf8).withUnsafeBytes { headers.appendName($0) }
            Array(value.utf8).withUnsafeBytes { headers.appendValue($0) }
            headers.endField()
        }
        let decision = Self.policy.decide(
            .needing(scope), from: Caller(on: .loopback, certificate: certificate), headers: headers)
        return try? decision.get()
    }

    @Test func itsSubjectIsAName() {
        #expect(decide(.inference, "CN=alice,O=Example")?.keyName == "alice")
        #expect(decide(.manage, "CN=alice,O=Example") == nil, "a user's rights")
        #expect(decide(.admin, "CN=root")?.keyName == "root")
    }

    @Test(arguments: ["CN=alice", "CN=ALICE,O=Example", "O=Example,CN=alice", "CN=alice,O=Example,C=DE", ""])
    func onlyTheWholeSubjectCounts(subject: String) {
        #expect(decide(.inference, subject) == nil)
    }

    @Test func aKeyInTheRequestSaysMore() {
        #expect(decide(.inference, "CN=root", [("x-api-key", "secret")])?.keyName == "webui")
        #expect(decide(.admin, "CN=root", [("x-api-key", "secret")]) == nil)
        #expect(decide(.inference, "CN=root", [("x-api-key", "dmr_wrong")]) == nil)
    }

    @Test func anEmptyBearerIsNoKey() {
        #expect(decide(.inference, "CN=root", [("Authorization", "Bearer ")])?.keyName == "root")
    }

    @Test func entriesInTheFile() throws {
        let hash = String(repeating: "0a", count: 32)
        func errors(_ entries: String) -> [String] { Start(file: #"{"access":{"keys":[\#(entries)]}}"#).errors }
        let good = #"{"name":"alice","client_cert":"CN=alice"},{"name":"webui","sha256":"\#(hash)"}"#
        let keys = try Start(file: #"{"access":{"keys":[\#(good)]}}"#).configuration().access.keys
        #expect(keys.map(\.clientCertificate) == ["CN=alice", nil])
        #expect(
            errors(#"{"name":"a","client_cert":"alice"}"#).first?.hasPrefix(
                "access.keys[0].client_cert: must be a certificate's whole subject") == true)
        #expect(
            errors(#"{"name":"a","client_cert":"CN=a","sha256":"\#(hash)"}"#) == [
                "access.keys[0].client_cert: stands instead of sha256; make two entries of this one"
            ])
        #expect(
            errors(#"{"name":"a","client_cert":"CN=a"},{"name":"b","client_cert":"CN=a"}"#) == [
                "access.keys[1].client_cert: is another key's, too; keep one of the two entries"
            ])
    }
}
