// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// oa section 10, row by row, then what Go's parser does beyond it.
@Suite struct OllamaHostTests {
    @Test(arguments: [
        // The documented rows.
        ("1.2.3.4", "1.2.3.4", 11435), ("example.com:5", "example.com", 5), ("0.0.0.0", "0.0.0.0", 11435),
        ("http://1.2.3.4", "1.2.3.4", 80), (":56789", "", 56789), ("[::1]", "::1", 11435), ("::1", "::1", 11435),
        // Hosts and ports.
        ("example.com", "example.com", 11435), ("http://example.com:0", "example.com", 0), ("[::1]:5", "::1", 5),
        ("::", "::", 11435), ("0:0:0:0:0:0:0:1", "::1", 11435), ("::ffff:1.2.3.4", "1.2.3.4", 11435),
        ("fe80::1%eth0", "fe80::1%eth0", 11435), ("[fe80::1%eth0]:7", "fe80::1%eth0", 7), ("a:+80", "a", 80),
        // Any scheme but these two keeps the default port; Go compares letter case.
        ("ftp://1.2.3.4", "1.2.3.4", 11435), ("HTTP://1.2.3.4", "1.2.3.4", 11435), ("://1.2.3.4", "1.2.3.4", 11435),
        ("http://", "127.0.0.1", 80), ("x://", "127.0.0.1", 11435), ("1.2.3.4/", "1.2.3.4", 11435),
        ("http://[::1]/", "::1", 80), ("[::1", "::1", 11435)
    ])
    func readsAsOllamaDoes(text: String, host: String, port: Int) throws {
        let parsed = try OllamaHost(parsing: text)
        #expect(parsed.address == .tcp(host: host, port: port))
        #expect(parsed.warnings.isEmpty)
    }

    @Test(arguments: [
        ("example.com:99999", "example.com", 11435), (":-1", "", 11435), (":abc", "", 11435), ("a:", "a", 11435),
        ("http://a:99999", "a", 80), (":", "", 11435), ("[::1]:x", "::1", 11435), ("a:99999999999999999999", "a", 11435)
    ])
    func badPortIsAWarningAndTheDefault(text: String, host: String, port: Int) throws {
        let parsed = try OllamaHost(parsing: text)
        #expect(parsed.address == .tcp(host: host, port: port))
        #expect(parsed.warnings.count == 1)
        #expect(parsed.warnings.first?.contains("using \(port)") == true)
    }

    @Test(arguments: ["http://h:1/docker-model-runner", "h:1/x", "h:1//x", "http://h:1/key/dmr_secret"])
    func pathIsForClientsAndNotRepeated(text: String) throws {
        let parsed = try OllamaHost(parsing: text)
        #expect(parsed.address == .tcp(host: "h", port: 1))
        #expect(parsed.warnings.count == 1)
        #expect(parsed.warnings.first?.contains("secret") == false)
    }

    @Test(arguments: [
        ("https://example.com", "example.com", 443), ("https://example.com:1", "example.com", 1),
        ("HTTPS://a", "a", 443), ("ollama.com", "ollama.com", 443)
    ])
    func httpsIsTLS(text: String, host: String, port: Int) throws {
        #expect(try OllamaHost(parsing: text).address == .tls(host: host, port: port))
    }

    @Test func whereThereIsACertificateOnlyHTTPIsPlain() throws {
        #expect(try OllamaHost(parsing: "h:1", isSecured: true).address == .tls(host: "h", port: 1))
        #expect(try OllamaHost(parsing: "http://h:1", isSecured: true).address == .tcp(host: "h", port: 1))
    }

    @Test(arguments: [
        "a b", "a:1:2", "u:secret@h:1", "é", "-", "1.2.3", "127.1:5", "a\u{0}", "*:1", "[::1]x:1",
        String(repeating: "a", count: 300)
    ])
    func whatNobodyCanListenOnIsAnError(text: String) {
        let error = #expect(throws: AddressError.self) { try OllamaHost(parsing: text) }
        #expect(error?.sentence.contains("secret") == false)
    }

    @Test(arguments: ["", "  ", "\"\"", "''", " \" \" "])
    func emptyIsTheDefault(text: String) throws {
        let start = Start(environment: ["OLLAMA_HOST": text])
        #expect(try start.configuration().listen == [.tcp(host: "127.0.0.1", port: 11435)])
        #expect(try start.warnings().isEmpty)
    }

    @Test(arguments: [" 1.2.3.4 ", "\"1.2.3.4\"", "'1.2.3.4'", " \"1.2.3.4\"\n", "\"'1.2.3.4'"])
    func blanksAndQuotesAreStripped(text: String) throws {
        #expect(
            try Start(environment: ["OLLAMA_HOST": text]).configuration().listen == [.tcp(host: "1.2.3.4", port: 11435)]
        )
    }
}
