// SPDX-License-Identifier: MIT

import COpenSSL

/// What a session's BIO reads from and writes to; OpenSSL gets the pointer.
///
/// Not OpenSSL's own memory BIOs: those copy all bytes twice more and keep growing buffers of their own for each
/// connection. This one hands out the loop's read buffer and fills the loop's one buffer for what leaves.
struct TLSWindow {
    /// Ciphertext that came and that OpenSSL has not taken yet.
    var input = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Where ciphertext that is to leave is put together, for one write.
    let output: UnsafeMutableRawBufferPointer
    var outputCount = 0
}

/// What all TLS connections of a loop share: nothing in it outlives a callback.
final class TLSMemory {
    /// The most plaintext that becomes one write; a splice with its head fits, up to heads that nobody sends.
    static let pieceBytes = 128 * 1024
    /// A record has at most 2^14 bytes of plaintext (RFC 8446 section 5.1), and at most this much around them, and the
    /// read buffer begins with as much room: decrypted bytes never overtake those that still have to be decrypted,
    /// although OpenSSL may hold one record from the read before.
    static let recordRoom = 17 * 1024

    let method: OpaquePointer?
    /// A piece with its records' overhead (at most 256 bytes each), and a handshake's messages.
    let output = UnsafeMutableRawBufferPointer.allocate(byteCount: TLSMemory.pieceBytes + 8192, alignment: 64)
    let resumption: Resumption

    init(loop: Loop) {
        resumption = Resumption(loop: loop)
        method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "dmr")
        BIO_meth_set_read(method) { bio, target, count in
            guard let bio, let target, let window = TLSMemory.window(of: bio) else { return -1 }
            BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
            let taken = min(Int(count), window.pointee.input.count)
            guard taken > 0, let source = window.pointee.input.baseAddress else {
                BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
                return -1
            }
            UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: taken)
            window.pointee.input = UnsafeRawBufferPointer(rebasing: window.pointee.input[taken...])
            return Int32(truncatingIfNeeded: taken)
        }
        BIO_meth_set_write(method) { bio, source, count in
            guard let bio, let source, let window = TLSMemory.window(of: bio) else { return -1 }
            BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
            let output = window.pointee.output
            let used = window.pointee.outputCount
            let taken = min(Int(count), output.count - used)
            guard taken > 0, let target = output.baseAddress else {
                BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
                return -1
            }
            (target + used).copyMemory(from: source, byteCount: taken)
            window.pointee.outputCount = used + taken
            return Int32(truncatingIfNeeded: taken)
        }
        // Flushing is done by whoever called OpenSSL; of all else there is nothing.
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    }

    deinit {
        BIO_meth_free(method)
        output.deallocate()
    }

    private static func window(of bio: OpaquePointer) -> UnsafeMutablePointer<TLSWindow>? {
        BIO_get_data(bio)?.assumingMemoryBound(to: TLSWindow.self)
    }
}
