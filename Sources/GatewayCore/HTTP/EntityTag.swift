// SPDX-License-Identifier: MIT

/// Which state of something a client has seen (RFC 9110 section 8.8.3).
public enum EntityTag {
    /// Whether the request's `If-Match` holds for what is there now; without one it does. A weak tag never matches
    /// (RFC 9110 section 13.1.1).
    ///
    /// - Parameter current: with its quotes.
    public static func isMatched(_ headers: HeaderFields, current: String) -> Bool {
        guard headers.first(.ifMatch) != nil else { return true }
        var isMatched = false
        headers.forEachListElement(.ifMatch) { element in
            isMatched = isMatched || element.elementsEqual(current.utf8) || element.elementsEqual("*".utf8)
        }
        return isMatched
    }
}
