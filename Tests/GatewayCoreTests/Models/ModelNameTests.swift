// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct ModelNameTests {
    @Test(arguments: [
        ("llama3", "registry.ollama.ai", "library", "llama3", "latest"),
        ("Llama3:8B", "registry.ollama.ai", "library", "Llama3", "8B"),
        ("user/repo", "registry.ollama.ai", "user", "repo", "latest"),
        ("user/repo:q4", "registry.ollama.ai", "user", "repo", "q4"),
        ("hf.co/user/repo:Q4_K_M", "hf.co", "user", "repo", "Q4_K_M"),
        ("host:5000/ns/model", "host:5000", "ns", "model", "latest"),
        ("host:5000/ns/model:t", "host:5000", "ns", "model", "t"),
        ("http://host/ns/model", "host", "ns", "model", "latest"),
        ("https://host:1/ns/model:t", "host:1", "ns", "model", "t"),
        ("_a/_b/_c:_d", "_a", "_b", "_c", "_d"),
        ("0-_.x:1.-_", "registry.ollama.ai", "library", "0-_.x", "1.-_")
    ])
    func partsAreFoundFromTheRight(_ text: String, _ host: String, _ namespace: String, _ model: String, _ tag: String)
    {
        let name = ModelName(text)
        #expect(name?.host == host)
        #expect(name?.namespace == namespace)
        #expect(name?.model == model)
        #expect(name?.tag == tag)
    }

    @Test(arguments: [
        "", ":", "/", ":x", "x:", "a//b", "/a", "a/", "a/:t", "//", "a/b/", "/a/b", "a//b/c", "a/b/c/d", "x:a:b", " x",
        "x ",
        "x y", "x\n", "x\0", "-x", ".x", "x:-t", "x:.t", "a.b/x", "-ns/x", ".host/ns/x", "-host/ns/x", "x@sha256:abc",
        "x:t@sha256:abc", "é", "x:é", "ns/é", "x%2f", "x\\y", "x?y", "x#y", "x*", "http://ns/x", "http://x",
        "http:///ns/x",
        "://ns/x", "x::t", "ns:1/x", "{x}", "../x", "..", "~x"
    ])
    func whatOllamaRefusesIsNoName(_ text: String) {
        #expect(ModelName(text) == nil)
    }

    @Test(arguments: [("", 80), ("x:", 80), ("a/", 80)])
    func partsAreAtMostEightyBytes(_ before: String, _ limit: Int) {
        #expect(ModelName(before + String(repeating: "m", count: limit)) != nil)
        #expect(ModelName(before + String(repeating: "m", count: limit + 1)) == nil)
    }

    @Test func aNamespaceIsAtMostEightyBytesAndAHostThreeHundredAndFifty() {
        #expect(ModelName(String(repeating: "n", count: 80) + "/x") != nil)
        #expect(ModelName(String(repeating: "n", count: 81) + "/x") == nil)
        #expect(ModelName(String(repeating: "h", count: 350) + "/n/x") != nil)
        #expect(ModelName(String(repeating: "h", count: 351) + "/n/x") == nil)
    }

    @Test(arguments: [
        ("llama3", "llama3:latest"), ("Llama3:8B", "Llama3:8B"), ("library/llama3", "llama3:latest"),
        ("LIBRARY/llama3", "llama3:latest"), ("registry.ollama.ai/library/llama3:x", "llama3:x"),
        ("Registry.Ollama.AI/user/x", "user/x:latest"), ("hf.co/library/x", "hf.co/library/x:latest"),
        ("hf.co/user/repo:Q4_K_M", "hf.co/user/repo:Q4_K_M"), ("http://hf.co/u/r", "hf.co/u/r:latest")
    ])
    func displayDropsOnlyWhatIsDefault(_ text: String, _ display: String) {
        #expect(ModelName(text)?.display == display)
    }

    @Test(arguments: [
        ["Llama3", "llama3:latest", "library/llama3", "registry.ollama.ai/library/llama3:LATEST", "LLAMA3:Latest"],
        ["hf.co/user/repo:Q4_K_M", "HF.co/User/Repo:q4_k_m", "https://hf.co/user/repo:Q4_K_M"],
        ["user/x", "registry.ollama.ai/User/X:latest"],
        ["a//b", "A//B", "a//b:latest"], ["gpu0.user/repo", "gpu0.User/Repo:latest"]
    ])
    func spellingsOfOneModelHaveOneKey(_ spellings: [String]) {
        #expect(Set(spellings.map { ModelName.key(of: $0) }).count == 1)
    }

    @Test func differentModelsHaveDifferentKeys() {
        let names = [
            "x", "x:1", "u/x", "u/x:1", "hf.co/library/x", "hf.co/u/x", "x-latest", "x.latest", "library-x", "é", "É",
            "x:1/2"
        ]
        #expect(Set(names.map { ModelName.key(of: $0) }).count == names.count)
    }

    @Test(arguments: [
        ("x", "x"), (" x ", "x"), ("\t\n\u{0B}\u{0C}\r x", "x"), ("", ""), ("  ", ""), ("a b", "a b"),
        ("\u{A0}x", "\u{A0}x")
    ])
    func trimmingTakesWhiteSpaceAtTheEnds(_ text: String, _ trimmed: String) {
        #expect(ModelName.trimmed(text) == trimmed)
    }
}
