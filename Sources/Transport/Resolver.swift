// SPDX-License-Identifier: MIT

import CUV

/// Names to addresses, off the loop's thread. A subclass may know better: tests say what a name stands for.
open class Resolver {
    private let loop: Loop

    public init(loop: Loop) {
        self.loop = loop
    }

    /// All addresses of a name, at least one, in the system's order (`getaddrinfo`, RFC 6724: IPv4 comes first where
    /// that says so). Calls back exactly once, on the loop.
    open func lookUp(_ name: String, port: Int, _ completion: @escaping (Result<[SocketAddress], UVError>) -> Void) {
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
                let addresses = status < 0 ? [] : Resolver.addresses(result, port: pending.port)
                if addresses.isEmpty {
                    pending.completion(.failure(UVError(code: status < 0 ? status : UV_EAI_NONAME.rawValue)))
                } else {
                    pending.completion(.success(addresses))
                }
            }, name, nil, &hints)
        if code < 0 {
            Unmanaged.passUnretained(pending).release()
            request.deallocate()
            completion(.failure(UVError(code: code)))
        }
    }

    /// The first address of a name, or a literal one: then it calls back before it returns.
    public final func resolve(
        _ host: String, port: Int, _ completion: @escaping (Result<SocketAddress, UVError>) -> Void
    ) {
        if let literal = SocketAddress(literal: host, port: port) { return completion(.success(literal)) }
        lookUp(host, port: port) { result in
            switch result {
            case .success(let addresses):
                completion(addresses.first.map { .success($0) } ?? .failure(UVError(code: UV_EAI_NONAME.rawValue)))
            case .failure(let error): completion(.failure(error))
            }
        }
    }

    private static func addresses(_ list: UnsafeMutablePointer<addrinfo>?, port: Int) -> [SocketAddress] {
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            if let address = entry.ai_addr,
                let resolved = SocketAddress(address, length: Int(entry.ai_addrlen), port: port)
            {
                addresses.append(resolved)
            }
            next = entry.ai_next
        }
        return addresses
    }

    private final class Pending {
        let port: Int
        let completion: (Result<[SocketAddress], UVError>) -> Void

        init(port: Int, completion: @escaping (Result<[SocketAddress], UVError>) -> Void) {
            self.port = port
            self.completion = completion
        }
    }
}
