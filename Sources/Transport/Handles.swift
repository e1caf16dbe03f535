// SPDX-License-Identifier: MIT

import CUV

// libuv's "inheritance" is a common prefix of its structs. These are the only casts between them.

extension UnsafeMutablePointer where Pointee == uv_stream_t {
    var asHandle: UnsafeMutablePointer<uv_handle_t> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: uv_handle_t.self)
    }
    var asTCP: UnsafeMutablePointer<uv_tcp_t> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: uv_tcp_t.self)
    }
    var asPipe: UnsafeMutablePointer<uv_pipe_t> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: uv_pipe_t.self)
    }

    /// Memory for a TCP or a pipe handle, zeroed. libuv keeps the address until the close callback, so it is allocated
    /// and never a stored property.
    static func allocateStream() -> UnsafeMutablePointer<uv_stream_t> {
        let size = max(MemoryLayout<uv_tcp_t>.size, MemoryLayout<uv_pipe_t>.size)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        return memory.assumingMemoryBound(to: uv_stream_t.self)
    }
}

extension UnsafeMutablePointer where Pointee == uv_timer_t {
    var asHandle: UnsafeMutablePointer<uv_handle_t> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: uv_handle_t.self)
    }
}

extension UnsafeMutablePointer where Pointee == uv_signal_t {
    var asHandle: UnsafeMutablePointer<uv_handle_t> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: uv_handle_t.self)
    }
}

extension UnsafeMutablePointer where Pointee == uv_fs_event_t {
    var asHandle: UnsafeMutablePointer<uv_handle_t> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: uv_handle_t.self)
    }
}

extension UnsafeMutablePointer where Pointee == uv_prepare_t {
    var asHandle: UnsafeMutablePointer<uv_handle_t> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: uv_handle_t.self)
    }
}

extension UnsafeMutablePointer where Pointee == uv_poll_t {
    var asHandle: UnsafeMutablePointer<uv_handle_t> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: uv_handle_t.self)
    }
}

extension UnsafeMutablePointer where Pointee == sockaddr_storage {
    var asSocketAddress: UnsafeMutablePointer<sockaddr> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: sockaddr.self)
    }
}
