// SPDX-License-Identifier: MIT

import CUV

/// A negative return value of libuv.
public struct UVError: Error, Equatable, Sendable, CustomStringConvertible {
    public let code: Int32

    public init(code: Int32) {
        self.code = code
    }

    /// libuv's own words, e.g. `connection refused`.
    public var description: String { String(cString: uv_strerror(code)) }
    /// E.g. `ECONNREFUSED`.
    public var name: String { String(cString: uv_err_name(code)) }

    public var isAddressInUse: Bool { code == UV_EADDRINUSE.rawValue }
    /// The process or the system has no file descriptor left.
    public var isOutOfDescriptors: Bool { code == UV_EMFILE.rawValue || code == UV_ENFILE.rawValue }
    public var isReset: Bool { code == UV_ECONNRESET.rawValue || code == UV_EPIPE.rawValue }

    /// - Throws: `UVError` for a negative code.
    static func check(_ code: Int32) throws(UVError) {
        if code < 0 { throw UVError(code: code) }
    }
}
