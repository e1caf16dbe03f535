// SPDX-License-Identifier: MIT

/// `sha256:` or `sha256-` and 64 hexadecimal digits (oa section 9). It becomes part of a path that runners are asked
/// for, so nothing else may be in it.
enum BlobDigest {
    static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count == 71, text.hasPrefix("sha256:") || text.hasPrefix("sha256-") else { return false }
        return bytes.dropFirst(7).allSatisfy { ASCII.hexadecimal($0) != nil }
    }
}

/// The blobs that the body of a `create` names: the values of `files`, `adapters` and `draft_files`.
enum CreateBlobs {
    /// Bytes of a body. Templates, licences and a few file names fit many times over.
    private static let longestBody = 4 << 20
    /// A model in many pieces has a few hundred files.
    private static let maximumCount = 1024

    /// Each once, in order. What is no digest is left to the runner to refuse in its own words.
    ///
    /// - Throws: 400 or 413.
    static func digests(in body: [UInt8]) throws(GatewayError) -> [String] {
        guard body.count <= longestBody else {
            throw GatewayError(413, "The body of a create may have 4 MiB; upload files as blobs.")
        }
        var digests: [String] = []
        var seen: Set<String> = []
        for member in try members(of: body) where means(member.key, ["files", "adapters", "draft_files"]) {
            for digest in (member.value.members ?? []).compactMap(\.value.string)
            where BlobDigest.isValid(digest) && seen.insert(digest).inserted {
                digests.append(digest)
            }
        }
        guard digests.count <= maximumCount else {
            throw GatewayError(400, "A create may name \(maximumCount) blobs.")
        }
        return digests
    }

    /// Ollama up to 0.5.4 takes a whole Modelfile, whose FROM may be any model.
    ///
    /// - Throws: 400 where a body holds one: a caller who may use only some models can't send it.
    static func checkForHiddenNames(_ body: [UInt8]) throws(GatewayError) {
        for member in try members(of: body) where means(member.key, ["modelfile", "path"]) {
            throw GatewayError(
                400, "This key is for some models only, and modelfile or path could name others: send from and files.",
                refusal: .model)
        }
    }

    private static func members(of body: [UInt8]) throws(GatewayError) -> [JSON.Member] {
        do throws(JSONError) {
            return try JSON(parsing: body).members ?? []
        } catch {
            throw GatewayError(400, "the request body is not valid JSON: \(error.message) at byte \(error.position)")
        }
    }

    /// As Go matches a key to a field: letter case aside, and U+017F for an s.
    private static func means(_ key: String, _ fields: [String]) -> Bool {
        let plain = key.unicodeScalars.map { $0 == "\u{17F}" ? "s" : Character($0) }
        return fields.contains(ModelName.folded(String(plain)))
    }
}
