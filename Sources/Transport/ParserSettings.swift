// SPDX-License-Identifier: MIT

import CLLHTTP

/// llhttp's table of callbacks: one for all parsers of a loop. It must outlive them, so each holds it.
public final class ParserSettings {
    let pointer: UnsafeMutablePointer<llhttp_settings_t>

    public init() {
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: llhttp_settings_t())
        llhttp_settings_init(pointer)
        pointer.pointee.on_message_begin = {
            ParserSettings.with($0) {
                $0.messageBegan(); return 0
            }
        }
        pointer.pointee.on_url = { ParserSettings.with($0, $1, $2) { $0.target($1) } }
        pointer.pointee.on_version = { ParserSettings.with($0, $1, $2) { $0.version($1) } }
        pointer.pointee.on_header_field = { ParserSettings.with($0, $1, $2) { $0.fieldName($1) } }
        pointer.pointee.on_header_value = { ParserSettings.with($0, $1, $2) { $0.fieldValue($1) } }
        pointer.pointee.on_header_value_complete = { ParserSettings.with($0) { $0.fieldEnded() } }
        pointer.pointee.on_headers_complete = { ParserSettings.with($0) { $0.headersComplete() } }
        pointer.pointee.on_chunk_extension_name = { parser, _, count in
            ParserSettings.with(parser) { $0.chunkExtension(count) }
        }
        pointer.pointee.on_chunk_extension_value = { parser, _, count in
            ParserSettings.with(parser) { $0.chunkExtension(count) }
        }
        pointer.pointee.on_chunk_extension_name_complete = { ParserSettings.with($0) { $0.chunkExtensionEnded() } }
        pointer.pointee.on_chunk_extension_value_complete = { ParserSettings.with($0) { $0.chunkExtensionEnded() } }
        pointer.pointee.on_body = { parser, bytes, count in
            ParserSettings.with(parser, bytes, count) { parser, bytes in
                parser.sink?.bodyArrived(bytes)
                return 0
            }
        }
        pointer.pointee.on_message_complete = { ParserSettings.with($0) { $0.messageComplete() } }
    }

    deinit {
        pointer.deallocate()
    }

    /// Guaranteed: whoever calls `execute` holds the parser.
    @inline(__always)
    private static func with(_ parser: UnsafeMutablePointer<llhttp_t>?, _ body: (HTTPParser) -> Int32) -> Int32 {
        guard let data = parser?.pointee.data else { return -1 }
        return Unmanaged<HTTPParser>.fromOpaque(data)._withUnsafeGuaranteedRef { body($0) }
    }

    @inline(__always)
    private static func with(
        _ parser: UnsafeMutablePointer<llhttp_t>?, _ bytes: UnsafePointer<CChar>?, _ count: Int,
        _ body: (HTTPParser, UnsafeRawBufferPointer) -> Int32
    ) -> Int32 {
        with(parser) { body($0, UnsafeRawBufferPointer(start: bytes, count: count)) }
    }
}
