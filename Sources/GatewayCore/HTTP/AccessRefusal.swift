// SPDX-License-Identifier: MIT

/// Which rule kept somebody from something. Only the audit log says it: the client's answer may tell less, as that to a
/// forbidden model does, which is the answer to one that isn't there.
public enum AccessRefusal: String, CaseIterable, Sendable {
    /// None came, and one is needed.
    case noKey = "no-key"
    /// It was made by some gateway, at some time, and is none of ours, or not any more.
    case unknownKey = "unknown-key"
    /// Nobody was ever given such a key.
    case mistypedKey = "mistyped-key"
    case twoKeys = "two-keys"
    /// A key stands in the path that may not stand there, or on a route that takes none there.
    case keyInPath = "key-in-path"
    case scope = "scope"
    case rate = "rate"
    /// The model isn't one of those that the key, or its user, may use.
    case model = "model"
    /// The key acts for users, and the request names none.
    case noUser = "no-user"
    case userTwice = "user-twice"
    case userToken = "user-token"
    /// No rule is about the user.
    case userRule = "user-rule"
    case origin = "origin"
    case host = "host"
    /// The client's certificate was not accepted, so there was no request.
    case certificate = "certificate"
}
