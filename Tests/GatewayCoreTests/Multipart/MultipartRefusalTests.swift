// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What is no form, or could be read in two ways.
@Suite struct MultipartRefusalTests {
    static let field = MultipartScannerTests.field

    static let refused: [(String, String)] = [
        ("--b⏎\(field)w", "ends before"), ("--b⏎\(field)w⏎--b", "ends before"), ("--b⏎\(field)w⏎--b-", "ends before"),
        ("--b⏎\(field)w⏎--b⏎", "ends before"), ("--b⏎\(field)w⏎--b--\r", "ends before"), ("--b", "ends before"),
        ("hello", "ends before"), ("--b⏎Content-Disp", "ends before"), ("--a⏎\(field)w⏎--a--", "ends before"),
        ("--b⏎\(field)w⏎--b x⏎--b--", "something behind a boundary"),
        ("--b⏎\(field)w⏎--b--x", "something behind the closing boundary"),
        ("--bx⏎--b⏎\(field)w⏎--b--", "something behind a boundary"),
        // Readers that take a bare LF for a line end would see other parts than those that don't.
        ("--b\n\(field)w⏎--b--", "without CR"), ("--b⏎\(field)w⏎--b\n--b--", "without CR"),
        ("--b⏎Content-Disposition: form-data; name=model\n⏎w⏎--b--", "control character"),
        ("--b⏎A: b\rContent-Disposition: form-data; name=model⏎⏎w⏎--b--", "CR without LF"),
        ("--b\r--b--", "CR without LF"),
        ("--b⏎Content-Disposition: form-data;⏎ name=model⏎⏎w⏎--b--", "no field"),
        ("--b⏎Content-Disposition : form-data; name=model⏎⏎w⏎--b--", "no field"),
        ("--b⏎nonsense⏎⏎w⏎--b--", "no field"), ("--b⏎: x⏎⏎w⏎--b--", "no field"),
        ("--b⏎Content-Disposition: form-data; name=a⏎\(field)w⏎--b--", "two Content-Dispositions"),
        ("--b⏎Content-Disposition: form-data; name=a; name=model⏎⏎w⏎--b--", "can't be read"),
        ("--b⏎Content-Disposition: form-data; name*=utf-8''model⏎⏎w⏎--b--", "can't be read"),
        ("--b⏎Content-Disposition: form-data; name*0=mo; name*1=del⏎⏎w⏎--b--", "can't be read"),
        ("--b⏎Content-Disposition: form-data; name=\"model⏎⏎w⏎--b--", "can't be read"),
        ("--b⏎Content-Disposition: form-data; name=⏎⏎w⏎--b--", "can't be read"),
        ("--b⏎Content-Disposition: form-data; name = model⏎⏎w⏎--b--", "can't be read"),
        ("--b⏎Content-Disposition: form-data; name=mo del⏎⏎w⏎--b--", "can't be read"),
        ("--b⏎Content-Disposition: form-data; name=\"model\"x⏎⏎w⏎--b--", "can't be read"),
        ("--b⏎Content-Disposition: form-data; name=\"model\"; filename=\"x\"⏎⏎w⏎--b--", "is a file"),
        ("--b⏎Content-Disposition: form-data; name=\"model\"; filename=\"\"⏎⏎w⏎--b--", "is a file"),
        ("--b⏎Content-Disposition: form-data; name=\"model\"; filename*=utf-8''x⏎⏎w⏎--b--", "is a file"),
        ("--b⏎Content-Transfer-Encoding: quoted-printable⏎\(field)w⏎--b--", "is encoded"),
        ("--b⏎Content-Transfer-Encoding: base64⏎\(field)w⏎--b--", "is encoded"),
        ("--b⏎\(field)w⏎--b⏎\(field)w⏎--b--", "model is there more than once"),
        ("--b⏎\(field)⏎--b⏎\(field)w⏎--b--", "model is there more than once"),
        (
            "--b⏎Content-Disposition: form-data; name=stream⏎⏎⏎--b⏎Content-Disposition: form-data; name=stream⏎⏎⏎--b--",
            "stream is there more than once"
        )
    ]

