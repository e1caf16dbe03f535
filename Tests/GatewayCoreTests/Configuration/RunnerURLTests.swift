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
        let texts = ["http://a:1", "http://a:2", "http://b:1", "http://a:1/x", "http://a:1/X"]
        #expect(try Set(texts.map { try RunnerURL(parsing: $0) }).count == texts.count)
    }

    @Test(arguments: [
        "", "gpu1", "gpu1:11434", "//gpu1:11434", "http:gpu1", "http:/gpu1", "http://", "http:///x", "http://:1",
        "http://h:", "http://h:0", "http://h:65536", "http://h:-1", "http://h:1x", "http://::1:1", "http://[::1",
        "http://[::1%eth0]:1", "http://[::1%25eth0]:1", "http://127.1:1", "http://0x7f.1:1", "http://2130706433:1",
        "http://a b:1", "http://a:1/ b", "http://a:1/\nb", "http://a:1/?q=1", "http://a:1/#f", "http://a:1\\b",
        "http://é:1", "http://a:1/é", "http://a:1/.", "http://a:1/../x", "http://a:1/%2e%2e/x", "http://a:1/%2F",
        "http://a:1/%", "http://a:1/%4", "http://a:1/%00", "http://a:1/a\"b", "http://a:1/<x>", "ftp://a:1",
        "https", "unix", "dns:11434"
    ])
    func refuses(text: String) {
        let error = #expect(throws: AddressError.self) { try RunnerURL(parsing: text) }
        #expect(error?.isUnsupported == false)
    }

    @Test(arguments: ["https://gpu1:11434", "HTTPS://gpu1", "unix:/run/ollama.sock", "dns:http://gpus:11434"])
    func saysWhatIsNotBuilt(text: String) {
        let error = #expect(throws: AddressError.self) { try RunnerURL(parsing: text) }
        #expect(error?.isUnsupported == true)
        #expect(error?.sentence.contains("not supported in this version") == true)
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
