// SPDX-License-Identifier: MIT

import CUV

/// Names to addresses, off the loop's thread.
public final class Resolver {
    private let loop: Loop

    public init(loop: Loop) {
        self.loop = loop
    }

    /// Calls back exactly once, on the loop, and for a literal address before it returns. IPv4 addresses come first
    /// where the system's own order says so (`getaddrinfo`, RFC 6724).
    public func resolve(
        _ host: String, port: Int, _ completion: @escaping (Result<SocketAddress, UVError>) -> Void
    ) {
        if let literal = SocketAddress(literal: host, port: port) { return completion(.success(literal)) }
        let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
        let pending = Pending(port: port, completion: completion)
        request.pointee.data = Unmanaged.passRetained(pending).toOpaque()
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        let code = uv_getaddrinfo(
            loop.uv, request,
            { request, status, result in
                guard let request, let data = request.pointee.data else { return }
                let pending = Unmanaged<Pending>.fromOpaque(data).takeRetainedValue()
                request.deallocate()
                defer { uv_freeaddrinfo(result) }
                guard status >= 0, let first = result?.pointee, let address = first.ai_addr,
                    let resolved = SocketAddress(address, length: Int(first.ai_addrlen), port: pending.port)
                else {
                    return pending.completion(.failure(UVError(code: status < 0 ? status : UV_EAI_NONAME.rawValue)))
                }
                pending.completion(.success(resolved))
            }, host, nil, &hints)
        if code < 0 {
            Unmanaged.passUnretained(pending).release()
            request.deallocate()
            completion(.failure(UVError(code: code)))
        }
    }

    private final class Pending {
        let port: Int
        let completion: (Result<SocketAddress, UVError>) -> Void

        init(port: Int, completion: @escaping (Result<SocketAddress, UVError>) -> Void) {
            self.port = port
            self.completion = completion
        }
    }
}
