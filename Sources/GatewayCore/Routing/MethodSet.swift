// SPDX-License-Identifier: MIT

/// The methods one path takes. OPTIONS is not among them: it is answered everywhere and Ollama's `Allow` leaves it out.
public struct MethodSet: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// GET and, as HTTP demands (RFC 9110 section 9.1), HEAD: there is no way to write a GET route without it.
    public static let get = MethodSet(rawValue: 1 | 2)
    /// HEAD alone: only `/api/blobs/:digest` has it without GET.
    public static let head = MethodSet(rawValue: 2)
    public static let post = MethodSet(rawValue: 4)
    public static let delete = MethodSet(rawValue: 8)
    /// What some route or other takes: the `Allow` of a CONNECT or TRACE to no known path.
    public static let any: MethodSet = [.get, .post, .delete]

    public func takes(_ method: Method) -> Bool {
        switch method {
        case .get: rawValue & 1 != 0
        case .head: rawValue & 2 != 0
        case .post: rawValue & 4 != 0
        case .delete: rawValue & 8 != 0
        case .put, .patch, .options, .connect, .trace, .unsupported: false
        }
    }

    /// The value of an `Allow` header, e.g. `GET, HEAD`.
    public var allow: String {
        Method.allCases.filter(takes).map(\.name).joined(separator: ", ")
    }
}
