// SPDX-License-Identifier: MIT

import BenchFigures
import Testing

@Suite struct TemplateTests {
    private static let values = ["PORT": "80", "RUNNER_1": "a:1", "TLS": "", "PLAIN": "#"]

    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("@PORT@", "80"), ("x@PORT@y@RUNNER_1@", "x80ya:1"),
        ("@TLS@on;\n@PLAIN@off;", "on;\n#off;"), ("@OTHER@ @PORT@", "@OTHER@ 80"), ("a@b@PORT@", "a@b80"),
        ("@PORT", "@PORT"), ("@@PORT@@", "@80@"), ("@PO RT@", "@PO RT@")
    ])
    func onlyKnownWordsAreFilledIn(template: String, text: String) {
        #expect(Template.fill(template, TemplateTests.values) == text)
    }
}
