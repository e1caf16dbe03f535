// SPDX-License-Identifier: MIT

import CUV
public import GatewayCore
import Glibc

/// An IPv4 or IPv6 address with a port.
public struct SocketAddress: Sendable, CustomStringConvertible {
    private var storage = sockaddr_storage()

    /// A literal address; nil for a name.
    public init?(literal host: String, port: Int) {
        let isSet = withUnsafeMutablePointer(to: &storage) { storage in
            let raw = UnsafeMutableRawPointer(storage)
            return uv_ip4_addr(host, Int32(port), raw.assumingMemoryBound(to: sockaddr_in.self)) == 0
                || uv_ip6_addr(host, Int32(port), raw.assumingMemoryBound(to: sockaddr_in6.self)) == 0
        }
        if !isSet { return nil }
    }

    /// Filled by `getpeername` or `getsockname`.
    init?(_ fill: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) {
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) { fill($0.asSocketAddress, &length) }
        if code < 0 { return nil }
    }

    /// One result of a look-up, with our port.
    init?(_ source: UnsafePointer<sockaddr>, length: Int, port: Int) {
        guard length <= MemoryLayout<sockaddr_storage>.size else { return nil }
        withUnsafeMutablePointer(to: &storage) { storage in
            let raw = UnsafeMutableRawPointer(storage)
            raw.copyMemory(from: source, byteCount: length)
            let networkPort = UInt16(truncatingIfNeeded: port).bigEndian
            if source.pointee.sa_family == sa_family_t(AF_INET6) {
                raw.assumingMemoryBound(to: sockaddr_in6.self).pointee.sin6_port = networkPort
            } else {
                raw.assumingMemoryBound(to: sockaddr_in.self).pointee.sin_port = networkPort
            }
        }
    }

    /// Those of this machine's network interfaces, without a port.
    public static var ofInterfaces: [SocketAddress] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var addresses: [SocketAddress] = []
        var next = first
        while let interface = next?.pointee {
            if let address = SocketAddress(interface.ifa_addr) { addresses.append(address) }
            next = interface.ifa_next
        }
        return addresses
    }

    /// nil: it is neither IPv4 nor IPv6.
    private init?(_ source: UnsafePointer<sockaddr>?) {
        guard let source else { return nil }
        switch Int32(source.pointee.sa_family) {
        case AF_INET: self.init(source, length: MemoryLayout<sockaddr_in>.size, port: 0)
        case AF_INET6: self.init(source, length: MemoryLayout<sockaddr_in6>.size, port: 0)
        default: return nil
        }
    }

    func withPointer<Result, Failure>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var copy = storage
        let isLong = storage.ss_family == sa_family_t(AF_INET6)
        let length = isLong ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
        return try withUnsafeMutablePointer(to: &copy) { storage throws(Failure) in
            try body(UnsafePointer(storage.asSocketAddress), socklen_t(length))
        }
    }

    var family: Int32 { Int32(storage.ss_family) }

    /// Begins to connect the socket, which goes on by itself: 0 or the error, negative.
    func connect(_ socket: Int32) -> Int32 {
        withPointer { address, length in
            Glibc.connect(socket, address, length) == 0 || errno == EINPROGRESS || errno == EINTR ? 0 : -errno
        }
    }

    public var port: Int {
        withPointer { address, _ in
            let raw = UnsafeRawPointer(address)
            let port =
                address.pointee.sa_family == sa_family_t(AF_INET6)
                ? raw.assumingMemoryBound(to: sockaddr_in6.self).pointee.sin6_port
                : raw.assumingMemoryBound(to: sockaddr_in.self).pointee.sin_port
            return Int(UInt16(bigEndian: port))
        }
    }

    /// For comparing; `host` is for reading.
    public var ipAddress: IPAddress {
        withPointer { address, _ in
            let raw = UnsafeRawPointer(address)
            guard address.pointee.sa_family == sa_family_t(AF_INET6) else {
                let value = raw.assumingMemoryBound(to: sockaddr_in.self).pointee.sin_addr.s_addr
                return IPAddress(high: 0, low: 0xFFFF_0000_0000 | UInt64(UInt32(bigEndian: value)))
            }
            let halves = withUnsafeBytes(of: raw.assumingMemoryBound(to: sockaddr_in6.self).pointee.sin6_addr) {
                bytes in
                (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
            return IPAddress(high: UInt64(bigEndian: halves.0), low: UInt64(bigEndian: halves.1))
        }
    }

    /// The address without its port, e.g. `127.0.0.1` or `::1`.
    public var host: String {
        withPointer { address, _ in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
                guard let base = text.baseAddress else { return "" }
                base.pointee = 0
                let raw = UnsafeRawPointer(address)
                if address.pointee.sa_family == sa_family_t(AF_INET6) {
                    uv_ip6_name(raw.assumingMemoryBound(to: sockaddr_in6.self), base, 64)
                } else {
                    uv_ip4_name(raw.assumingMemoryBound(to: sockaddr_in.self), base, 64)
                }
                return String(cString: base)
            }
        }
    }

    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
