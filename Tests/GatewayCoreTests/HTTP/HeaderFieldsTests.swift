// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("Header fields")
struct HeaderFieldsTests {
    private func pairs(_ headers: HeaderFields) -> [String] {
        headers.fields.map { field in
            "\(headers.withName(field) { String(decoding: $0, as: UTF8.self) })=\(headers.text(field))"
        }
    }

    private func pieces(_ text: String, _ cuts: [Int], _ take: (UnsafeRawBufferPointer) -> Void) {
        let bytes = Array(text.utf8)
        var start = 0
        for end in cuts + [bytes.count] {
            Array(bytes[start..<end]).withUnsafeBytes(take)
            start = end
        }
    }

    @Test("filled in pieces, split at every place, are the same")
    func split() {
        let (name, value) = ("Content-Type", "application/json; charset=utf-8 \t")
        for nameCut in 0...name.utf8.count {
            for valueCut in 0...value.utf8.count {
                var headers = HeaderFields()
                headers.append("Host", "a")
                pieces(name, [nameCut]) { headers.appendName($0) }
                pieces(value, [valueCut]) { headers.appendValue($0) }
                headers.endField()
                headers.append("X-Last", "z")
                #expect(pairs(headers) == ["Host=a", "Content-Type=application/json; charset=utf-8", "X-Last=z"])
                #expect(headers.fields.map(\.name) == [.host, .contentType, .other])
                #expect(headers.hasContentType("application/json"))
                #expect(headers.byteCount == "HostaContent-Typeapplication/json; charset=utf-8X-Lastz".utf8.count)
                var output = OutputBuffer()
                ClientHead(runnerFraming: .none, clientVersion: .http11, clientKeepsAlive: true).render(
                    ResponseHead(headers: headers), clientVersion: .http11, runner: nil, requestID: [], fields: [],
                    date: [], into: &output)
                let sent = String(decoding: output.bytes, as: UTF8.self)
                #expect(
                    sent.contains("\r\nHost: a\r\nContent-Type: application/json; charset=utf-8\r\nX-Last: z\r\nDate"))
            }
        }
    }

    @Test("a value may be empty, all blank, or never come", arguments: ["", " ", "\t  \t"])
    func emptyValue(value: String) {
        var headers = HeaderFields()
        headers.append("Cookie", value)
        pieces("Origin", []) { headers.appendName($0) }
        headers.endField()
        headers.endField()
        #expect(pairs(headers) == ["Cookie=", "Origin="])
    }

    @Test(
        "a whole field is the same as one in pieces",
        arguments: ["", " ", "\t  \t", "a", "a b \t", String(repeating: "v", count: 700)])
    func whole(value: String) {
        var whole = HeaderFields()
        var inPieces = HeaderFields()
        for name in ["Content-Type", "x", "Via"] {
            let (name, value) = (Array(name.utf8), Array(value.utf8))
            name.withUnsafeBytes { name in value.withUnsafeBytes { whole.append(name: name, value: $0) } }
            name.withUnsafeBytes { inPieces.appendName($0) }
            value.withUnsafeBytes { inPieces.appendValue($0) }
            inPieces.endField()
        }
        #expect(pairs(whole) == pairs(inPieces))
        #expect(whole.fields.map(\.name) == [.contentType, .other, .via])
    }

    @Test("reused, they know nothing of what was in them")
    func reused() {
        var headers = HeaderFields()
        headers.append("Host", "secret")
        pieces("Half", []) { headers.appendName($0) }
        headers.removeAll()
        #expect(headers.count == 0)
        #expect(headers.byteCount == 0)
        headers.append("Via", "1.1 x")
        #expect(pairs(headers) == ["Via=1.1 x"])
    }

    @Test("values longer than the room that is there keep every byte, and a copy keeps its own")
    func growing() {
        var headers = HeaderFields()
        let values = (0..<12).map { String(repeating: Character("\($0 % 10)"), count: 1 << $0) }
        for value in values { headers.append("X-\(value.count)", value) }
        let copy = headers
        headers.removeAll()
        headers.append("Y", "other")
        #expect(copy.fields.map { copy.text($0) } == values)
        #expect(pairs(headers).count == 1)
    }

    @Test("what is there is known, and that nothing is any more")
    func contained() {
        var headers = headerFields(["Expect: 100-continue", "Content-Encoding: zstd", "Expect: x"])
        #expect(headers.contains(.expect) && headers.contains(.contentEncoding) && !headers.contains(.host))
        #expect(headers.first(.host) == nil && headers.count(of: .host) == 0 && headers.count(of: .expect) == 2)
        headers.removeAll()
        #expect(!headers.contains(.expect) && !headers.contains(.contentEncoding) && headers.byteCount == 0)
    }

    @Test("a value without a name is no field")
    func valueAlone() {
        var headers = HeaderFields()
        Array("value".utf8).withUnsafeBytes { headers.appendValue($0) }
        headers.endField()
        #expect(headers.count == 0 && headers.byteCount == 0)
    }

    @Test("are counted and found by name, in any case, the first first")
    func finding() {
        var headers = HeaderFields()
        headers.append("via", "1.1 a")
        headers.append("X-Foo", "b")
        headers.append("VIA", "1.1 c")
        #expect(headers.count(of: .via) == 2)
        #expect(headers.count(of: .other) == 1)
        #expect(headers.text(of: .via) == "1.1 a")
        #expect(headers.text(of: .host) == nil)
    }

    @Test(
        "lists are split at commas, over all fields of a name, empty elements left out",
        arguments: [
            (["a,b", "c"], ["a", "b", "c"]), ([" a ,\tb\t"], ["a", "b"]), ([",,a,,", ""], ["a"]), ([","], []),
            (["a b"], ["a b"]), ([" "], []), (["a,"], ["a"]), ([",a"], ["a"])
        ])
    func lists(values: [String], expected: [String]) {
        var headers = HeaderFields()
        for value in values {
            headers.append("Connection", value)
            headers.append("Via", "not,this")
        }
        var elements: [String] = []
        headers.forEachListElement(.connection) { elements.append(String(decoding: $0, as: UTF8.self)) }
        #expect(elements == expected)
    }

    @Test(
        "content types are compared without their parameters, in any case",
        arguments: [
            ("application/json", true), ("APPLICATION/json;x=y", true), ("application/json ; charset=utf-8", true),
            ("application/jsonx", false), ("application/json-seq", false), ("text/json", false), ("", false),
            (";application/json", false)
        ])
    func contentTypes(value: String, matches: Bool) {
        var headers = HeaderFields()
        headers.append("Content-Type", value)
        #expect(headers.hasContentType("application/json") == matches)
        #expect(!HeaderFields().hasContentType("application/json"))
    }
}
