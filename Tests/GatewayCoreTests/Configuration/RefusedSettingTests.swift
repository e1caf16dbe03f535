// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Documented, not built yet: refused one by one, and accepted with the default that means "off".
@Suite struct RefusedSettingTests {
    static let hash = String(repeating: "00", count: 32)

    @Test(arguments: [
        ("loops", "2", "1", "1"), ("loops", "4", "1.0", "1"), ("affinity", "30", "0", "0"),
        ("affinity", "0.5", "0", "0")
    ])
    func atTheTop(key: String, value: String, off: String, remedy: String) throws {
        try expectRefused(in: { "{\"\(key)\":\($0)}" }, place: key, value, off, remedy)
    }

    /// The value is refused and not repeated, its default starts.
    private func expectRefused(
        in file: (String) -> String, place: String, _ value: String, _ off: String, _ remedy: String
    ) throws {
        let errors = Start(file: file(value)).errors
        #expect(errors.count == 1)
        #expect(errors.first?.hasPrefix("\(place): ") == true, "\(errors)")
        #expect(errors.first?.hasSuffix(" is not supported in this version; remove it or set it to \(remedy)") == true)
        #expect(errors.first?.contains("hunter2") == false)
        #expect(Start(file: file(off)).errors.isEmpty)
    }

    @Test(arguments: [
        (#""loops":"2""#, "loops: must be a whole number, not a string"),
        (#""loops":0"#, "loops: must be from 1 to 1024"),
        (#""affinity":null"#, "affinity: must be a number of seconds, not null"),
        (#""limits":{"blob_bytes":-1}"#, "limits.blob_bytes: must be 0 or more"),
        (#""tls":{"sni":{}}"#, "tls.sni: must be a list, not an object"),
        (#""runners":[{"url":"http://a:1","headers":[]}]"#, "runners[0].headers: must be an object, not a list"),
        (#""runners":[{"url":"http://a:1","pull":"no"}]"#, "runners[0].pull: must be true or false, not a string")
    ])
    func wrongTypesAreStillToldApart(member: String, error: String) {
        #expect(Start(file: "{\(member)}").errors == [error])
    }

    @Test func flags() {
        var start = Start()
        start.flags.loops = 2
        start.flags.isTakeover = true
        #expect(
            start.errors == [
                "--takeover: taking over from a running gateway is not supported in this version; remove it",
                "--loops: more than one loop is not supported in this version; remove it or set it to 1"
            ])
    }
}
