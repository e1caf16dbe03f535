// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct WallTimeTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0, 0), ("2026-08-21T12:00:00Z", 1_787_313_600, 0),
        ("2000-02-29T23:59:59Z", 951_868_799, 0),
        ("2025-11-24T03:55:55.123456789+01:00", 1_763_952_955, 123_456_789),
        ("1969-12-31T23:59:59.5Z", -1, 500_000_000),
        ("2025-01-01T00:00:00-05:30", 1_735_709_400, 0), ("2025-01-01T00:00:00.000000001Z", 1_735_689_600, 1),
        ("2025-01-01T00:00:00.1234567899Z", 1_735_689_600, 123_456_789), ("2025-01-01t00:00:00z", 1_735_689_600, 0),
        ("2016-12-31T23:59:60Z", 1_483_228_800, 0), ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
        ("2318-03-05T01:02:03.4+02:00", 10_987_225_323, 400_000_000), ("0000-01-01T00:00:00Z", -62_167_219_200, 0),
        ("9999-12-31T23:59:59-23:59", 253_402_387_139, 0), ("2100-03-01T00:00:00Z", 4_107_542_400, 0)
    ])
    func readsOllamasDates(_ text: String, _ seconds: Int64, _ nanoseconds: Int32) {
        #expect(WallTime(text) == WallTime(seconds: seconds, nanoseconds: nanoseconds))
    }

    @Test(arguments: [
        "", "2025", "2025-01-01", "2025-01-01T00:00:00", "2025-01-01T00:00Z", "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "2025-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2025-04-31T00:00:00Z", "2025-01-00T00:00:00Z",
        "2025-01-01T24:00:00Z",
        "2025-01-01T00:60:00Z", "2025-01-01T00:00:61Z", "2025-01-01T00:00:00.Z", "2025-01-01T00:00:00+1:00",
        "2025-01-01T00:00:00+24:00", "2025-01-01T00:00:00+0100", "2025-01-01T00:00:00Zx", " 2025-01-01T00:00:00Z",
        "2025-1-1T0:0:0Z", "+025-01-01T00:00:00Z", "20250101T000000Z", "1735689600", "12025-01-01T00:00:00Z"
    ])
    func refusesEverythingElse(_ text: String) {
        #expect(WallTime(text) == nil)
    }

    @Test func comparesInstantsNotTexts() throws {
        let earlier = try #require(WallTime("2025-06-01T12:00:00+05:00"))
        let later = try #require(WallTime("2025-06-01T08:00:00Z"))
        #expect(earlier < later)
        #expect(try #require(WallTime("2025-06-01T08:00:00.1Z")) > later)
    }
}

@Suite struct RunnerVersionTests {
    @Test(arguments: [
        ("0.33.0", "0.33.0"), ("v0.5.4", "0.5.4"), ("V1.2.3", "1.2.3"), ("0.33.0-rc2", "0.33.0"), ("1.2.3+x", "1.2.3"),
        ("1.2.3-rc1+x", "1.2.3"), ("0.0.0", "0.0.0"), ("01.02.003", "1.2.3"), ("999999999.1.1", "999999999.1.1")
    ])
    func isCutToThreeNumbers(_ text: String, _ expected: String) {
        #expect(RunnerVersion(text)?.text == expected)
    }

    @Test(arguments: [
        "", "dev", "v", "1", "1.2", "1.2.3.4", "1..3", ".1.2", "1.2.", "-1.2.3", "1.2.x", "1.2.3 ", " 1.2.3", "vv1.2.3",
        "1.2.1000000000", "١.٢.٣", "1,2,3", "0x1.2.3"
    ])
    func otherVersionsAreNone(_ text: String) {
        #expect(RunnerVersion(text) == nil)
    }

    @Test func comparesByNumberNotByText() {
        #expect(RunnerVersion(0, 9, 0) < RunnerVersion(0, 10, 0))
        #expect(RunnerVersion(0, 33, 9) < RunnerVersion(1, 0, 0))
    }
}
