// SPDX-License-Identifier: MIT

/// A runner's error under the prefix, where clients are Open WebUI's and read `detail` (ow section 6): no runner writes
/// that, so its words get a second name. What else it says (`signin_url`) stays.
public enum RunnerError {
    /// Of a body that is held for it. Ollama's errors are a few hundred bytes.
    public static let maximumBytes = 65_536

    /// - Parameters:
    ///   - body: as it came; one that is longer than `maximumBytes`, or was cut, has no words.
    ///   - words: ours, for an answer that has none.
    public static func response(
        _ status: Int, _ body: [UInt8], orElse words: String, family: ErrorFamily, requestID: String = "",
        retryAfter: Interval? = nil
    ) -> OwnResponse {
        var response = OwnResponse(status, contentType: OwnResponse.json, body: body)
        if let members = own(body) {
            response.body = members.contains { $0.key == "detail" } ? body : JSON.object(detailed(members)).bytes
        } else {
            let error = GatewayError(status, words, origin: .runner)
            response.body = OwnResponse(error: error, family: family, surface: .prefix, requestID: requestID).body
        }
        if let retryAfter {
            response.fields.append(.init("Retry-After", String(retryAfter.nanoseconds / 1_000_000_000)))
        }
        return response
    }

    /// The members of what is an error in Ollama's own shapes.
    private static func own(_ body: [UInt8]) -> [JSON.Member]? {
        guard body.count <= maximumBytes, let json = try? JSON(parsing: body), sentence(of: json) != nil else {
            return nil
        }
        return json.members
    }

    private static func detailed(_ members: [JSON.Member]) -> [JSON.Member] {
        members + [.init("detail", .string(sentence(of: .object(members)) ?? ""))]
    }

    /// Native errors are a text, those of `/v1` an object with a `message`.
    private static func sentence(of json: JSON) -> String? {
        json["error"]?.string ?? json["error"]?["message"]?.string
    }
}
