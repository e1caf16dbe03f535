// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What `tls`, `https://` and a runner's `tls_verify` and `tls_ca` mean together.
@Suite struct TLSSettingTests {
    private static let pair = #""tls":{"certificate":"/c.pem","key":"/k.pem"}"#

    @Test func aCertificateTurnsTheDefaultAddressToTLS() throws {
        let resolved = try Start(file: "{\(Self.pair)}").resolve()
        #expect(resolved.configuration.listen == [.tls(host: "127.0.0.1", port: 11435)])
        #expect(resolved.warnings.isEmpty)
    }

    /// The section's place in the file makes no difference.
    @Test func onlyHTTPIsPlain() throws {
        let listen = #""listen":["a:1","http://b:2","https://c:3","unix:/d"]"#
        for file in ["{\(listen),\(Self.pair)}", "{\(Self.pair),\(listen)}"] {
            #expect(
                try Start(file: file).configuration().listen == [
                    .tls(host: "a", port: 1), .tcp(host: "b", port: 2), .tls(host: "c", port: 3), .unix(path: "/d")
                ])
        }
    }

    @Test func flagsAndEnvironmentFollowTheFilesCertificate() throws {
        let flag = Start(file: "{\(Self.pair)}", listen: ["a:1"])
        #expect(try flag.configuration().listen == [.tls(host: "a", port: 1)])
        let environment = Start(file: "{\(Self.pair)}", environment: ["OLLAMA_HOST": "a:1"])
        #expect(try environment.configuration().listen == [.tls(host: "a", port: 1)])
    }

    @Test func httpsNeedsACertificate() {
        for start in [
            Start(listen: ["https://a:1"]), Start(file: #"{"listen":["https://a:1"]}"#),
            Start(environment: ["OLLAMA_HOST": "https://a:1"])
        ] {
            #expect(
                start.errors == [
                    "listen: https://a:1 needs a certificate; name one in tls.certificate, and its key in tls.key"
                ])
        }
    }

    @Test func aCertificateForNobodyIsAWarning() throws {
        let warnings = try Start(file: #"{"listen":["http://a:1"],\#(Self.pair)}"#).warnings()
        #expect(warnings.count == 1)
        #expect(warnings.first?.hasPrefix("tls.certificate: has no effect: no address listens with TLS") == true)
    }

    @Test func believingAnybodyIsAWarning() throws {
        let file = #"{"runners":[{"url":"https://a","tls_verify":false},{"url":"https://b","tls_ca":"/ca.pem"}]}"#
        let warnings = try Start(file: file).warnings()
        #expect(warnings.count == 1)
        #expect(warnings.first?.hasPrefix("runners[0].tls_verify: is false: whoever answers at https://a gets") == true)
    }

    @Test(arguments: [#""tls_verify":false"#, #""tls_ca":"/ca.pem""#])
    func settingsWithoutEffectAreWarnings(member: String) throws {
        let warnings = try Start(file: #"{"runners":[{"url":"http://a:1",\#(member)}]}"#).warnings()
        #expect(warnings == ["runners[0].url: is not https://, so tls_verify and tls_ca have no effect"])
    }

    @Test(arguments: [
        ("unix:/run/dmr.sock", "unix:/run/dmr.sock"), ("https://a:1", "https://a:1"), ("http://a:1", "https://a:1"),
        ("dns:http://a:1", "http://a:1")
    ])
    func loopsAreFoundWhateverTheScheme(listen: String, runner: String) {
        // Both ways round, since a scheme belongs to either side.
        for (address, url) in [(listen, runner), (runner, listen)] where !address.hasPrefix("dns:") {
            let errors = Start(file: "{\(Self.pair)}", listen: [address], runners: [url]).errors
            #expect(errors.count == 1)
            #expect(errors.first?.contains("is the gateway itself") == true, "\(errors)")
        }
    }
}
