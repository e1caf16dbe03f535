// SPDX-License-Identifier: MIT

/// The prefix our Open WebUI-style routes are served under.
enum PathPrefix {
    static let rule =
        "must be a path such as /docker-model-runner: letters, digits and -._~ between slashes, and none of the root's "
        + "own (/api, /v1, /key, /healthz, /readyz, /metrics)"

    /// Paths at the root begin with these; a prefix among them would hide them or be hidden.
    private static let taken: Set<Substring> = ["api", "v1", "key", "healthz", "readyz", "metrics"]

    /// Without slashes at its end; nil if no prefix can be made of it.
    static func checked(_ text: String) -> String? {
        guard text.first == "/" else { return nil }
        let segments = text.split(separator: "/")
        guard let first = segments.first, !taken.contains(first) else { return nil }
        let areSegments = segments.allSatisfy { segment in
            segment != "." && segment != ".."
                && segment.utf8.allSatisfy {
                    ASCII.isLetter($0) || ASCII.isDigit($0) || "-._~".utf8.contains($0)
                }
        }
        guard areSegments, text.utf8.count <= 256 else { return nil }
        return segments.map { "/\($0)" }.joined()
    }
}
