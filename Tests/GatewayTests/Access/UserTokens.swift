// SPDX-License-Identifier: MIT

/// Tokens as Open WebUI signs them, made by another implementation: Python's `json`, `base64.urlsafe_b64encode` without
/// padding, and `hmac.new(secret, signed, hashlib.sha256)`. They were issued for 1,700,000,000 seconds since 1970.
enum UserTokens {
    struct Token: Sendable, CustomStringConvertible {
        var name: String
        /// Header and claims, in pieces.
        var signed: [String]
        var signature: String

        var text: String { signed.joined() + "." + signature }
        var description: String { name }
    }

    static let secret = Array("open-sesame-open-sesame-open-sesame".utf8)

    static let good: [Token] = [
        Token(
            name: "ann",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTcwMDAwMDI",
                "5MH0"
            ],
            signature: "NSoUarJb6zFaMN2o6LOu5hZyjqGaXLfWNw27gR4vQ4E"),
        Token(
            name: "expiring within the second",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTcwMDAwMDA",
                "wMC41fQ"
            ],
            signature: "Eg8Inn1B9YzoLXxk1VmsX3-L7UEvYPXftCLegnRxkhg"),
        Token(
            name: "valid from now on",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTcwMDAwMDI",
                "5MCwibmJmIjoxNzAwMDAwMDAwfQ"
            ],
            signature: "XDlm0niQFoTaSqG-QNQUDoCKXrca8fv3fU0QeNSRvVU"),
        Token(
            name: "root",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTIiLCJlbWFpbCI6InJvb3RAZXhhbXBsZS5vcmciLCJuYW1",
                "lIjoiQW5uIiwicm9sZSI6ImFkbWluIiwiaXNzIjoib3Blbi13ZWJ1aSIsImlhdCI6MTY5OTk5OTk5MCwiZXhwIjoxNzAwMDA",
                "wMjkwfQ"
            ],
            signature: "SeqFAb2MdLBNLIYup_vFNvTTqUmyIJHZ-F1thLxMlV8"),
        Token(
            name: "nobody",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJvcGVuLXdlYnVpIiwiZXhwIjoxNzAwMDAwMjkwfQ"
            ],
            signature: "v_o87FX1zURdMqaeB5Y1ya_Ts21AKo3Y1rE_aGyY-DY")
    ]

    static let bad: [Token] = [
        Token(
            name: "another issuer",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6InNvbWVib2R5IiwiaWF0IjoxNjk5OTk5OTkwLCJleHAiOjE3MDAwMDAyOTB",
                "9"
            ],
            signature: "7c0E7_pLSrCXOJBbV5fRodWwav50WRyA6q1-YCUMa3o"),
        Token(
            name: "no issuer",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlhdCI6MTY5OTk5OTk5MCwiZXhwIjoxNzAwMDAwMjkwfQ"
            ],
            signature: "dwYTVemrw67MBrRjjMg-uE8N1emeGYTrKujTWIrSPtQ"),
        Token(
            name: "issuers",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6WyJvcGVuLXdlYnVpIl0sImlhdCI6MTY5OTk5OTk5MCwiZXhwIjoxNzAwMDA",
                "wMjkwfQ"
            ],
            signature: "kkK0rAqbE8qdqQTQCltFW747yMCX3k1i0ci_bJyNDEs"),
        Token(
            name: "expired in this second",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTcwMDAwMDA",
                "wMH0"
            ],
            signature: "jQ4h4wLhP1FpnJ8KutNgk-esgqc3zKjSV3YcFAnEgH8"),
        Token(
            name: "expired",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTY5OTk5OTk",
                "5OX0"
            ],
            signature: "x2so_Nwi_KtmBzC0pGXMuddzjuAV3mcpAPpsAhYUuZk"),
        Token(
            name: "no expiry",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTB9"
            ],
            signature: "zLMizBEMsqT45kzBytDwhHpoHUbKXVRoW5i26J_cPXA"),
        Token(
            name: "expiry as text",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6IjE3MDAwMDA",
                "yOTAifQ"
            ],
            signature: "kjP8hHFYRevtnGPshtP05b3XrX3-5FYPR0SHNiGs-b8"),
        Token(
            name: "not yet valid",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTcwMDAwMDI",
                "5MCwibmJmIjoxNzAwMDAwMDAxfQ"
            ],
            signature: "ByuZdaQHX4NsFX4RBJaSbMRw4t7dcuhzfu_K6k66L8M"),
        Token(
            name: "says none",
            signed: [
                "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWUiOiJBbm4iLCJyb2xl",
                "IjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTcwMDAwMDI5MH0"
            ],
            signature: "soUGxB0rVIuOiAwtqz7CMcK0Wxzz6JyHtHbSGKojuMw"),
        Token(
            name: "says HS512",
            signed: [
                "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTcwMDAwMDI",
                "5MH0"
            ],
            signature: "rYaMVH3NKUe3UVQEhjsLAmQFHcQXQ-NXMzdXSKS6QSU"),
        Token(
            name: "says RS256",
            signed: [
                "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTcwMDAwMDI",
                "5MH0"
            ],
            signature: "VRpM8VxWrVuSu2xRB2UsAcCXO_meueDvBu3-CiNQCj4"),
        Token(
            name: "says hs256",
            signed: [
                "eyJhbGciOiJoczI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTcwMDAwMDI",
                "5MH0"
            ],
            signature: "zYQb_pZQ2VSCHJSekXgDkNLjUH53-AAaaVK08HfbXmM"),
        Token(
            name: "no algorithm",
            signed: [
                "eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWUiOiJBbm4iLCJyb2xlI",
                "joidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTcwMDAwMDI5MH0"
            ],
            signature: "sy9zu1BE7klKWcc3kIJnmK8kyn0GG13dOYVqOtl9Q6E"),
        Token(
            name: "critical extension",
            signed: [
                "eyJhbGciOiJIUzI1NiIsImNyaXQiOlsiYjY0Il0sImI2NCI6ZmFsc2V9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGF",
                "tcGxlLm9yZyIsIm5hbWUiOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTA",
                "sImV4cCI6MTcwMDAwMDI5MH0"
            ],
            signature: "_TB2XBUT19b-fkQKlPsGokLFPcYK8S1fmfZrJlOkAsU"),
        Token(
            name: "a list for claims",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.WzFd"
            ],
            signature: "2JyR1FvfDwlHs_1oRsnIENRuyk8rQgkhWm8xay3sZzw"),
        Token(
            name: "no JSON for claims",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.bm9uc2Vuc2U"
            ],
            signature: "TWECgo4o4cIy0ZB0VqBXT6BS0kNH8ThHcYUucmvp6Fs"),
        Token(
            name: "no JSON for a header",
            signed: [
                "bm9uc2Vuc2U.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWUiOiJBbm4iLCJyb2xlIjoidXNl",
                "ciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTcwMDAwMDI5MH0"
            ],
            signature: "TMLt5OfX30zPK-inp3vu8_Pz1JfY76Ko6qXXhUfill0"),
        Token(
            name: "another secret",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTcwMDAwMDI",
                "5MH0"
            ],
            signature: "CcPu48CdFLGg0K00Nkiuqvq1eYN0cjVygGZmbWEHqd0"),
        Token(
            name: "an empty secret",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTcwMDAwMDI",
                "5MH0"
            ],
            signature: "S9kEG46wD24WCM5nV0ModZuzSScC64vx9KeP_qgs0qo"),
        Token(
            name: "HS512 in truth",
            signed: [
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJlbWFpbCI6IkFubkBFeGFtcGxlLm9yZyIsIm5hbWU",
                "iOiJBbm4iLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE2OTk5OTk5OTAsImV4cCI6MTcwMDAwMDI",
                "5MH0"
            ],
            signature: "8jbbvvdpeWqd7ysLaiLiaYnlPdVKBK0_behLbFBPN_4VZE4XQoLuoDF8Vy13ZNH7A6Z3eHOm3LAzeHhLmt8OCQ")
    ]
}