    @Test(arguments: refused)
    func isRefusedWithAReason(text: String, words: String) throws {
        guard case .failure(let error) = scanForm(text) else {
            Issue.record("accepted \(text)")
            return
        }
        #expect(error.message.hasPrefix("failed to parse multipart form: "))
        #expect(error.message.contains(words), "\(error.message)")
        let bytes = Array(text.replacing("⏎", with: "\r\n").utf8)
        #expect((0...bytes.count).contains(error.position))
        let differing = (0...bytes.count).filter { scanForm(bytes, cuts: [$0]) != .failure(error) }
        #expect(differing == [])
    }

    @Test func bytesThatAreNoTextAreNoName() {
        let head = Array("--b\r\nContent-Disposition: form-data; name=model\r\n\r\n".utf8)
        let bytes = head + [0xC3, 0x28] + Array("\r\n--b--".utf8)
        #expect(scanForm(bytes).form == nil)
    }

    @Test func headersAndNamesAreBounded() {
        func form(header: Int, name: Int) -> String {
            let disposition = "Content-Disposition: form-data; name=model"
            // With the line ends, the empty line's included, `header` bytes.
            let filler = "X: " + String(repeating: "x", count: header - disposition.utf8.count - 3 - 6)
            return "--b⏎\(filler)⏎\(disposition)⏎⏎\(String(repeating: "m", count: name))⏎--b--"
        }
        #expect(scanForm(form(header: 8192, name: 1024)).form?.model?.text.utf8.count == 1024)
        #expect(scanForm(form(header: 8300, name: 1)).form == nil)
        #expect(scanForm(form(header: 200, name: 1025)).form == nil)
        // A header without an end is given up long before it is whole.
        #expect(scanForm("--b⏎" + String(repeating: "x", count: 9000)).form == nil)
    }

    @Test func anErrorIsRepeated() throws {
        var scanner = MultipartScanner(boundary: try #require(MultipartBoundary(Array("b".utf8))))
        func scan(_ text: String) -> ScanError? {
            Array(text.utf8).withUnsafeBytes { bytes in
                do throws(ScanError) { try scanner.scan(bytes) } catch { return error }
                return nil
            }
        }
        let first = scan("--b\n")
        #expect(first != nil)
        #expect(scan("--b--\r\n") == first)
        #expect(throws: ScanError.self) { try scanner.finish() }
    }

    // MARK: The boundary

    static func boundary(_ types: String...) -> Bool {
        var headers = HeaderFields()
        for type in types { headers.append("Content-Type", type) }
        do throws(GatewayError) {
            _ = try MultipartBoundary(headers)
            return true
        } catch {
            return error.status != 400
        }
    }

    @Test(arguments: [
        "multipart/form-data; boundary=b", "Multipart/Form-Data;Boundary=b", "multipart/form-data; boundary=\"a b\"",
        "multipart/form-data; charset=utf-8; boundary=\"=:?'()+_,-./\"",
        "multipart/form-data; boundary=" + String(repeating: "x", count: 70), "multipart/form-data; boundary=\"\\b\"",
        "multipart/form-data; boundary=b;"
    ])
    func isTakenFromTheContentType(type: String) {
        // `\b` in quotes: Go keeps a backslash in front of a letter, and a boundary has none.
        #expect(Self.boundary(type) == !type.contains("\\"))
    }

    @Test(arguments: [
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"b", "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary=a; boundary*=utf-8''b", "multipart/form-data; boundary*0=a",
        "multipart/form-data; boundary=" + String(repeating: "x", count: 71), "multipart/form-data; boundary=\"b \"",
        "multipart/form-data; boundary=\"é\"", "multipart/form-data; boundary=a@b", "multipart/mixed; boundary=b",
        "application/json", "application/x-www-form-urlencoded", "", "multipart/form-data boundary=b",
        "multipart/form-data; boundary = b"
    ])
    func orIsRefused(type: String) {
        #expect(!Self.boundary(type))
    }

    @Test func twoContentTypesAreNone() {
        #expect(!Self.boundary("multipart/form-data; boundary=a", "multipart/form-data; boundary=a"))
        #expect(!Self.boundary())
    }
}
