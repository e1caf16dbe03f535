// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct AddressRangeTests {
    @Test(
        arguments: [
            (
                "10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"],
                ["11.0.0.0", "9.255.255.255", "::10.0.0.1"]
            ),
            ("192.0.2.1", ["192.0.2.1"], ["192.0.2.0", "192.0.2.2"]), ("192.0.2.1/32", ["192.0.2.1"], ["192.0.2.3"]),
            ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::1", "fe80::1"]),
            ("172.16.0.0/12", ["172.16.0.1", "172.31.255.255"], ["172.32.0.0"]),
            ("::/0", ["::", "ffff::1", "10.0.0.1"], []), ("fd00::/8", ["fd12:3456::1"], ["fc00::1", "10.0.0.1"]),
            ("2001:db8::/64", ["2001:db8::ffff:1"], ["2001:db8:0:1::"]), ("::1", ["::1"], ["::2", "127.0.0.1"]),
            ("2001:db8::/33", ["2001:db8:7fff::"], ["2001:db8:8000::"]),
            ("::ffff:10.0.0.0/104", ["10.1.2.3"], ["11.0.0.0"])
        ] as [(String, [String], [String])])
    func whatIsInIt(text: String, inside: [String], outside: [String]) throws {
        let range = try #require(AddressRange(text))
        for address in inside { #expect(range.contains(try #require(IPAddress(address))), "\(address)") }
        for address in outside { #expect(!range.contains(try #require(IPAddress(address))), "\(address)") }
    }

    @Test(arguments: [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.1/8", "::/129",
        "fd00::1/8", "10.0.0/8", "10/8", "host/8", "[::1]/128", "fe80::%eth0/64", "10.0.0.0 /8", "10.0.0.0/8 "
    ])
    func whatIsNone(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8"), ("10.1.2.3", "10.1.2.3/32"), ("FD00::/8", "fd00::/8"), ("::1", "::1/128"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"), ("::/0", "::/0"), ("0.0.0.0/0", "0.0.0.0/0")
    ])
    func itIsWrittenInOneWay(text: String, canonical: String) {
        #expect(AddressRange(text)?.description == canonical)
        #expect(AddressRange(canonical) == AddressRange(text))
    }
}
