// SPDX-License-Identifier: MIT

import CUV
public import GatewayCore

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

    /// Filled by one of libuv's `getname` calls.
    init?(_ fill: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<Int32>) -> Int32) {
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
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

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
        var copy = storage
        return withUnsafeMutablePointer(to: &copy) { body(UnsafePointer($0.asSocketAddress)) }
    }

    public var port: Int {
        withPointer { address in
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
        withPointer { address in
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
        withPointer { address in
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
