// SPDX-License-Identifier: MIT

import CUV

// libuv's "inheritance" is a common prefix of its structs. These are the only casts between them.

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

extension UnsafeMutablePointer where Pointee == uv_idle_t {
    var asHandle: UnsafeMutablePointer<uv_handle_t> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: uv_handle_t.self)
    }
}

extension UnsafeMutablePointer where Pointee == uv_poll_t {
    /// Its memory for a smaller handle, while it is none itself.
    var asIdle: UnsafeMutablePointer<uv_idle_t> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: uv_idle_t.self)
    }
    var asHandle: UnsafeMutablePointer<uv_handle_t> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: uv_handle_t.self)
    }
}

extension UnsafeMutablePointer where Pointee == sockaddr_storage {
    var asSocketAddress: UnsafeMutablePointer<sockaddr> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: sockaddr.self)
    }
}
