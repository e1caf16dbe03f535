// SPDX-License-Identifier: MIT

/// What Open WebUI asks before it saves a connection: is there an Ollama at this URL? The gateway fetches a URL for
/// somebody, so it must not become a way to look around in its network: what comes back is a version and nothing else.
public struct RunnerVerification: Sendable {
    /// Whom to ask, with the secrets to do it.
    public let runner: RunnerConfiguration

    /// All of it, looking up the name included.
    public static let timeLimit = Interval.seconds(10)
    /// Of the answer; a version takes some twenty.
    public static let answerBytes = 16_384
    public static let path = "/api/version"

    /// - Parameters:
    ///   - body: `{"url", "key"}`; more is sent and ignored. A mask stands for the stored key of that origin, and so does
    ///     no key at all; an empty one is none.
    ///   - runners: the configured ones, whose secrets, headers and certificates count for their own origins only.
    /// - Throws: 422 and 400.
    public init(
        _ body: JSON, runners: [RunnerConfiguration], mask: @escaping ([UInt8]) -> String
    ) throws(GatewayError) {
        guard let text = body["url"]?.string else { throw .wrongPart("url", "a URL", body["url"]) }
        let url: RunnerURL
        do throws(AddressError) {
            url = try RunnerURL(parsing: text)
        } catch {
            throw GatewayError(400, "url: \(error.sentence)")
        }
        guard url.place == .host else {
            throw GatewayError(400, "url: only http:// and https:// can be verified.")
        }
        let stored = runners.first { $0.url == url } ?? runners.first { $0.url.origin == url.origin }
        var runner = RunnerConfiguration(url: url)
        if let stored {
            runner.headers = stored.headers
            runner.verifiesTLS = stored.verifiesTLS
            runner.tlsCA = stored.tlsCA
        }
        switch body["key"] {
        case nil, .null?: runner.key = stored?.key
        case .string(let text)?:
            let key = try StoredSecrets(runners: runners, mask: mask).key(text, of: url)
            runner.key = Secret(headerText: key)
            guard key.isEmpty || runner.key != nil else {
                throw GatewayError(400, "key: holds characters that no header can carry; only visible ASCII can.")
            }
        case let other?: throw .wrongPart("key", "a string or null", other)
        }
        if runner.key != nil { runner.headers.removeAll { $0.name.lowercased() == "authorization" } }
        self.runner = runner
    }

    /// - Throws: 400 for an address where no runner can be, or where clouds hand out credentials.
    public static func check(_ address: IPAddress) throws(GatewayError) {
        guard !forbidden.contains(where: { $0.contains(address) || $0.contains(address.embedded4) }) else {
            throw GatewayError(
                400, "The URL leads to an address that is not verified: link-local, multicast, or a cloud's metadata.")
        }
    }

    /// Link-local: RFC 3927 and RFC 4291; the metadata services of clouds that aren't there; multicast and broadcast.
    private static let forbidden = [
        "169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "fd20:ce::254/128", "100.100.100.200/32", "168.63.129.16/32",
        "192.0.0.192/32", "224.0.0.0/4", "ff00::/8", "255.255.255.255/32"
    ].compactMap { AddressRange($0) }

    /// What the answer says, as it is passed on: `{"version"}`.
    ///
    /// - Throws: 502 for anything but the version of an Ollama.
    public func answer(status: Int, body: [UInt8]) throws(GatewayError) -> JSON {
        switch status {
        case 200: break
        case 300..<400: throw failure("answers with a redirect, which is not followed: write the URL it leads to")
        case 401, 403: throw failure("wants a key, or another one (status \(status))")
        case 508: throw failure("is this gateway itself, or leads to it")
        default: throw failure("answers \(RunnerVerification.path) with status \(status)")
        }
        guard let version = (try? JSON(parsing: body))?["version"]?.string, RunnerVerification.isVersion(version)
        else { throw failure("answers, but not as an Ollama does") }
        return .object([.init("version", .string(version))])
    }

    /// - Parameter what: happened, in a few words that follow on the runner's name.
    public func failure(_ what: String, status: Int = 502) -> GatewayError {
        GatewayError(status, "\(runner.url.label) \(what).", origin: .runner)
    }

    private static func isVersion(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || ".-+_".utf8.contains($0) }
    }
}

extension IPAddress {
    /// The IPv4 address that a translator takes out of this one (RFC 6052's well-known prefix, 6to4), else itself.
    fileprivate var embedded4: IPAddress {
        if high == 0x0064_FF9B_0000_0000, low >> 32 == 0 { return IPAddress(high: 0, low: 0xFFFF_0000_0000 | low) }
        if high >> 48 == 0x2002 {
            return IPAddress(high: 0, low: 0xFFFF_0000_0000 | (high >> 16 & 0xFFFF_FFFF))
        }
        return self
    }
}
