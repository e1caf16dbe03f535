// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct RunnerURLTests {
    @Test(arguments: [
        ("http://gpu1:11434", "http://gpu1:11434"), (" http://GPU1:11434/ ", "http://gpu1:11434"),
        ("HTTP://gpu1:1///", "http://gpu1:1"), ("http://gpu1", "http://gpu1"), ("http://gpu1:80", "http://gpu1"),
        ("http://gpu1:080", "http://gpu1"), ("http://[::1]:1", "http://[::1]:1"), ("http://[0::1]", "http://[::1]"),
        ("http://[::ffff:1.2.3.4]:1", "http://1.2.3.4:1"), ("http://1.2.3.4:65535", "http://1.2.3.4:65535"),
        ("http://h:1/base/", "http://h:1/base"), ("http://h:1//a//b//", "http://h:1/a/b"),
        ("http://h:1/a%41~$&'()*+,;=:b", "http://h:1/a%41~$&'()*+,;=:b"),
        ("http://my_svc.ns.svc:1", "http://my_svc.ns.svc:1"),
        ("http://host.:1", "http://host.:1")
    ])
    func hasOneSpelling(text: String, normalised: String) throws {
        let url = try RunnerURL(parsing: text)
        #expect(url.description == normalised)
        #expect(try RunnerURL(parsing: normalised) == url)
        #expect(!url.isHTTPS)
    }

    @Test func isKeptInParts() throws {
        let url = try RunnerURL(parsing: "http://[::1]:11434/docker-model-runner/")
        #expect(url.host == "::1")
        #expect(url.port == 11434)
        #expect(url.basePath == "/docker-model-runner")
        #expect(url.authority == "[::1]:11434")
    }

    @Test func differsByOriginAndBase() throws {
        let texts = [
            "http://a:1", "http://a:2", "http://b:1", "http://a:1/x", "http://a:1/X", "https://a:1", "dns:http://a:1",
            "unix:/a"
        ]
        #expect(try Set(texts.map { try RunnerURL(parsing: $0) }).count == texts.count)
    }

    @Test(arguments: [
        "", "gpu1", "gpu1:11434", "//gpu1:11434", "http:gpu1", "http:/gpu1", "http://", "http:///x", "http://:1",
        "http://h:", "http://h:0", "http://h:65536", "http://h:-1", "http://h:1x", "http://::1:1", "http://[::1",
        "http://[::1%eth0]:1", "http://[::1%25eth0]:1", "http://127.1:1", "http://0x7f.1:1", "http://2130706433:1",
        "http://a b:1", "http://a:1/ b", "http://a:1/\nb", "http://a:1/?q=1", "http://a:1/#f", "http://a:1\\b",
        "http://é:1", "http://a:1/é", "http://a:1/.", "http://a:1/../x", "http://a:1/%2e%2e/x", "http://a:1/%2F",
        "http://a:1/%", "http://a:1/%4", "http://a:1/%00", "http://a:1/a\"b", "http://a:1/<x>", "ftp://a:1",
        "https", "unix", "dns:11434", "dns:http://127.0.0.1:1", "dns:http://[::1]:1", "dns:unix:/a", "dns:dns:http://a",
        "unix:a", "unix:", "https://", "https://a:0", "https:/a"
    ])
    func refuses(text: String) {
        let error = #expect(throws: AddressError.self) { try RunnerURL(parsing: text) }
        #expect(error?.sentence.isEmpty == false)
    }

    @Test(arguments: [
        ("https://gpu1", "https://gpu1", 443), ("HTTPS://GPU1:443/", "https://gpu1", 443),
        ("https://gpu1:11434/base/", "https://gpu1:11434/base", 11434), ("https://[::1]", "https://[::1]", 443),
        ("https://gpu1:80", "https://gpu1:80", 80), ("http://gpu1:443", "http://gpu1:443", 443)
    ])
    func httpsHasItsOwnPort(text: String, normalised: String, port: Int) throws {
        let url = try RunnerURL(parsing: text)
        #expect(url.description == normalised)
        #expect(url.port == port)
        #expect(url.isHTTPS == normalised.hasPrefix("https"))
        #expect(url.place == .host)
    }

    @Test func aUnixSocketIsAPathAndLocalhost() throws {
        let url = try RunnerURL(parsing: "UNIX:/run/Ollama.sock")
        #expect(url.place == .unix(path: "/run/Ollama.sock"))
        #expect(url.description == "unix:/run/Ollama.sock")
        #expect(url.label == "unix:/run/Ollama.sock")
        #expect(url.authority == "localhost")
    }

    @Test(arguments: [
        ("dns:http://GPUs:11434", "dns:http://gpus:11434"), ("DNS:https://gpus/base", "dns:https://gpus/base"),
        ("dns: http://gpus", "dns:http://gpus")
    ])
    func aNameStandsForItsAddresses(text: String, normalised: String) throws {
        let url = try RunnerURL(parsing: text)
        #expect(url.place == .members)
        #expect(url.description == normalised)
        #expect(try RunnerURL(parsing: normalised) == url)
    }

    @Test(arguments: [
        "http://user:hunter2@gpu1:1", "http://hunter2@gpu1", "http://gpu1:1/?key=hunter2",
        "http://gpu1:1/key/dmr_hunter2",
        "hunter2@gpu1", "gpu1/key/hunter2", "https://hunter2@gpu1:1"
    ])
    func neverRepeatsASecret(text: String) {
        let error = #expect(throws: AddressError.self) { try RunnerURL(parsing: text) }
        #expect(error?.sentence.contains("hunter2") == false)
    }
}
