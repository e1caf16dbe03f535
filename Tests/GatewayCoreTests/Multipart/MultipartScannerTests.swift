// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct MultipartScannerTests {
    static let field = "Content-Disposition: form-data; name=\"model\"⏎⏎"

    /// Forms, and the model in them; nil: none.
    static let forms: [(String, String?)] = [
        ("--b⏎\(field)whisper⏎--b--⏎", "whisper"), ("--b⏎\(field)whisper⏎--b--", "whisper"),
        ("--b  \t⏎\(field)whisper⏎--b-- \t⏎", "whisper"),
        ("--b⏎\(field)whisper⏎--b--⏎epilogue⏎--b⏎\(field)other⏎--b--", "whisper"),
        ("preamble⏎-- b⏎--a⏎⏎--b⏎\(field)whisper⏎--b--", "whisper"),
        ("preamble\n--b⏎\(field)whisper⏎--b--", "whisper"),
        ("⏎--b⏎\(field)whisper⏎--b--", "whisper"),
        ("--b⏎content-disposition:form-data;name=model⏎⏎w⏎--b--", "w"),
        ("--b⏎CONTENT-DISPOSITION: FORM-DATA; NAME=\"model\"⏎⏎w⏎--b--", "w"),
        ("--b⏎Content-Disposition: form-data ; name=\"model\" ;⏎⏎w⏎--b--", "w"),
        ("--b⏎Content-Type: text/plain; charset=utf-8⏎Content-Disposition: form-data; name=model⏎⏎w⏎--b--", "w"),
        ("--b⏎Content-Transfer-Encoding: 8bit⏎\(field)w⏎--b--", "w"),
        ("--b⏎\(field)⏎--b--", ""), ("--b⏎\(field)--b--", ""),
        ("--b⏎\(field) two words ⏎--b--", " two words "), ("--b⏎\(field)a⏎b\r\r\n⏎--b--", "a\r\nb\r\r\n"),
        ("--b⏎\(field)a⏎--bc⏎⏎--b-c⏎--c⏎-⏎--b--", "a\r\n--bc\r\n\r\n--b-c\r\n--c\r\n-"),
        ("--b⏎\(field)--bx⏎--b--", "--bx"), ("--b⏎\(field)-⏎--b--", "-"),
        ("--b⏎\(field)é😀⏎--b--", "é😀"),
        // Not the field: another name, another letter case, no form-data, no disposition, a name with an escape.
        ("--b⏎Content-Disposition: form-data; name=\"Model\"⏎⏎w⏎--b--", nil),
        ("--b⏎Content-Disposition: form-data; name=\"models\"⏎⏎w⏎--b--", nil),
        ("--b⏎Content-Disposition: form-data; name=\"mo\\del\"⏎⏎w⏎--b--", nil),
        ("--b⏎Content-Disposition: attachment; name=\"model\"⏎⏎w⏎--b--", nil),
        ("--b⏎Content-Disposition: form-data⏎⏎model⏎--b--", nil), ("--b⏎⏎model⏎--b--", nil),
        ("--b⏎Content-Disposition: form-data; name=\"file\"; filename=\"name=\\\"model\\\"\"⏎⏎w⏎--b--", nil),
        ("--b⏎Content-Disposition: form-data; name=\"file\"; filename*=utf-8''model⏎⏎w⏎--b--", nil),
        ("--b--", nil), ("--b--⏎", nil), ("", nil)
    ]

    @Test(arguments: forms)
    func theModelIsTheValueOfItsField(text: String, model: String?) throws {
        let form = try #require(scanForm(text).form)
        #expect(form.model?.text == model)
        guard let found = form.model else { return }
        let bytes = Array(text.replacing("⏎", with: "\r\n").utf8)
        #expect(String(decoding: bytes[found.range], as: UTF8.self) == model)
    }

    @Test(arguments: forms)
    func cutAnywhereItIsTheSame(text: String, model: String?) throws {
        let bytes = Array(text.replacing("⏎", with: "\r\n").utf8)
        let whole = scanForm(bytes)
        let differing = (0...bytes.count).filter { scanForm(bytes, cuts: [$0]) != whole }
        #expect(differing == [])
        #expect(scanForm(bytes, cuts: Array(1..<max(1, bytes.count))) == whole)
    }

    @Test(arguments: [("true", true), ("false", false), ("True", false), ("", false), ("1", false)])
    func streamIsOnlyTrueIfItSaysSo(value: String, streams: Bool) throws {
        var form = Form()
        form.field("stream", value)
        form.field("model", "w")
        form.end()
        let scanned = try #require(scanForm(form.bytes, boundary: form.boundary).form)
        #expect(scanned.stream == streams)
        #expect(scanned.model?.text == "w")
    }

    @Test func theModelIsKnownAsSoonAsItsPartHasEnded() throws {
        var form = Form()
        form.field("language", "de")
        form.field("model", "whisper")
        let known = form.bytes.count + form.boundary.utf8.count + 3
        form.file([UInt8](repeating: 65, count: 1000))
        form.end()
        var scanner = MultipartScanner(boundary: try #require(MultipartBoundary(Array(form.boundary.utf8))))
        for index in form.bytes.indices {
            #expect((scanner.fields.model != nil) == (index >= known), "at \(index) of \(known)")
            try form.bytes[index...index].withUnsafeBytes { try scanner.scan($0) }
        }
        #expect(try scanner.finish().model?.text == "whisper")
    }

    // MARK: Files

    /// Content that looks like delimiters, of every length around a block, before and behind the field.
    @Test func filesAreSkippedWhateverIsInThem() throws {
        let lookalikes = ["\r", "\n", "\r\n", "\r\n-", "\r\n--", "\r\n--\r\n--", "\r\n------WebKitFormBoundary", "--"]
        for lookalike in lookalikes {
            for padding in 0..<70 {
                var form = Form()
                form.file(Array((String(repeating: "x", count: padding) + lookalike).utf8))
                form.field("model", "w")
                form.file(Array((lookalike + String(repeating: "-", count: padding)).utf8))
                form.end()
                let scanned = scanForm(form.bytes, boundary: form.boundary).form
                #expect(scanned?.model?.text == "w", "\(padding) bytes and \(Array(lookalike.utf8))")
            }
        }
    }

    @Test("random files cut at random places against a plain search", arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func randomFiles(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        // Few different bytes, so that beginnings of the delimiter abound.
        let alphabet = Array("\r\n-ab".utf8)
        for _ in 0..<300 {
            let boundary = String(
                decoding: (0..<Int.random(in: 1...4, using: &random)).map { _ in
                    Bool.random(using: &random) ? UInt8(ascii: "a") : UInt8(ascii: "-")
                }, as: UTF8.self)
            var form = Form(boundary: boundary)
            let file = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            form.file(file)
            form.field("model", "w")
            form.end()
            let cuts = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                Int.random(in: 0...form.bytes.count, using: &random)
            }.sorted()
            let whole = scanForm(form.bytes, boundary: boundary)
            #expect(scanForm(form.bytes, boundary: boundary, cuts: cuts) == whole)
            // Behind the delimiter inside a file its rest is a header, which it hardly ever is.
            let hasDelimiter = contains(Array("\r\n".utf8) + file + Array("\r\n".utf8), Array("\r\n--\(boundary)".utf8))
            if !hasDelimiter { #expect(whole.form?.model?.text == "w") }
        }
    }

    private func contains(_ bytes: [UInt8], _ word: [UInt8]) -> Bool {
        guard bytes.count >= word.count else { return false }
        return (0...(bytes.count - word.count)).contains { bytes[$0...].starts(with: word) }
    }
}
