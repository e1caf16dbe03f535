// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct IPAddressReadingTests {
    @Test(arguments: [
        ("0.0.0.0", IPAddress.v4(0)), ("255.255.255.255", .v4(.max)), ("1.2.3.4", .v4(0x0102_0304)), ("::", .v6(0, 0)),
        ("::1", .v6(0, 1)), ("1::", .v6(0x0001_0000_0000_0000, 0)),
        ("1:2:3:4:5:6:7:8", .v6(0x0001_0002_0003_0004, 0x0005_0006_0007_0008)),
        ("1:2:3:4:5:6:7::", .v6(0x0001_0002_0003_0004, 0x0005_0006_0007_0000)),
        ("::2:3:4:5:6:7:8", .v6(0x0000_0002_0003_0004, 0x0005_0006_0007_0008)),
        ("::ffff:1.2.3.4", .v4(0x0102_0304)),
        ("::FFFF:0102:0304", .v4(0x0102_0304)), ("64:ff9b::1.2.3.4", .v6(0x0064_FF9B_0000_0000, 0x0102_0304)),
        ("1:2:3:4:5:6:1.2.3.4", .v6(0x0001_0002_0003_0004, 0x0005_0006_0102_0304)),
        ("::1.2.3.4", .v6(0, 0x0102_0304))
    ])
    func addressesAreRead(text: String, expected: IPAddress) {
        #expect(IPAddress(text) == expected)
    }

    @Test(arguments: [
        "", ".", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.1.1.1", "01.2.3.4", "1.2.3.4 ",
        "+1.2.3.4",
        "0x7f.0.0.1", "1.2.3.1000", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::1::", ":1", "1:",
        "12345::", "g::", "::1%", "fe80::ABCD%eth0", "1.2.3.4%eth0", "[::1]", "1.2.3.4::", "::1.2.3.4:5",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3", "1:2:3:4::5:6:7:8", "é", "localhost"
    ])
    func everythingElseIsNone(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", "loopback"), ("127.255.0.1", "loopback"), ("128.0.0.1", ""), ("::1", "loopback"), ("::2", ""),
        ("0.0.0.0", "unspecified"), ("0.0.0.1", ""), ("::", "unspecified"), ("10.0.0.0", "private"), ("11.0.0.0", ""),
        ("9.255.255.255", ""), ("172.15.255.255", ""), ("172.16.0.0", "private"), ("172.31.255.255", "private"),
        ("172.32.0.0", ""), ("192.168.255.255", "private"), ("192.169.0.0", ""), ("fbff::", ""), ("fc00::", "private"),
        ("fdff::1", "private"), ("fe00::", ""), ("fe80::1", ""), ("169.254.169.254", ""),
        ("::ffff:192.168.0.1", "private"), ("::ffff:127.0.0.1", "loopback")
    ])
    func addressesAreClassed(text: String, kind: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.isLoopback == (kind == "loopback"))
        #expect(address.isPrivate == (kind == "private"))
        #expect(address.isUnspecified == (kind == "unspecified"))
    }
}
