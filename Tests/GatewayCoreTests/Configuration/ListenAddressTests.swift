// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:11435", "http://127.0.0.1:11435"), ("http://127.0.0.1:11435", "http://127.0.0.1:11435"),
        ("HTTP://127.0.0.1:80/", "http://127.0.0.1:80"), (" 127.0.0.1:0 ", "http://127.0.0.1:0"),
        ("0.0.0.0:65535", "http://0.0.0.0:65535"), (":11435", "http://[::]:11435"),
        ("[::1]:11435", "http://[::1]:11435"), ("[0:0::1]:1", "http://[::1]:1"),
        ("http://[::]:1", "http://[::]:1"), ("https://a:1", "https://a:1"),
        ("HTTPS://0.0.0.0:443/", "https://0.0.0.0:443"), ("https://:1", "https://[::]:1"),
        ("[fe80::1%eth0]:1", "http://[fe80::1%eth0]:1"),
        ("LocalHost:1", "http://localhost:1"), ("my_box.example.com:1", "http://my_box.example.com:1"),
        ("unix:/run/dmr.sock", "unix:/run/dmr.sock"), ("UNIX:/run/x", "unix:/run/x"), ("unix:1", "http://unix:1"),
        ("unix:///run/x", "unix:///run/x")
    ])
    func reads(text: String, announced: String) throws {
        // `unix:1` is no path, so it is no socket either.
        guard text != "unix:1" else {
            #expect(throws: AddressError.self) { try ListenAddress(parsing: text) }
            return
        }
        #expect(try ListenAddress(parsing: text).description == announced)
    }

    @Test(arguments: [
        "", " ", "11435", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:x",
        "127.0.0.1:0x50", "127.0.0.1: 80", "::1:11435", "[::1]", "[::1", "::1]:1", "[]:1", "[1.2.3.4]:1", "[::1%]:1",
        "[::1%a b]:1", "127.1:1", "0x7f000001:1", "1.2.3.4.:1x", "a b:1", "-a:1", "a-:1", "a..b:1", "*:1", "é:1",
        "a\u{0}b:1", "ftp://a:1", "http:/a:1", "http://a:1/base", "http://a:1//", "http://u:p@a:1", "a:1?b", "unix:",
        "unix:run/x", "unix:/\u{0}", "unix:/a\nb", "unix:/" + String(repeating: "x", count: 107),
        String(repeating: "a", count: 64) + ":1", String(repeating: "a.", count: 127) + "a:1"
    ])
    func refuses(text: String) {
        let error = #expect(throws: AddressError.self) { try ListenAddress(parsing: text) }
        #expect(error?.sentence.isEmpty == false)
    }

    @Test func aCertificateTurnsAddressesWithoutASchemeToTLS() throws {
        #expect(try ListenAddress(parsing: "a:1", isSecured: true) == .tls(host: "a", port: 1))
        #expect(try ListenAddress(parsing: "http://a:1", isSecured: true) == .tcp(host: "a", port: 1))
        #expect(try ListenAddress(parsing: "unix:/a", isSecured: true) == .unix(path: "/a"))
    }

    @Test func longestUnixPathFits() throws {
        let path = "/" + String(repeating: "x", count: 106)
        #expect(try ListenAddress(parsing: "unix:\(path)") == .unix(path: path))
    }

    @Test(arguments: [
        ("127.0.0.1:1", true), ("127.9.9.9:1", true), ("[::1]:1", true), ("localhost:1", true), ("unix:/x", true),
        ("a.localhost:1", true), ("https://127.0.0.1:1", true), ("https://10.0.0.1:1", false), (":1", false),
        ("0.0.0.0:1", false), ("[::]:1", false), ("10.0.0.1:1", false),
        ("localhost.example.com:1", false), ("notlocalhost:1", false), ("[fe80::1%eth0]:1", false)
    ])
    func knowsWhoCanConnect(text: String, isLocal: Bool) throws {
        #expect(try ListenAddress(parsing: text).isLocal == isLocal)
    }
}
