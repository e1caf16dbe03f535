// SPDX-License-Identifier: MIT

/// How a body that names the model is to be read.
public enum BodyFormat: Equatable, Sendable {
    case json
    /// JSON compressed with zstd.
    case zstd
    case form(MultipartBoundary)

    /// - Throws: 400 where a form is needed and the request has none.
    init(_ route: Route, _ headers: HeaderFields, _ checked: CheckedRequest) throws(GatewayError) {
        if route.takesForm {
            self = .form(try MultipartBoundary(headers))
        } else {
            self = checked.isZstd ? .zstd : .json
        }
    }

    /// Bytes of a form that are held before it is passed on while it arrives: one that ends within them is treated like
    /// JSON, and may move until its answer begins. Longer than all fields in front of an audio file, and than most
    /// short recordings. Until the model is known, more is held, up to `limits.json_body_bytes`.
    public static let lookAheadBytes = 1 << 20

    /// Bytes that a compressed body may come to, as in Ollama.
    public static let decompressedBytes = 20 << 20
}

extension Route {
    /// Its body is a form, with the model in a field.
    public var takesForm: Bool { operation == .transcriptions }

    /// Ollama takes compressed bodies on these routes only (oa section 2). Asked of every request.
    var takesZstd: Bool {
        operation == .chatCompletions || operation == .completions || operation == .openAIEmbeddings
            || operation == .responses || operation == .messages
    }
}

extension GatewayError {
    /// Ollama's words, and its shape: it decompresses before the route's family is known to it.
    public static let undecodableBody: GatewayError = {
        var error = GatewayError(400, "failed to decompress request body")
        error.isNative = true
        return error
    }()

    public static func decompressedTooLarge(limit: Int) -> GatewayError {
        GatewayError(413, "The request body is larger than \(limit) bytes when decompressed.", closesConnection: true)
    }
}
